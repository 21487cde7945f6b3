// SPDX-License-Identifier: Apache-2.0
import CValuation

/// Answers a JSON request with JSON: reads it, values it, prints the values.
enum ScoreAnswer {
    /// - Complexity: O(text) + the cost of scoring + O(answer).
    static func write(_ text: Text, scorer: UnsafeMutablePointer<Scorer>) throws(Failure) -> Text {
        try Scorer.withSnapshot(scorer) { snapshot throws(Failure) in
            try scorer.pointee.requests.read(
                text, index: snapshot.pointee.index, policyFields: PolicyFields(snapshot), keepingSources: false)
            try ScoreAnswer.score(scorer, snapshot)
            return try ScoreAnswer.print(scorer, snapshot) { _, _ throws(Failure) in }
        }
    }

    /// Values the request last read into `values`, and its order into `rankedIndices` if only the best are requested.
    static func score(_ scorer: UnsafeMutablePointer<Scorer>, _ snapshot: UnsafeMutablePointer<Snapshot>)
        throws(Failure)
    {
        let count = scorer.pointee.requests.candidates.count
        let wanted = min(scorer.pointee.requests.top ?? count, count)
        scorer.pointee.propensities.removeAll()
        scorer.pointee.chosen = nil
        scorer.pointee.scratch.pointee.coverage = Coverage()
        try scorer.pointee.values.resize(wanted, filling: valuation_value())
        guard wanted > 0, let first = scorer.pointee.requests.candidates.base,
            let values = scorer.pointee.values.base
        else { return }
        let request = scorer.pointee.requests.plainRequest()
        let candidates = Candidates(first, count: count)
        if let policy = snapshot.pointee.policy, policy.pointee.hasPropensities {
            return try explore(scorer, request, candidates, wanted, snapshot)
        }
        if scorer.pointee.requests.top == nil {
            Scorer.scoreAll(scorer, request, candidates, into: values, snapshot)
        } else {
            try scorer.pointee.rankedIndices.resize(wanted, filling: 0)
            guard let indices = scorer.pointee.rankedIndices.base else { return }
            var ranking = Ranking(indices: indices, values: values, capacity: wanted)
            Scorer.rankAll(scorer, request, candidates, into: &ranking, snapshot)
        }
    }

    /// The same if a policy leaves something to chance: with the propensities of all candidates, and one chosen
    /// candidate.
    private static func explore(
        _ scorer: UnsafeMutablePointer<Scorer>, _ request: Request, _ candidates: Candidates, _ wanted: Int,
        _ snapshot: UnsafeMutablePointer<Snapshot>
    ) throws(Failure) {
        let count = candidates.count
        try scorer.pointee.exploredValues.resize(count, filling: valuation_value())
        try scorer.pointee.propensities.resize(count, filling: 0)
        try scorer.pointee.rankedIndices.resize(wanted, filling: 0)
        guard let explored = scorer.pointee.exploredValues.base, let propensities = scorer.pointee.propensities.base,
            let values = scorer.pointee.values.base, let indices = scorer.pointee.rankedIndices.base
        else { return }
        scorer.pointee.chosen = try Scorer.explore(
            scorer, request, candidates, into: explored, propensities, snapshot)
        if scorer.pointee.requests.top == nil {
            for place in 0..<count { values[place] = explored[place] }
            return
        }
        var ranking = Ranking(indices: indices, values: values, capacity: wanted)
        for place in 0..<count { ranking.add(explored[place], index: place) }
        ranking.finish()
    }

    /// Prints the values in `values`.
    ///
    /// - Parameter more: writes further members of a value; receives the candidate's position and its value.
    @inline(always)
    static func print(
        _ scorer: UnsafeMutablePointer<Scorer>, _ snapshot: UnsafeMutablePointer<Snapshot>,
        more: (Int, valuation_value) throws(Failure) -> Void
    ) throws(Failure) -> Text {
        scorer.pointee.output.removeAll()
        try scorer.pointee.output.beginObject()
        let id = scorer.pointee.requests.id
        if id.count > 0 { try scorer.pointee.output.member("id", json: id) }
        try ServingAnswer.write(snapshot, to: &scorer.pointee.output)
        try scorer.pointee.output.member("values", begin: "[")
        let isRanked = scorer.pointee.requests.top != nil
        var sources = SourcePrinter()
        for place in 0..<scorer.pointee.values.count {
            let position = isRanked ? scorer.pointee.rankedIndices[place] : place
            if place > 0 { try scorer.pointee.output.append(UInt8(ascii: ",")) }
            let value = try print(scorer.pointee.values[place], at: position, scorer, snapshot, &sources)
            try more(position, value)
            try scorer.pointee.output.append(UInt8(ascii: "}"))
        }
        try scorer.pointee.output.append("]")
        if scorer.pointee.propensities.count > 0 { try printChosen(scorer, snapshot, &sources) }
        try ServingAnswer.write(Scorer.coverage(scorer), to: &scorer.pointee.output)
        let invalid = scorer.pointee.requests.invalidCount
        if invalid > 0 { try scorer.pointee.output.append(",\"invalid_candidates\":", integer: invalid) }
        try scorer.pointee.output.append("}")
        return try scorer.pointee.output.terminated()
    }

