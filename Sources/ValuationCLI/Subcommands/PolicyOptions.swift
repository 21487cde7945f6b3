// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Glibc

extension ArgumentHelp {
    /// For the commands that do without a policy, too.
    static let policy = ArgumentHelp(
        "The policy that decides which predictor values which ad. (default: none)", valueName: "file")
}

/// The models and the policy of the commands that are about a policy.
struct PolicyOptions: ParsableArguments {
    /// What a policy is called that goes with a directory of releases.
    static let usualName = "policy.json"

    @Option(help: .models, completion: .file())
    var models: String

    @Option(
        help: ArgumentHelp(
            "The policy. (default: \(PolicyOptions.usualName) in the directory of releases that --models names)",
            valueName: "file"),
        completion: .file())
    var policy: String?

    /// The models and the path of the policy that decides on them.
    func loaded() throws -> (models: Models, policy: String) {
        let path = try policy ?? usualPolicy()
        return (try Models(path: models, policy: path), path)
    }

    private func usualPolicy() throws -> String {
        let path = models + (models.hasSuffix("/") ? "" : "/") + Self.usualName
        guard access(path, F_OK) == 0 else {
            throw Failure(message: "no policy: there is no \(path)", advice: "Name one with --policy.")
        }
        return path
    }
}
