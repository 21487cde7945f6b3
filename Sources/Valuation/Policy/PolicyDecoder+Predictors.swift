// SPDX-License-Identifier: Apache-2.0
import CKernels

/// `predictors` and `campaigns`: the sources of values, and their adjustments.
extension PolicyDecoder {
    mutating func decodePredictors(_ root: JSONValue, _ problems: inout Problems) throws(Failure) {
        try document.releases.append(
            PolicyDocument.Named(id: try document.keep(Text(ReleaseFolder.latest)), predictor: 0, member: 0))
        guard
            let predictors = try problems.enter(
                root, "predictors", .object, isRequired: true,
                "The object \"predictors\" of names and predictors is missing.")
        else { return }
        defer { problems.path.pop() }
        for (predictorName, value) in predictors.members {
            try problems.path.push(predictorName)
            defer { problems.path.pop() }
            if document.predictors.count == PolicyDocument.maximumPredictors {
                return try problems.report(.limitExceeded, "More than 1,000 predictors.")
            }
            if !PolicyDecoder.isName(predictorName) {
                try problems.report(
                    .invalidValue, "A predictor's name has 1 to 255 bytes, none of them a control character.")
                continue
            }
            var predictor = PolicyDocument.Predictor(name: try document.keep(predictorName), kind: .release)
            if value.isObject {
                try decode(value, &predictor, &problems)
            } else {
                try problems.report(.invalidValue, "A predictor is an object, for example {\"release\": \"LATEST\"}.")
            }
            try document.append(predictor)
        }
    }

    private mutating func decode(
        _ value: JSONValue, _ predictor: inout PolicyDocument.Predictor, _ problems: inout Problems
    ) throws(Failure) {
        let before = problems.count
        try checkMembers(value, "release ensemble mean constant naive retired exploration", &problems)
        var kinds = 0
        if let release = value.member("release") {
            kinds += 1
            try problems.path.push(Text("release"))
            predictor.members = try members(of: release, isList: false, &problems)
            problems.path.pop()
        }
        if let ensemble = value.member("ensemble") {
            kinds += 1
            predictor.kind = .ensemble
            try problems.path.push(Text("ensemble"))
            predictor.members = try members(of: ensemble, isList: true, &problems)
            problems.path.pop()
            try decodeMean(value, &predictor, &problems)
        }
        if value.member("constant") != nil {
            kinds += 1
            predictor.kind = .constant
            try decodeConstant(value, &predictor, &problems)
        }
        if value.member("naive") != nil {
            kinds += 1
            predictor.kind = .naive
            try decodeNaive(value, &predictor, &problems)
        }
        if value.member("retired") != nil {
            kinds += 1
            predictor.kind = .retired
            predictor.reason = try optionalName(value, "retired", &problems)
        }
        if kinds != 1 && problems.count == before {
            try problems.report(
                .invalidValue, "A predictor has exactly one of release, ensemble, constant, naive and retired.")
        }
        if predictor.kind != .ensemble && problems.count == before && value.member("mean") != nil {
            try problems.report(.invalidValue, at: "mean", "Only an ensemble has a mean; take it out.")
        }
        guard let exploration = try problems.number(value, "exploration", to: 100) else { return }
        predictor.exploration = exploration
        if predictor.kind != .release && predictor.kind != .naive {
            try problems.report(
                .invalidValue, at: "exploration", "Only a release and naive have uncertainty to explore.")
        }
    }

    /// The releases at the decoder's current path: one id, or a list of at least two.
    private mutating func members(
        of value: JSONValue, isList: Bool, _ problems: inout Problems
    ) throws(Failure) -> PolicyDocument.Part {
        let start = document.members.count
        if isList {
            if value.count < 2 || value.count > PolicyDocument.maximumReleases {
                try problems.report(.invalidValue, "An ensemble is an array of 2 to 16 releases.")
                return PolicyDocument.Part(start: start, end: start)
            }
            for index in 0..<value.count {
                try problems.path.push(index: index)
                try addMember(value.element(index), since: start, &problems)
                problems.path.pop()
            }
        } else {
            try addMember(value, since: start, &problems)
        }
        return PolicyDocument.Part(start: start, end: document.members.count)
    }

