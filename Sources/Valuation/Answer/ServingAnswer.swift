// SPDX-License-Identifier: Apache-2.0

/// Writes what an answer is from, and how much of the request the models know: once for each answer.
enum ServingAnswer {
    /// Writes `release`, `policy` and `generation` of the models and the policy that serve.
    @inline(never)
    static func write(_ snapshot: UnsafeMutablePointer<Snapshot>, to output: inout Buffer<UInt8>) throws(Failure) {
        try output.member("release", quotedOrNull: snapshot.pointee.origin.id.text)
        var version = Text.empty
        if let policy = snapshot.pointee.policy {
            version = policy.pointee.document.text(policy.pointee.document.version)
        }
        try output.member("policy", quotedOrNull: version)
        try output.member("generation", integer: Int(truncatingIfNeeded: snapshot.pointee.generation.pointee.number))
    }

    /// Writes the counts of the features, under their names in `valuation_outcome`.
    @inline(never)
    static func write(_ coverage: Coverage, to output: inout Buffer<UInt8>) throws(Failure) {
        try output.member("request_features", integer: coverage.requestFeatures)
        try output.member("request_features_known", integer: coverage.knownRequestFeatures)
        try output.member("candidate_features", integer: coverage.candidateFeatures)
        try output.member("candidate_features_known", integer: coverage.knownCandidateFeatures)
        if coverage.isLate { try output.member("budget_exceeded", bool: true) }
    }
}
