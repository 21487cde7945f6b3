// SPDX-License-Identifier: Apache-2.0
import CValuation

/// Tracing values to what they are from.
extension Engine {
    /// The generation with a number, if it is known. - Precondition: the history is locked.
    private func generation(_ number: UInt64) throws(Failure) -> UnsafeMutablePointer<Generation> {
        var next = newest
        while let generation = next {
            if generation.pointee.number == number { return generation }
            next = generation.pointee.before
        }
        throw Failure(
            .unknownGeneration,
            "No generation of this engine has this number, or it has been forgotten; ask for the newest 64.")
    }

    /// See `valuation_engine_find_generation`. - Parameter number: 0 for the one that serves.
    func find(_ number: UInt64, into info: UnsafeMutablePointer<valuation_generation>) throws(Failure) {
        lockHistory()
        defer { unlockHistory() }
        if number == 0 && newest == nil { throw Engine.nothingLoaded }
        let found = try number == 0 ? newest.unsafelyUnwrapped : generation(number)
        info.pointee.generation = found.pointee.number
        info.pointee.time_ms = found.pointee.time
        FixedText.write(found.pointee.release.text, to: &info.pointee.release)
        FixedText.write(found.pointee.path.text, to: &info.pointee.path)
        FixedText.write(found.pointee.digest, to: &info.pointee.models_digest)
        FixedText.write(found.pointee.policyVersion, to: &info.pointee.policy_version)
        FixedText.write(found.pointee.policyDigest, to: &info.pointee.policy_digest)
    }

    /// See `valuation_engine_find_source`. - Parameter number: 0 for the newest that has the source.
    func find(
        _ source: UInt32, generation number: UInt64, into info: UnsafeMutablePointer<valuation_source>
    ) throws(Failure) {
        lockHistory()
        defer { unlockHistory() }
        var next = try number == 0 ? newest : generation(number)
        while let generation = next {
            if fill(source, generation, info) { return }
            next = number == 0 ? generation.pointee.before : nil
        }
        throw Failure(
            .unknownSource,
            number == 0
                ? "No generation that is known has this source; ask while its values are new."
                : "The generation has no such source; ask with the generation of the call that gave the value.")
    }

    /// - Returns: false, and nothing is filled in, if the generation has no such source.
    private func fill(
        _ source: UInt32, _ generation: UnsafeMutablePointer<Generation>, _ info: UnsafeMutablePointer<valuation_source>
    ) -> Bool {
        let latest = generation.pointee.release.text
        guard let sources = generation.pointee.sources else {
            if source != 0 { return false }
            FixedText.write(Text.empty, to: &info.pointee.predictor)
            FixedText.write(Text.empty, to: &info.pointee.experiment)
            FixedText.write(Text.empty, to: &info.pointee.variant)
            FixedText.write(latest, to: &info.pointee.releases)
            info.pointee.kind = valuation_predictor_kind(VALUATION_PREDICTOR_RELEASE)
            return true
        }
        return sources.pointee.fill(source, latest: latest, info)
    }
}
