// SPDX-License-Identifier: Apache-2.0

/// One release according to `valuation_releases_list`. All but the first two members are nil if its manifest is not
/// sound.
struct ReleaseSummary: Decodable {
    let id: String
    /// Whether LATEST names it.
    let latest: Bool
    let created: String?
    let bytes: Int?
    let campaigns: Int?
    let clickModels: Int?
    let conversionModels: Int?
    let weights: Int?
    let compiled: Bool?
    /// What is wrong with it, or nil.
    let problem: String?
}

/// The displayed members of a release's manifest.
struct ReleaseManifest: Decodable {
    let id: String
    let files: [File]
    let compiled: File?
    let counts: Counts
    let priors: Priors

    struct File: Decodable {
        let bytes: Int
    }

    struct Counts: Decodable {
        let campaigns: Int
        let clickModels: Int
        let conversionModels: Int
        let weights: Int
        /// nil in releases from before they were counted.
        let modelsWithoutSelfTests: Int?
    }

    /// Probabilities for campaigns without any model; nil where unknown.
    struct Priors: Decodable {
        let click: Double?
        let conversion: Double?
    }
}

/// The answer of `valuation_compare`.
struct WeightComparison: Decodable {
    /// Those that differ.
    let models: [Model]
    let addedModels: Int
    let droppedModels: Int
    let changedModels: Int
    let unchangedModels: Int
    let added: Int
    let dropped: Int
    let moved: Int

    struct Model: Decodable {
        let campaign: String
        let target: String
        /// "added", "dropped" or "changed".
        let change: String
        /// Intercept plus the logarithm of the sampling rate.
        let constant: Change<Double?>
        /// The model that this one extends; nil if unchanged.
        let extends: Change<String?>?
        let added: Int
        let dropped: Int
        let moved: Int
        /// How far the weights moved in total; nil if that is beyond a double's range.
        let distance: Double?
        /// The weights that moved farthest.
        let most: [Weight]
    }

    struct Weight: Decodable {
        let weight: String
        let before: Double?
        let after: Double?

        var change: Double { (after ?? 0) - (before ?? 0) }
    }
}
