// SPDX-License-Identifier: Apache-2.0

/// Loading a policy.
extension Engine {
    /// See `valuation_engine_load_policy`. - Parameter path: empty for none.
    func loadPolicy(path: Text, note: Note) throws(Failure) {
        beginLoad()
        defer { endLoad() }
        guard state.serving != nil else {
            throw Failure(
                .nothingLoaded, "No models are loaded; load them before the policy that decides between them.")
        }
        var text = Buffer<UInt8>()
        let stamp = path.count == 0 ? nil : try PolicyFile.read(path, into: &text, note)
        var spare = Spare()
        while true {
            let state = state
            guard let serving = state.serving else { return }
            var draft = Draft(state)
            draft.keepsFormer = false
            let followed = try Followed.make(state.followed, policyPath: path, policyText: text.text, stamp: stamp)
            do throws(Failure) {
                var surroundings = Surroundings(state, followed, made: spare.snapshot)
                surroundings.takesMemory = false
                draft.snapshot = try snapshot(like: serving, surroundings, note)
            } catch {
                Memory.destroy(followed)
                throw error
            }
            draft.followed = followed
            if try publish(draft, orKeep: &spare) { return }
        }
    }
}
