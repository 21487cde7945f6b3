// SPDX-License-Identifier: Apache-2.0
import CPlatform
import Synchronization

/// The secret of an engine's keys: that of the first models it loads, for its whole life, because the host keeps keys.
/// A key that is computed before anything is loaded is under the standard secret, and the engine then keeps that one.
struct EngineSecret: ~Copyable {
    /// The standard one, and memory for another.
    private let secrets: Room<Secret>
    private let state = Atomic<UInt8>(EngineSecret.open)

    private static let open: UInt8 = 0
    private static let standard: UInt8 = 1
    private static let taken: UInt8 = 2

    init() throws(Failure) {
        secrets = try Room(count: 2)
        secrets.start.initialize(repeating: .standard, count: 2)
    }

    /// nil while it is undecided.
    var known: Secret? {
        switch state.load(ordering: .acquiring) {
        case EngineSecret.open: nil
        case EngineSecret.taken: secrets.start[1]
        default: secrets.start[0]
        }
    }

    /// For keys. - Complexity: O(1).
    var forKeys: UnsafePointer<Secret> {
        var found = state.load(ordering: .acquiring)
        if found == EngineSecret.open {
            let (_, original) = state.compareExchange(
                expected: EngineSecret.open, desired: EngineSecret.standard, ordering: .acquiringAndReleasing)
            found = original
        }
        return UnsafePointer(found == EngineSecret.taken ? secrets.start + 1 : secrets.start)
    }

    /// Fixes the secret; throws if keys were computed under another one meanwhile. - Precondition: the history is
    /// locked.
    func keep(_ secret: Secret) throws(Failure) {
        if state.load(ordering: .acquiring) == EngineSecret.open {
            // Nobody reads the second element until the state says so.
            secrets.start[1] = secret
            _ = state.compareExchange(
                expected: EngineSecret.open, desired: EngineSecret.taken, ordering: .acquiringAndReleasing)
        }
        if known != secret { throw Secret.another }
    }
}
