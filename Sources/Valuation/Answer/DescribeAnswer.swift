// SPDX-License-Identifier: Apache-2.0
import CKernels

/// Describes the loaded models as JSON.
enum DescribeAnswer {
    /// - Complexity: O(models).
    static func write(scorer: UnsafeMutablePointer<Scorer>) throws(Failure) -> Text {
        while true {
            if let text = try writeOnce(scorer) { return text }
        }
    }

    /// nil if the models were replaced meanwhile.
    private static func writeOnce(_ scorer: UnsafeMutablePointer<Scorer>) throws(Failure) -> Text? {
        try Scorer.withSnapshot(scorer) { snapshot throws(Failure) in
            scorer.pointee.output.removeAll()
            try writeOrigin(snapshot.pointee.origin, snapshot.pointee.index, &scorer.pointee.output)
            let isCurrent = try scorer.pointee.engine.pointee.withHistoryMeanwhile(of: snapshot) {
                history throws(Failure) in
                try write(history, snapshot.pointee.origin, &scorer.pointee.output)
                try writePolicy(snapshot.pointee.policy, history, &scorer.pointee.output)
            }
            if !isCurrent { return nil }
            try writeTotals(snapshot.pointee.index, &scorer.pointee.output)
            try scorer.pointee.output.member("list", begin: "[")
            for place in 0..<snapshot.pointee.index.counts.modelCount {
                let position = snapshot.pointee.index.order[place]
                try write(snapshot.pointee.index, position, &scorer.pointee.output)
            }
            try scorer.pointee.output.endArray()
            try scorer.pointee.output.endObject()
            return try scorer.pointee.output.terminated()
        }
    }

    private static func writeOrigin(
        _ origin: borrowing Snapshot.Origin, _ index: borrowing Index, _ output: inout Buffer<UInt8>
    ) throws(Failure) {
        try output.beginObject()
        try output.member("source", quoted: origin.path.text)
        try output.member("release")
        try write(origin, &output)
        try output.member("compiled", bool: index.block.pointee.isCompiled)
        try output.member("reused", bool: origin.isReused)
    }

    /// The models that the engine could go back to, and the release that it has gone back from.
    private static func write(
        _ history: borrowing History, _ origin: borrowing Snapshot.Origin, _ output: inout Buffer<UInt8>
    ) throws(Failure) {
        if let previous = history.previous {
            try output.member("previous", begin: "{")
            try output.member("source", quoted: previous.pointee.origin.path.text)
            try output.member("release")
            try write(previous.pointee.origin, &output)
            try output.endObject()
        } else {
            try output.memberNull("previous")
        }
        let isHeldBack = history.latest.count > 0 && history.latest.text != origin.id.text
        try output.member("held_back", quotedOrNull: isHeldBack ? history.latest.text : .empty)
    }

    private static func writePolicy(
        _ policy: UnsafeMutablePointer<Policy>?, _ history: borrowing History, _ output: inout Buffer<UInt8>
    ) throws(Failure) {
        guard let policy else { return try output.memberNull("policy") }
        try output.member("policy", begin: "{")
        try output.member("source", quoted: history.policyPath.text)
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
