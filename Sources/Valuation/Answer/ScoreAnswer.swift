// SPDX-License-Identifier: Apache-2.0
import CValuation

/// Answers a JSON request with JSON: reads it, values it, prints the values.
enum ScoreAnswer {
    /// - Complexity: O(text) + the cost of scoring + O(answer).
    static func write(_ text: Text, scorer: UnsafeMutablePointer<Scorer>) throws(Failure) -> Text {
        try Scorer.withSnapshot(scorer) { snapshot throws(Failure) in
            try scorer.pointee.requests.read(text, index: snapshot.pointee.index)
            try ScoreAnswer.score(scorer, snapshot)
            return try ScoreAnswer.print(scorer) { _, _ throws(Failure) in }
        }
    }

    /// Values the request last read into `values`, and its order into `rankedIndices` where only the best are wanted.
    static func score(_ scorer: UnsafeMutablePointer<Scorer>, _ snapshot: UnsafeMutablePointer<Snapshot>)
        throws(Failure)
    {
        let count = scorer.pointee.requests.candidates.count
        let wanted = min(scorer.pointee.requests.top ?? count, count)
        try scorer.pointee.values.resize(wanted, filling: valuation_value())
        guard wanted > 0, let candidates = scorer.pointee.requests.candidates.base,
            let values = scorer.pointee.values.base
        else { return }
        let features = scorer.pointee.requests.request.features.elements
        let request = Request(
            features: features.baseAddress.map { UnsafePointer($0) }, featureCount: features.count,
            timeBudget: scorer.pointee.requests.timeBudget)
        if scorer.pointee.requests.top == nil {
            withUnsafePointer(to: snapshot.pointee.index) { index in
                Scoring.score(
                    request, candidates, count: count, into: values, index: index, scratch: scorer.pointee.scratch)
            }
        } else {
            try scorer.pointee.rankedIndices.resize(wanted, filling: 0)
            guard let indices = scorer.pointee.rankedIndices.base else { return }
            var ranking = Ranking(indices: indices, values: values, capacity: wanted)
            withUnsafePointer(to: snapshot.pointee.index) { index in
                Scoring.rank(
                    request, candidates, count: count, into: &ranking, index: index, scratch: scorer.pointee.scratch)
            }
        }
    }

    /// Prints the values that stand in `values`.
    ///
    /// - Parameter more: writes further members of a value; is given the candidate's position and its value.
    static func print(
        _ scorer: UnsafeMutablePointer<Scorer>, more: (Int, valuation_value) throws(Failure) -> Void
    ) throws(Failure) -> Text {
        scorer.pointee.output.removeAll()
        try scorer.pointee.output.append("{")
        let id = scorer.pointee.requests.id
        if id.count > 0 {
            try scorer.pointee.output.append("\"id\":")
            try scorer.pointee.output.append(id)
            try scorer.pointee.output.append(",")
        }
        try scorer.pointee.output.append("\"values\":[")
        for place in 0..<scorer.pointee.values.count {
            let position = scorer.pointee.requests.top == nil ? place : scorer.pointee.rankedIndices[place]
            let echo = scorer.pointee.requests.echoes[position]
            var value = scorer.pointee.values[place]
            value.flags |= echo.flags.rawValue | scorer.pointee.requests.request.flags.rawValue
            if place > 0 { try scorer.pointee.output.append(",") }
            try ScoreAnswer.print(value, echo, &scorer.pointee.output)
            try more(position, value)
            try scorer.pointee.output.append("}")
        }
        try scorer.pointee.output.append("]}")
        return try scorer.pointee.output.terminated()
    }

    private static func print(
        _ value: valuation_value, _ echo: RequestReader.Echo, _ output: inout Buffer<UInt8>
    ) throws(Failure) {
        try output.append("{\"ad\":")
        try output.append(echo.ad.count > 0 ? echo.ad : Text("null"))
        try output.append(",\"campaign\":")
        try output.append(echo.campaign.count > 0 ? echo.campaign : Text("null"))
        try output.append(",\"expected_revenue\":")
        try output.append(number: value.expected_revenue)
        try output.append(",\"pctr\":")
        try output.append(float: value.pctr)
        try output.append(",\"pcvr\":")
        try output.append(float: value.pcvr)
        try output.append(",\"flags\":[")
        var isFirst = true
        for bit in 0..<32 where value.flags & (1 &<< UInt32(bit)) != 0 {
            guard let name = Flags.name(ofBit: bit) else { continue }
            if !isFirst { try output.append(",") }
            isFirst = false
            try output.append("\"")
            try output.append(name)
            try output.append("\"")
        }
        try output.append("]")
        if echo.problem.utf8CodeUnitCount > 0 {
            try output.append(",\"problem\":\"")
            try output.append(echo.problem)
            try output.append("\"")
        }
    }
}
