// SPDX-License-Identifier: Apache-2.0
import CValuation

/// Prints the predictor, experiment and variant of values. Neighbouring values mostly have the same ones, so the last
/// printed text is copied.
struct SourcePrinter: ~Copyable {
    private var source: UInt32 = 0
    private var last = Buffer<UInt8>()

    /// Writes `,"predictor":...` and the experiment if there is one; nothing without a policy.
    mutating func write(
        _ value: valuation_value, _ snapshot: UnsafeMutablePointer<Snapshot>, to output: inout Buffer<UInt8>
    ) throws(Failure) {
        guard let policy = snapshot.pointee.policy else { return }
        if value.source != source || last.count == 0 {
            last.removeAll()
            source = value.source
            guard let origin = policy.pointee.document.origin(of: source) else { return }
            try SourcePrinter.write(origin, policy.pointee.document, to: &last)
        }
        try output.append(last.text)
    }

    /// Writes `,"predictor":"...","experiment":"...","variant":"..."`, null if there is no experiment.
    static func write(
        _ origin: PolicyDocument.Origin, _ document: borrowing PolicyDocument, to output: inout Buffer<UInt8>
    ) throws(Failure) {
        let (experiment, variant) = document.names(of: origin)
        try output.append(",\"predictor\":")
        try output.append(quoted: document.text(document.predictors[origin.predictor].name))
        try output.member("experiment", quotedOrNull: experiment)
        try output.member("variant", quotedOrNull: variant)
    }
}
