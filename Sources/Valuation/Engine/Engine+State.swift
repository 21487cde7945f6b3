// SPDX-License-Identifier: Apache-2.0
import CValuation

/// What an engine says of itself to those who watch it.
extension Engine {
    /// Remembers the outcome of a call that looked for new models or a new policy. - Parameter failure: nil for success.
    func noteAttempt(_ failure: Failure?, _ note: Note) {
        if let failure, !failure.isNoted { note.describe(failure) }
        remember { history in
            history.attempt.time = Generation.now
            history.attempt.status = failure?.status ?? .ok
            history.attempt.failures = failure == nil ? 0 : history.attempt.failures &+ 1
            FixedText.write(failure == nil ? .empty : note.message, to: &history.attempt.message)
        }
    }

    /// See `valuation_engine_read_state`. Allocates nothing, opens nothing, and waits for no load.
    func readState(into info: UnsafeMutablePointer<valuation_engine_state>) {
        lockHistory()
        defer { unlockHistory() }
        withHistory { history in
            let state = history.state
            Engine.describe(state.serving, in: info)
            info.pointee.is_prepared = state.prepared.map { $0.edition == state.edition } ?? false
            info.pointee.latest_replaced_ms = state.followed.pointee.latestStamp?.milliseconds ?? 0
            info.pointee.refreshed_at_ms = history.attempt.time
            info.pointee.refresh_status = history.attempt.status.rawValue
            info.pointee.refresh_failures = history.attempt.failures
            history.attempt.withMessage { FixedText.write($0, to: &info.pointee.refresh_message) }
            let previous = state.previous?.pointee.generation.pointee.release.text ?? Text.empty
            FixedText.write(previous, to: &info.pointee.previous)
            FixedText.write(Engine.heldBack(state), to: &info.pointee.held_back)
        }
    }

    private static func describe(
        _ serving: UnsafeMutablePointer<Snapshot>?, in info: UnsafeMutablePointer<valuation_engine_state>
    ) {
        let generation = serving?.pointee.generation
        info.pointee.generation = generation?.pointee.number ?? 0
        info.pointee.loaded_at_ms = generation?.pointee.time ?? 0
        info.pointee.models = UInt64(serving?.pointee.index.counts.modelCount ?? 0)
        info.pointee.index_bytes = serving?.pointee.indexBytes ?? 0
        info.pointee.is_mapped = serving?.pointee.index.block.pointee.isCompiled ?? false
        FixedText.write(generation?.pointee.release.text ?? Text.empty, to: &info.pointee.release)
        FixedText.write(generation?.pointee.policyVersion ?? Text.empty, to: &info.pointee.policy_version)
    }

    /// The release that refreshes skip, or empty.
    static func heldBack(_ state: History.State) -> Text {
        let latest = state.followed.pointee.latest.text
        guard let serving = state.serving, latest != serving.pointee.generation.pointee.release.text else {
            return .empty
        }
        return latest
    }
}
