// SPDX-License-Identifier: Apache-2.0
import CValuation
import Testing

@testable import Valuation

/// A request that needs several releases values each candidate, to the bit, as an engine that has loaded the release of
/// its predictor alone, without a policy; an ensemble, as the mean of such engines.
///
/// The releases know different labels, crosses, numbers, bases and campaigns.
@Suite struct SeveralReleasesTests {
    /// More than two blocks.
    private static let candidates = 300
    private let root: ReleaseRoot
    private let engine: EngineHandle

    /// What values a campaign, by the releases that LATEST and the policy name.
    private enum Predictor { case latest, other, both }

    init() throws {
        root = try ReleaseRoot()
        engine = try EngineHandle()
    }

    /// Random models, and one of a campaign and of fields that no other release has.
    private func publish(_ number: Int, seed: UInt64) throws {
        let own = ModelDocument(
            campaign: "of release \(number)", target: "click", intercept: -1,
            categorical: ["field of release \(number)": ["x": 0.75], "slot": ["0": Double(number)]],
            numeric: ["number of release \(number)": .init(mean: 1, std: 2, weight: 0.5)])
        try root.publish(RandomModels(seed: seed).documents + [own], id: "r\(number)")
    }

    /// A request with labels that all, some or none of the releases know.
    private func request(_ models: inout RandomModels, _ numbers: [Int]) -> (features: [NamedFeature], ads: [Ad]) {
        let own = numbers.flatMap { number -> [NamedFeature] in
            [.category("field of release \(number)", "x"), .number("number of release \(number)", 3)]
        }
        let features = models.features(0...12) + own
        var ads = models.ads(Self.candidates)
        for place in ads.indices where place % 5 == 0 {
            ads[place].campaign = "of release \(numbers[place % numbers.count])"
            ads[place].features += own.shuffled(using: &models.generator).prefix(3)
            ads[place].bid = place % 10 == 0 ? .nan : ads[place].bid
        }
        return (features, ads)
    }

    private func predictor(of campaign: String) -> Predictor {
        switch campaign {
        case "campaign-0", "campaign-3", "of release 2", "unheard-of": .other
        case "campaign-1", "of release 1": .both
        default: .latest
        }
    }

    private func policyText(other: String) -> String {
        let treated = #"{"campaigns": ["campaign-0", "campaign-3", "of release 2", "unheard-of"]}"#
        let averaged = #"{"campaigns": ["campaign-1", "of release 1"]}"#
        let experiments = [
            experiment("other", scope: treated, [("control", 0, nil), ("on", 10_000, "other")]),
            experiment("both", layer: "second", scope: averaged, [("control", 0, nil), ("on", 10_000, "both")]),
        ]
        return policy(
            "\"other\": {\"release\": \"\(other)\"}, \"both\": {\"ensemble\": [\"\(other)\", \"LATEST\"]}",
            ", \"experiments\": [\(experiments.joined(separator: ", "))]")
    }

    /// The scorer of an engine with one release and no policy.
    private func alone(_ id: String) throws -> ScorerHandle {
        let engine = try EngineHandle()
        try engine.load("\(root.path)/releases/\(id)")
        return try engine.scorer()
    }

    private func check(
        _ request: (features: [NamedFeature], ads: [Ad]), latest: String, other: String,
        _ place: SourceLocation = #_sourceLocation
    ) throws {
        let circumstances = Circumstances(units: [(field: "user", text: "u-7")])
        let (features, ads) = request
        let first = try alone(latest).score(features, ads, circumstances)
        let second = try alone(other).score(features, ads, circumstances)
        let found = try engine.scorer().score(features, ads, circumstances)
        let expected = ads.indices.map { ad -> [UInt64] in
            switch predictor(of: ads[ad].campaign) {
            case .latest: first[ad].all
            case .other: second[ad].all
            case .both: mean(second[ad], first[ad], ads[ad]).all
            }
        }
        let difference = firstDifference(found.map(\.all), expected)
        #expect(difference == nil, "\(difference ?? "")", sourceLocation: place)
    }

    private func mean(_ one: valuation_value, _ other: valuation_value, _ ad: Ad) -> valuation_value {
        func mean(_ probabilities: Float...) -> Float {
            let known = probabilities.filter { !$0.isNaN }.map { Double($0) }
            return known.isEmpty ? .nan : Float(known.reduce(0, +) / Double(known.count))
        }
        var flags = Flags(rawValue: one.flags | other.flags).subtracting([.noClickModel, .noConversionModel])
        let (pctr, pcvr) = (mean(one.pctr, other.pctr), mean(one.pcvr, other.pcvr))
        if pctr.isNaN { flags.insert(.noClickModel) }
        if ad.pricing == .cpa && pcvr.isNaN { flags.insert(.noConversionModel) }
        let revenue =
            switch ad.pricing {
            case .cpm: ad.bid / 1000
            case .cpc: ad.bid * Double(pctr)
            case .cpa: ad.bid * Double(pctr) * Double(pcvr)
            }
        return valuation_value(
            expected_revenue: revenue > 0 ? revenue : 0, pctr: pctr, pcvr: pcvr, flags: flags.rawValue, source: 0)
    }

    @Test(arguments: 1...6 as ClosedRange<UInt64>)
    func valuesAreThoseOfEachReleaseAlone(seed: UInt64) throws {
        for number in 1...3 { try publish(number, seed: 10 * seed + UInt64(number)) }
        try root.select("r1")
        try engine.load(root.path)
        try engine.loadPolicy(try root.folder.write("first.json", policyText(other: "r2")))
        var models = RandomModels(seed: seed)
        let request = request(&models, [1, 2, 3])
        try check(request, latest: "r1", other: "r2")
        // A few candidates, whose weights are looked up instead of summed.
        try check((request.features, Array(request.ads.prefix(7))), latest: "r1", other: "r2")
        try check((request.features, Array(request.ads.prefix(1))), latest: "r1", other: "r2")
        // Another release becomes LATEST, then the policy names another one, and at last LATEST goes back.
        try root.select("r3")
        #expect(try engine.refresh())
        try check(request, latest: "r3", other: "r2")
        try engine.loadPolicy(try root.folder.write("second.json", policyText(other: "r1")))
        try check(request, latest: "r3", other: "r1")
        try engine.rollBack(to: "r2")
        try check(request, latest: "r2", other: "r1")
        // The release that the policy names is LATEST, too.
        try engine.rollBack(to: "r1")
        try check(request, latest: "r1", other: "r1")
    }

    /// An ensemble decides for everyone, and no rule is about campaigns.
    @Test func anEnsembleForEveryoneIsTheMeanOfItsReleases() throws {
        for number in 1...2 { try publish(number, seed: UInt64(number)) }
        try engine.load(root.path)
        try engine.loadPolicy(json: policy("\"both\": {\"ensemble\": [\"r1\", \"LATEST\"]}", default: "both"))
        var models = RandomModels(seed: 9)
        let (features, ads) = request(&models, [1, 2])
        let (first, second) = (
            try alone("r1").score(features, ads, Circumstances()), try alone("r2").score(features, ads, Circumstances())
        )
        let found = try engine.scorer().score(features, ads, Circumstances())
        let expected = ads.indices.map { mean(first[$0], second[$0], ads[$0]).all }
        #expect(firstDifference(found.map(\.all), expected) == nil)
    }
}