    private mutating func addMember(
        _ value: JSONValue?, since start: Int, _ problems: inout Problems
    ) throws(Failure) {
        guard let id = value?.text, ReleaseID.isSound(id) else {
            return try problems.report(.invalidValue, "It must be a release's id, or \"LATEST\".")
        }
        var number = 0
        while number < document.releases.count, document.text(document.releases[number].id) != id { number += 1 }
        if number == PolicyDocument.maximumReleases {
            return try problems.report(
                .limitExceeded, "More than 16 different releases; they are all kept in memory.")
        }
        if number == document.releases.count {
            let named = PolicyDocument.Named(
                id: try document.keep(id), predictor: document.predictors.count,
                member: document.members.count - start)
            try document.releases.append(named)
        }
        for position in start..<document.members.count where document.members[position] == UInt32(number) {
            return try problems.report(.invalidValue, "The release is in the ensemble already; name each once.")
        }
        try document.members.append(UInt32(number))
    }

    private mutating func decodeMean(
        _ value: JSONValue, _ predictor: inout PolicyDocument.Predictor, _ problems: inout Problems
    ) throws(Failure) {
        guard let mean = value.member("mean") else { return }
        if let text = mean.text, text == Text("probability") || text == Text("logit") {
            predictor.averagesLogits = text == Text("logit")
        } else {
            try problems.report(
                .invalidValue, at: "mean", "It must be \"probability\", which is usual, or \"logit\".")
        }
    }

    private mutating func decodeConstant(
        _ predictor: JSONValue, _ decoded: inout PolicyDocument.Predictor, _ problems: inout Problems
    ) throws(Failure) {
        let message: StaticString = "It must be {\"pctr\": number}, with pcvr where ads are CPA."
        guard let value = try problems.enter(predictor, "constant", .object, message) else { return }
        defer { problems.path.pop() }
        if value.member("pctr") == nil { return try problems.report(.invalidValue, message) }
        try checkMembers(value, "pctr pcvr", &problems)
        decoded.pctr = Float(try problems.number(value, "pctr", to: 1) ?? 0)
        decoded.pcvr = Float(try problems.number(value, "pcvr", to: 1) ?? .nan)
    }

    private mutating func decodeNaive(
        _ predictor: JSONValue, _ decoded: inout PolicyDocument.Predictor, _ problems: inout Problems
    ) throws(Failure) {
        guard
            let value = try problems.enter(
                predictor, "naive", .object, "It must be an object, {} for the usual weight of the prior.")
        else { return }
        defer { problems.path.pop() }
        try checkMembers(value, "impressions clicks", &problems)
        if let impressions = try problems.number(value, "impressions", from: 1, to: 1e9) {
            decoded.naive.impressions = impressions
        }
        if let clicks = try problems.number(value, "clicks", from: 1, to: 1e9) { decoded.naive.clicks = clicks }
    }

    // MARK: Adjustments

    mutating func decodeAdjustments(_ root: JSONValue, _ problems: inout Problems) throws(Failure) {
        guard let campaigns = try problems.enter(root, "campaigns", .object, "It must be an object of campaigns.")
        else {
            return
        }
        defer { problems.path.pop() }
        for (campaign, value) in campaigns.members {
            try problems.path.push(campaign)
            defer { problems.path.pop() }
            if !PolicyDecoder.isName(campaign) || campaign == Text("*") {
                try problems.report(
                    .invalidValue, "A campaign's name has 1 to 255 bytes, none a control, and is not \"*\".")
                continue
            }
            guard value.isObject else {
                try problems.report(.invalidValue, "It must be an object with multiplier, floor or cap.")
                continue
            }
            try checkMembers(value, "multiplier floor cap", &problems)
            var adjustment = PolicyDocument.Adjustment(
                campaign: secret.campaign(campaign), name: try document.keep(campaign))
            adjustment.multiplier = try problems.number(value, "multiplier", to: 1e6) ?? 1
            adjustment.floor = try problems.number(value, "floor", to: 1e12) ?? 0
            adjustment.cap = try problems.number(value, "cap", to: 1e12) ?? .infinity
            if adjustment.floor > adjustment.cap {
                try problems.report(.invalidValue, at: "floor", "The floor is above the cap; exchange them.")
            }
            try document.adjustments.append(adjustment)
        }
    }
}
