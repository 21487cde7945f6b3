// SPDX-License-Identifier: Apache-2.0
import CKernels

/// Describes the loaded models as JSON.
enum DescribeAnswer {
    /// - Complexity: O(models).
    static func write(_ engine: UnsafePointer<Engine>) throws(Failure) -> Buffer<UInt8> {
        let (state, group) = engine.pointee.hold()
        defer { engine.pointee.letGo(group) }
        guard let serving = state.serving else { throw Engine.nothingLoaded }
        var output = Buffer<UInt8>()
        try output.beginObject()
        try output.member("generation", integer: Int(serving.pointee.generation.pointee.number))
        try writeOrigin(serving.pointee.origin, serving.pointee.index, &output)
        try write(state, &output)
        try writePolicy(serving.pointee.policy, state, &output)
        try writeTotals(serving.pointee.index, &output)
        try output.member("list", begin: "[")
        for place in 0..<serving.pointee.index.counts.modelCount {
            try write(serving.pointee.index, serving.pointee.index.order[place], &output)
        }
        try output.endArray()
        try output.endObject()
        return output
    }

    private static func writeOrigin(
        _ origin: borrowing Snapshot.Origin, _ index: borrowing Index, _ output: inout Buffer<UInt8>
    ) throws(Failure) {
        try output.member("source", quoted: origin.path.text)
        try output.member("release")
        try write(origin, &output)
        try output.member("compiled", bool: index.block.pointee.isCompiled)
        try output.member("reused", bool: origin.isReused)
    }

    /// The models that the engine could go back to, and the release that it has gone back from.
    private static func write(_ state: History.State, _ output: inout Buffer<UInt8>) throws(Failure) {
        if let previous = state.previous {
            try output.member("previous", begin: "{")
            try output.member("source", quoted: previous.pointee.origin.path.text)
            try output.member("release")
            try write(previous.pointee.origin, &output)
            try output.endObject()
        } else {
            try output.memberNull("previous")
        }
        try output.member("held_back", quotedOrNull: Engine.heldBack(state))
    }

    private static func writePolicy(
        _ policy: UnsafeMutablePointer<Policy>?, _ state: History.State, _ output: inout Buffer<UInt8>
    ) throws(Failure) {
        guard let policy else { return try output.memberNull("policy") }
        try output.member("policy", begin: "{")
        try output.member("source", quoted: state.followed.pointee.policyPath.text)
        try output.member("version", quotedOrNull: policy.pointee.document.text(policy.pointee.document.version))
        try output.member("releases", begin: "[")
        for number in 0..<policy.pointee.document.releases.count {
            try output.element(quoted: policy.pointee.document.text(policy.pointee.document.releases[number].id))
        }
        try output.endArray()
        try output.endObject()
    }

    /// The release of a set of models.
    private static func write(_ origin: borrowing Snapshot.Origin, _ output: inout Buffer<UInt8>) throws(Failure) {
        if !origin.isRelease { return try output.append("null") }
        try output.beginObject()
        try output.member("id", quoted: origin.id.text)
        try output.member("created", quoted: origin.created.text)
        try output.endObject()
    }

    private static func writeTotals(_ index: borrowing Index, _ output: inout Buffer<UInt8>) throws(Failure) {
        let counts = index.counts
        try output.member("models", integer: counts.modelCount)
        try output.member("click_models", integer: counts.models.click)
        try output.member("conversion_models", integer: counts.models.conversion)
        try output.member("campaigns", integer: counts.campaigns)
        try output.member("labels", integer: counts.labels)
        try output.member("weights", integer: index.weightCount)
        try output.member("index_bytes", integer: index.byteCount)
    }

    private static func write(
        _ index: borrowing Index, _ number: UInt32, _ output: inout Buffer<UInt8>
    ) throws(Failure) {
        let model = index.description(of: number)
        try output.beginObject()
        try output.member("campaign", quoted: index.text(model.campaign))
        try output.member("target", literal: model.target.name)
        let base = model.base == Index.none ? .empty : index.text(index.description(of: model.base).campaign)
        try output.member("extends", quotedOrNull: base)
        try output.member("prior", bool: model.is_prior != 0)
        try output.member("version", quoted: index.text(model.version))
        try output.member("intercept", number: model.intercept)
        try output.member("negative_sampling_rate", number: model.negative_sampling_rate)
        try output.member("categorical_weights", integer: Int(model.categorical_weights))
        try output.member("numeric_weights", integer: Int(model.numeric_weights))
        try output.member("cross_weights", integer: Int(model.cross_weights))
        try output.member("variances", integer: Int(model.variances))
        try output.member("self_tests", integer: Int(model.self_tests))
        if model.has_training != 0 {
            try output.member("training", begin: "{")
            try writeTraining(index, model, &output)
            try output.endObject()
        } else {
            try output.memberNull("training")
        }
        try output.endObject()
    }

    private static func writeTraining(
        _ index: borrowing Index, _ model: Index.Description, _ output: inout Buffer<UInt8>
    ) throws(Failure) {
        if model.rows >= 0 { try output.member("rows", number: model.rows) }
        if model.positives >= 0 { try output.member("positives", number: model.positives) }
        if !model.base_rate.isNaN { try output.member("base_rate", number: model.base_rate) }
        if !model.auc.isNaN { try output.member("auc", number: model.auc) }
        if !model.log_loss.isNaN { try output.member("log_loss", number: model.log_loss) }
        let trainer = index.text(model.trainer)
        if trainer.count > 0 { try output.member("trainer", quoted: trainer) }
    }
}
