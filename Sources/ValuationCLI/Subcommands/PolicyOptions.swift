// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Glibc

extension ArgumentHelp {
    /// For the commands that also work without a policy.
    static let policy = ArgumentHelp(
        "The policy that decides which predictor values which ad. (default: none)", valueName: "file")
}

/// The models and the policy of the policy commands.
struct PolicyOptions: ParsableArguments {
    /// The name of a policy that belongs to a directory of releases.
    static let usualName = "policy.json"

    @Option(help: .models, completion: .file())
    var models: String

    @Option(
        help: ArgumentHelp(
            "The policy. (default: \(PolicyOptions.usualName) in the directory of releases that --models names)",
            valueName: "file"),
        completion: .file())
    var policy: String?

    /// The loaded models and the path of their policy.
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
