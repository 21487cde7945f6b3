// SPDX-License-Identifier: Apache-2.0
import CValuation
import Testing

@testable import Valuation

/// What a request says to a policy besides its features.
struct Circumstances {
    /// Field and text of each unit.
    var units: [(field: String, text: String)] = []
    var seed: UInt64 = 0
    /// Seconds since 1970.
    var time: Int64 = 0
}

/// The text in an array of a C struct.
func text<Room>(in room: Room) -> String {
    withUnsafeBytes(of: room) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
}

/// The names behind a value's source.
struct NamedSource: Equatable {
    var predictor: String
    var experiment = ""
    var variant = ""
}

extension EngineHandle {
    /// - Parameter path: empty to remove the policy.
    func loadPolicy(_ path: String) throws(Complaint) {
        try checked { error in valuation_engine_load_policy(pointer, path, path.utf8.count, error) }
    }

    /// Loads a policy from a temporary file, which is removed afterwards.
    func loadPolicy(json: String) throws {
        let folder = try TemporaryFolder()
        try loadPolicy(try folder.write("policy.json", json))
    }
}

extension ScorerHandle {
    /// The values of a request without features.
    func score(_ ads: [Ad], _ circumstances: Circumstances) throws(Complaint) -> [valuation_value] {
        try score([], ads, circumstances)
    }

    func score(
        _ features: [NamedFeature], _ ads: [Ad], _ circumstances: Circumstances
    ) throws(Complaint) -> [valuation_value] {
        var values = [valuation_value](repeating: valuation_value(), count: ads.count)
        try checked { error in
            withRequest(features, ads, circumstances) { request, candidates in
                valuation_score(pointer, request, candidates, ads.count, &values, nil, error)
            }
        }
        return values
    }

    func rank(
        _ features: [NamedFeature], _ ads: [Ad], best: Int, _ circumstances: Circumstances
    ) throws(Complaint) -> [(index: Int, value: valuation_value)] {
        var values = [valuation_value](repeating: valuation_value(), count: best)
        var indices = [Int](repeating: -1, count: best)
        var count = 0
        try checked { error in
            withRequest(features, ads, circumstances) { request, candidates in
                valuation_rank(pointer, request, candidates, ads.count, best, &indices, &values, &count, nil, error)
            }
        }
        return (0..<count).map { (index: indices[$0], value: values[$0]) }
    }

    func explore(
        _ features: [NamedFeature], _ ads: [Ad], _ circumstances: Circumstances
    ) throws(Complaint) -> (values: [valuation_value], propensities: [Double]) {
        var values = [valuation_value](repeating: valuation_value(), count: ads.count)
        var propensities = [Double](repeating: -1, count: ads.count)
        try checked { error in
            withRequest(features, ads, circumstances) { request, candidates in
                valuation_explore(pointer, request, candidates, ads.count, &values, &propensities, nil, nil, error)
            }
        }
        return (values, propensities)
    }

    func source(of value: valuation_value) throws(Complaint) -> NamedSource {
        var source = valuation_source()
        source.struct_size = UInt32(MemoryLayout<valuation_source>.size)
        try checked { error in valuation_engine_find_source(engine.pointer, 0, value.source, &source, error) }
        return NamedSource(
            predictor: text(in: source.predictor), experiment: text(in: source.experiment),
            variant: text(in: source.variant))
    }

    /// The sources of values; each number is looked up once.
    func sources(of values: [valuation_value]) throws(Complaint) -> [NamedSource] {
        var known: [UInt32: NamedSource] = [:]
        var sources: [NamedSource] = []
        for value in values {
            let found: NamedSource
            if let source = known[value.source] { found = source } else { found = try source(of: value) }
            known[value.source] = found
            sources.append(found)
        }
        return sources
    }

    func assignJSON(_ request: String) throws -> JSONTree {
        var text: UnsafePointer<CChar>?
        var length = 0
        try checked { error in valuation_assign_json(pointer, request, request.utf8.count, &text, &length, error) }
        return try JSONTree(parsing: try #require(text.map { String(cString: $0) }))
    }

    private func withRequest(
        _ features: [NamedFeature], _ ads: [Ad], _ circumstances: Circumstances,
        _ body: (UnsafePointer<valuation_request>, UnsafePointer<valuation_candidate>?) -> valuation_status
    ) -> valuation_status {
        let adFeatures = ads.flatMap { $0.features.map(\.feature) }
        let texts = circumstances.units.map { ContiguousArray(($0.field + $0.text).utf8CString) }
        return adFeatures.withUnsafeBufferPointer { adFeatures in
            features.map(\.feature).withUnsafeBufferPointer { features in
                var candidates: [valuation_candidate] = []
                var start = 0
                for ad in ads {
                    let own = adFeatures.baseAddress.map { $0 + start }
                    start += ad.features.count
                    candidates.append(
                        valuation_candidate(
                            campaign: valuation_campaign_key(nil, ad.campaign, ad.campaign.utf8.count),
                            features: ad.features.isEmpty ? nil : own, feature_count: UInt32(ad.features.count),
                            pricing: ad.pricing.rawValue, bid: ad.bid))
                }
                let units = zip(circumstances.units, texts).map { unit, text in
                    let start = text.withUnsafeBufferPointer { $0.baseAddress! }
                    return valuation_unit(
                        field: start, field_length: unit.field.utf8.count, text: start + unit.field.utf8.count,
                        text_length: unit.text.utf8.count)
                }
                return withExtendedLifetime(texts) {
                    units.withUnsafeBufferPointer { units in
                        var request = valuation_request(
                            struct_size: UInt32(MemoryLayout<valuation_request>.size),
                            candidate_size: UInt32(MemoryLayout<valuation_candidate>.size),
                            value_size: UInt32(MemoryLayout<valuation_value>.size),
                            feature_count: UInt32(features.count), features: features.baseAddress, time_budget_ns: 0,
                            units: units.baseAddress, unit_count: UInt64(units.count), seed: circumstances.seed,
                            time: circumstances.time)
                        return body(&request, candidates)
                    }
                }
            }
        }
    }
}
