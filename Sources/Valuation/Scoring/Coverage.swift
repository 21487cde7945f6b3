// SPDX-License-Identifier: Apache-2.0

/// How much of a request the models know, and whether there was time for all of it.
///
/// A feature counts once for each release that looks it up; it is known if it adds something for some model.
struct Coverage {
    var requestFeatures = 0
    var knownRequestFeatures = 0
    var candidateFeatures = 0
    var knownCandidateFeatures = 0
    var isLate = false

    mutating func add(_ other: Coverage) {
        requestFeatures &+= other.requestFeatures
        knownRequestFeatures &+= other.knownRequestFeatures
        candidateFeatures &+= other.candidateFeatures
        knownCandidateFeatures &+= other.knownCandidateFeatures
        isLate = isLate || other.isLate
    }
}