    /// Prints the value of the candidate at a position, without the end of the object. - Returns: the value, with all
    /// its flags.
    @inline(__always)
    private static func print(
        _ bare: valuation_value, at position: Int, _ scorer: UnsafeMutablePointer<Scorer>,
        _ snapshot: UnsafeMutablePointer<Snapshot>, _ sources: inout SourcePrinter
    ) throws(Failure) -> valuation_value {
        let echo = scorer.pointee.requests.echoes[position]
        var value = bare
        value.flags |= echo.flags.rawValue | scorer.pointee.requests.request.flags.rawValue
        try print(value, echo, readableTo: scorer.pointee.requests.textEnd, &scorer.pointee.output)
        try sources.write(value, snapshot, to: &scorer.pointee.output)
        if scorer.pointee.propensities.count > 0 {
            try scorer.pointee.output.append(",\"propensity\":")
            try scorer.pointee.output.append(number: scorer.pointee.propensities[position])
        }
        return value
    }

    /// Prints the value of the chosen candidate, and its position, because `top` may leave it out of `values`.
    @inline(never)
    private static func printChosen(
        _ scorer: UnsafeMutablePointer<Scorer>, _ snapshot: UnsafeMutablePointer<Snapshot>,
        _ sources: inout SourcePrinter
    ) throws(Failure) {
        try scorer.pointee.output.append(",\"chosen\":")
        guard let chosen = scorer.pointee.chosen else { return try scorer.pointee.output.append("null") }
        _ = try print(scorer.pointee.exploredValues[chosen], at: chosen, scorer, snapshot, &sources)
        try scorer.pointee.output.append(",\"candidate\":", integer: chosen)
        try scorer.pointee.output.append(UInt8(ascii: "}"))
    }

    /// The largest size of a value without the repeated members of its candidate: less than this, with all flags and
    /// the longest problem.
    static let longestValue = 1024

    @inline(always)
    private static func print(
        _ value: valuation_value, _ echo: RequestReader.Echo, readableTo end: UnsafePointer<UInt8>,
        _ output: inout Buffer<UInt8>
    ) throws(Failure) {
        // One reservation for all its pieces.
        let room = ScoreAnswer.longestValue &+ RoomWriter.slack &+ echo.ad.count &+ echo.campaign.count
        try output.reserve(output.count &+ room)
        let start = output.spare
        var writer = RoomWriter(start)
        writer.put("{\"ad\":")
        if echo.ad.count > 0 { writer.put(echo.ad, readableTo: end) } else { writer.put("null") }
        writer.put(",\"campaign\":")
        if echo.campaign.count > 0 { writer.put(echo.campaign, readableTo: end) } else { writer.put("null") }
        writer.put(",\"expected_revenue\":")
        writer.put(number: value.expected_revenue)
        writer.put(",\"pctr\":")
        writer.put(float: value.pctr)
        writer.put(",\"pcvr\":")
        writer.put(float: value.pcvr)
        writer.put(",\"flags\":[")
        if value.flags != 0 { put(flags: value.flags, &writer) }
        writer.put("]")
        if let problem = echo.problem {
            writer.put(",\"problem\":\"")
            writer.put(problem.text)
            writer.put("\"")
        }
        output.appendWritten(writer.place - start)
    }

    /// The names of the flags in quotes, with commas between them.
    private static func put(flags: valuation_flags, _ writer: inout RoomWriter) {
        var rest = flags
        var isFirst = true
        while rest != 0 {
            let bit = rest.trailingZeroBitCount
            rest &= rest &- 1
            guard let name = Flags.name(ofBit: bit) else { continue }
            if !isFirst { writer.put(UInt8(ascii: ",")) }
            isFirst = false
            writer.put(UInt8(ascii: "\""))
            writer.put(name)
            writer.put(UInt8(ascii: "\""))
        }
    }
}
