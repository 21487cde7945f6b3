// SPDX-License-Identifier: Apache-2.0

/// What people may want to know of the loaded models; not read while scoring.
struct ModelDescriptions: ~Copyable {
    struct Description {
        var campaign: Range32
        var version: Range32
        var trainer: Range32
        /// The base model, or `Index.none`.
        var base: UInt32
        var target: Target
        var hasTraining: Bool
        var intercept: Double
        var negativeSamplingRate: Double
        var categoricalWeights: UInt32
        var numericWeights: UInt32
        var crossWeights: UInt32
        var selfTests: UInt32
        var rows: Double
        var positives: Double
        var baseRate: Double
        var auc: Double
        var logLoss: Double
    }

    /// Bytes of `names`.
    struct Range32 {
        var start: UInt32
        var end: UInt32
    }

    /// In the order of the index's models.
    var list = Buffer<Description>()
    /// The positions in `list` of the click models, then of the conversion models, each in the order of the files.
    var order = Buffer<UInt32>()
    var names = Buffer<UInt8>()

    func text(_ range: Range32) -> Text {
        names.text.slice(Int(range.start), Int(range.end))
    }
}
