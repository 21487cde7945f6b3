// SPDX-License-Identifier: Apache-2.0
import CKernels
import CValuation

/// The names behind a value's source.
extension Scorer {
    /// See `valuation_find_source`.
    static func find(_ source: UInt32, _ scorer: UnsafeMutablePointer<Scorer>) throws(Failure) -> valuation_source {
        try Scorer.withSnapshot(scorer) { snapshot throws(Failure) in
            guard let policy = snapshot.pointee.policy, let origin = policy.pointee.document.origin(of: source) else {
                throw Failure(
                    .invalidArgument, "The policy that decides now has no such source; ask while its values are new.")
            }
            scorer.pointee.sourceNames.removeAll()
            let predictor = policy.pointee.document.predictors[origin.predictor].name
            let (experiment, variant) = policy.pointee.document.names(of: origin)
            try scorer.pointee.sourceNames.append(policy.pointee.document.text(predictor))
            try scorer.pointee.sourceNames.append(experiment)
            try scorer.pointee.sourceNames.append(variant)
            return valuation_source(
                predictor: scorer.pointee.sourceNames.cString(0), experiment: scorer.pointee.sourceNames.cString(1),
                variant: scorer.pointee.sourceNames.cString(2))
        }
    }
}
