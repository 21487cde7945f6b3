// SPDX-License-Identifier: Apache-2.0
import CPlatform
import CValuation

/// A caller's `valuation_outcome`, which may be NULL. The clock is read only if there is one.
struct Outcome {
    private let place: UnsafeMutablePointer<valuation_outcome>?
    private var start: UInt64 = 0

    /// The work begins. Checks the struct's size.
    @inline(__always)
    init(_ place: UnsafeMutablePointer<valuation_outcome>?) throws(Failure) {
        self.place = place
        guard let place else { return }
        if place.pointee.struct_size < MemoryLayout<valuation_outcome>.size {
            throw Failure(.structSize, "The outcome's struct_size is too small; begin with VALUATION_OUTCOME_INIT.")
        }
        start = valuation_platform_now()
    }

    /// The work is done. - Parameter scorer: nil if there were no candidates.
    @inline(__always)
    func fill(_ scorer: UnsafeMutablePointer<Scorer>?, _ snapshot: UnsafeMutablePointer<Snapshot>) {
        guard let place else { return }
        let coverage = scorer.map { Scorer.coverage($0) } ?? Coverage()
        Outcome.fill(place, start, coverage, snapshot.pointee.generation.pointee.number)
    }

    @inline(never)
    private static func fill(
        _ place: UnsafeMutablePointer<valuation_outcome>, _ start: UInt64, _ coverage: Coverage, _ generation: UInt64
    ) {
        place.pointee.budget_exceeded = coverage.isLate ? 1 : 0
        place.pointee.generation = generation
        place.pointee.request_features = UInt64(truncatingIfNeeded: coverage.requestFeatures)
        place.pointee.request_features_known = UInt64(truncatingIfNeeded: coverage.knownRequestFeatures)
        place.pointee.candidate_features = UInt64(truncatingIfNeeded: coverage.candidateFeatures)
        place.pointee.candidate_features_known = UInt64(truncatingIfNeeded: coverage.knownCandidateFeatures)
        place.pointee.nanoseconds = valuation_platform_now() &- start
    }
}
