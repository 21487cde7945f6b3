// SPDX-License-Identifier: Apache-2.0
import CValuation

@testable import Valuation

/// Models in memory and everything needed to score with them, without an engine.
final class LoadedModels {
    let snapshot: UnsafeMutablePointer<Snapshot>
    let scratch: UnsafeMutablePointer<Scratch>

    /// - Parameter priors: the release's rates for campaigns without a model.
    init(_ documents: [ModelDocument], _ campaigns: [CampaignEntry] = [], priors: Priors = Priors()) throws(Complaint) {
        let text = (documents.map(\.json) + campaigns.map(\.json)).joined(separator: "\n")
        (snapshot, scratch) = try LoadedModels.make { note throws(Failure) in
            try withText(text) { text throws(Failure) in
                var loader = Loader(Loader.Wishes(secret: .standard, priors: priors), note: note)
                return try loader.index(of: text, kind: .lines)
            }
        }
    }

    /// The models of a compiled file.
    init(compiled path: String) throws(Complaint) {
        (snapshot, scratch) = try LoadedModels.make { note throws(Failure) in
            try withText(path) { path throws(Failure) in
                let source = try Source(path: path, note: note)
                return try Opening(maximumInputBytes: .max, note: note).index(of: source)
            }
        }
    }

    private static func make(
        _ index: (Note) throws(Failure) -> Index
    ) throws(Complaint) -> (UnsafeMutablePointer<Snapshot>, UnsafeMutablePointer<Scratch>) {
        var made: (UnsafeMutablePointer<Snapshot>, UnsafeMutablePointer<Scratch>)?
        try checked { error in
            callWithNote(error) { note throws(Failure) in
                let origin = try Snapshot.Origin(path: Text("memory"))
                let snapshot = try Memory.place(try Snapshot(index: try index(note), origin: origin))
                let scratch = try Scratch.allocate(Kernels.withFixedPrices)
                try scratch.pointee.prepare(snapshot.pointee.index.counts)
                made = (snapshot, scratch)
            }
        }
        return made!
    }

    deinit {
        Memory.destroy(snapshot)
        Memory.destroy(scratch)
    }

    func withIndex<Value>(_ body: (UnsafePointer<Index>) -> Value) -> Value {
        withUnsafePointer(to: snapshot.pointee.index) { body($0) }
    }

    /// - Parameter other: working memory to use instead of the models' own.
    func score(
        _ request: [NamedFeature], _ ads: [Ad], timeBudget: UInt64 = 0,
        scratch other: UnsafeMutablePointer<Scratch>? = nil
    ) -> [valuation_value] {
        var values = [valuation_value](repeating: valuation_value(), count: ads.count)
        withCandidates(request, ads, timeBudget) { request, candidates in
            withIndex { index in
                Scoring.score(
                    request, Candidates(candidates, count: ads.count), into: &values, index: index,
                    scratch: other ?? scratch)
            }
        }
        return values
    }

    func rank(_ request: [NamedFeature], _ ads: [Ad], best capacity: Int) -> [(index: Int, value: valuation_value)] {
        var indices = [Int](repeating: -1, count: capacity)
        var values = [valuation_value](repeating: valuation_value(), count: capacity)
        var count = 0
        withCandidates(request, ads, 0) { request, candidates in
            indices.withUnsafeMutableBufferPointer { indices in
                values.withUnsafeMutableBufferPointer { values in
                    guard let indices = indices.baseAddress, let values = values.baseAddress else { return }
                    var ranking = Ranking(indices: indices, values: values, capacity: capacity)
                    withIndex { index in
                        Scoring.rank(
                            request, Candidates(candidates, count: ads.count), into: &ranking, index: index,
                            scratch: scratch)
                    }
                    count = ranking.count
                }
            }
        }
        return (0..<count).map { (index: indices[$0], value: values[$0]) }
    }

    private func withCandidates(
        _ request: [NamedFeature], _ ads: [Ad], _ timeBudget: UInt64,
        _ body: (Request, UnsafePointer<valuation_candidate>) -> Void
    ) {
        let adFeatures = ads.flatMap { $0.features.map(\.feature) }
        request.map(\.feature).withUnsafeBufferPointer { features in
            adFeatures.withUnsafeBufferPointer { adFeatures in
                var start = 0
                let candidates = ads.map { ad in
                    defer { start += ad.features.count }
                    return valuation_candidate(
                        campaign: valuation_campaign_key(nil, ad.campaign, ad.campaign.utf8.count),
                        features: adFeatures.baseAddress.map { $0 + start },
                        feature_count: UInt32(ad.features.count), pricing: ad.pricing.rawValue, bid: ad.bid)
                }
                let request = Request(
                    features: features.baseAddress, featureCount: features.count, timeBudget: timeBudget)
                body(request, candidates)
            }
        }
    }
}

extension valuation_value {
    /// All bits but the flags, to compare values that must be equal.
    var bits: [UInt64] {
        [expected_revenue.bitPattern, UInt64(pctr.bitPattern), UInt64(pcvr.bitPattern)]
    }

    /// The bits and the flags.
    var all: [UInt64] { bits + [UInt64(flags)] }

    func has(_ flag: Flags) -> Bool {
        Flags(rawValue: flags).isSuperset(of: flag)
    }
}
