// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Valuation

/// The path by which a request's terms reach the click models of its candidates.
enum ScoringPath {
    /// Each weight is looked up for each candidate.
    case lookups
    /// Some rows are added to the sums of all models; other weights are looked up.
    case both
    /// Every row is added to the sums of all models, and each candidate takes its model's sum; some rows are dense.
    case sums
    /// In addition, the probabilities of all models are computed.
    case allModels
}

extension LoadedModels {
    /// Scores, and infers the path from its traces in the scratch memory.
    ///
    /// - Parameter many: enough ads for all rows of a request to be added to the sums.
    func path(_ request: [NamedFeature], _ ads: [Ad], many: [Ad]) -> ScoringPath {
        // First leave sums in the memory that differ from this request's.
        _ = score(request + request, many)
        let before = clickSums
        #expect(before == clickSums(of: request + request))
        let noProbability: Float = -1
        for model in before.indices { scratch.pointee.click.modelProbabilities[model] = noProbability }
        let noSum = Int64.min
        scratch.pointee.click.entrySums[0] = noSum
        _ = score(request, ads)
        // All models may have been tried and then given up because a logit was clamped.
        let hasModels = scratch.pointee.click.modelProbabilities[0] != noProbability
        if hasModels && scratch.pointee.click.entrySums[0] == noSum { return .allModels }
        if clickSums == before { return .lookups }
        return clickSums == clickSums(of: request) ? .sums : .both
    }

    private var clickSums: [Int64] {
        Array(scratch.pointee.click.sums.elements.prefix(snapshot.pointee.index.counts.models.click))
    }

    /// The sums of a request's features and crosses for each click model, weight by weight.
    private func clickSums(of request: [NamedFeature]) -> [Int64] {
        withIndex { index in
            let singles = request.compactMap { feature in
                index.pointee.label(feature.feature.key).map { (slot: $0, number: feature.feature.number) }
            }
            let crosses = singles.indices.flatMap { first in
                singles[(first + 1)...].compactMap { other in
                    index.pointee.cross(singles[first].slot, other.slot).map { (slot: $0, number: 1.0) }
                }
            }
            return (0..<index.pointee.counts.models.click).map { model in
                (singles + crosses).reduce(0) { sum, term in
                    sum + index.pointee.contribution(of: term.slot, number: term.number, to: model, .click)
                }
            }
        }
    }
}
