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

    /// nil where the models were replaced meanwhile.
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
            try scorer.pointee.output.append(",\"list\":[")
            for place in 0..<snapshot.pointee.index.counts.models {
                if place > 0 { try scorer.pointee.output.append(",") }
                let position = snapshot.pointee.index.order[place]
                try write(snapshot.pointee.index, position, &scorer.pointee.output)
            }
            try scorer.pointee.output.append("]}")
            return try scorer.pointee.output.terminated()
        }
    }

    private static func writeOrigin(
        _ origin: borrowing Snapshot.Origin, _ index: borrowing Index, _ output: inout Buffer<UInt8>
    ) throws(Failure) {
        try output.append("{\"source\":")
        try output.append(quoted: origin.path.text)
        try output.append(",\"release\":")
        try write(origin, &output)
        try output.append(",\"compiled\":")
        try output.append(index.block.pointee.isCompiled ? "true" : "false")
        try output.append(",\"reused\":")
        try output.append(origin.isReused ? "true" : "false")
    }

    /// What the engine could go back to, and what it has gone back from.
    private static func write(
        _ history: borrowing History, _ origin: borrowing Snapshot.Origin, _ output: inout Buffer<UInt8>
    ) throws(Failure) {
        try output.append(",\"previous\":")
        if let previous = history.previous {
            try output.append("{\"source\":")
            try output.append(quoted: previous.pointee.origin.path.text)
            try output.append(",\"release\":")
            try write(previous.pointee.origin, &output)
            try output.append("}")
        } else {
            try output.append("null")
        }
        try output.append(",\"held_back\":")
        if history.latest.count > 0 && history.latest.text != origin.id.text {
            try output.append(quoted: history.latest.text)
        } else {
            try output.append("null")
        }
    }

    private static func writePolicy(
        _ policy: UnsafeMutablePointer<Policy>?, _ history: borrowing History, _ output: inout Buffer<UInt8>
    ) throws(Failure) {
        try output.append(",\"policy\":")
        guard let policy else { return try output.append("null") }
        try output.append("{\"source\":")
        try output.append(quoted: history.policyPath.text)
        try output.append(",\"version\":")
        try output.append(quotedOrNull: policy.pointee.document.text(policy.pointee.document.version))
        try output.append(",\"releases\":[")
        for number in 0..<policy.pointee.document.releases.count {
            if number > 0 { try output.append(",") }
            try output.append(quoted: policy.pointee.document.text(policy.pointee.document.releases[number].id))
        }
        try output.append("]}")
    }

    /// The release of a set of models.
    private static func write(_ origin: borrowing Snapshot.Origin, _ output: inout Buffer<UInt8>) throws(Failure) {
        if !origin.isRelease { return try output.append("null") }
        try output.append("{\"id\":")
        try output.append(quoted: origin.id.text)
        try output.append(",\"created\":")
        try output.append(quoted: origin.created.text)
        try output.append("}")
    }

    private static func writeTotals(_ index: borrowing Index, _ output: inout Buffer<UInt8>) throws(Failure) {
        let counts = index.counts
        try output.append(",\"models\":", integer: counts.models)
        try output.append(",\"click_models\":", integer: counts.clickModels)
        try output.append(",\"conversion_models\":", integer: counts.conversionModels)
        try output.append(",\"campaigns\":", integer: counts.campaigns)
        try output.append(",\"labels\":", integer: counts.labels)
        try output.append(",\"weights\":", integer: index.weightCount)
        try output.append(",\"index_bytes\":", integer: index.byteCount)
    }

    private static func write(
        _ index: borrowing Index, _ number: UInt32, _ output: inout Buffer<UInt8>
    ) throws(Failure) {
        let model = index.description(of: number)
        try output.append("{\"campaign\":")
        try output.append(quoted: index.text(model.campaign))
        try output.append(",\"target\":")
        try output.append(model.target == .click ? "\"click\"" : "\"conversion\"")
        try output.append(",\"extends\":")
        if model.base == Index.none {
            try output.append("null")
        } else {
            try output.append(quoted: index.text(index.description(of: model.base).campaign))
        }
        try output.append(",\"prior\":")
        try output.append(model.is_prior != 0 ? "true" : "false")
        try output.append(",\"version\":")
        try output.append(quoted: index.text(model.version))
        try append(&output, ",\"intercept\":", model.intercept)
        try append(&output, ",\"negative_sampling_rate\":", model.negative_sampling_rate)
        try output.append(",\"categorical_weights\":", integer: Int(model.categorical_weights))
        try output.append(",\"numeric_weights\":", integer: Int(model.numeric_weights))
        try output.append(",\"cross_weights\":", integer: Int(model.cross_weights))
        try output.append(",\"variances\":", integer: Int(model.variances))
        try output.append(",\"self_tests\":", integer: Int(model.self_tests))
        try output.append(",\"training\":")
        if model.has_training != 0 {
            try writeTraining(index, model, &output)
        } else {
            try output.append("null")
        }
        try output.append("}")
    }

    private static func writeTraining(
        _ index: borrowing Index, _ model: Index.Description,
        _ output: inout Buffer<UInt8>
    ) throws(Failure) {
        try output.append("{")
        if model.rows >= 0 { try append(&output, "\"rows\":", model.rows, then: ",") }
        if model.positives >= 0 { try append(&output, "\"positives\":", model.positives, then: ",") }
        if !model.base_rate.isNaN { try append(&output, "\"base_rate\":", model.base_rate, then: ",") }
        if !model.auc.isNaN { try append(&output, "\"auc\":", model.auc, then: ",") }
        if !model.log_loss.isNaN { try append(&output, "\"log_loss\":", model.log_loss, then: ",") }
        let trainer = index.text(model.trainer)
        if trainer.count > 0 {
            try output.append("\"trainer\":")
            try output.append(quoted: trainer)
        }
        output.dropLast(UInt8(ascii: ","))
        try output.append("}")
    }

    private static func append(
        _ output: inout Buffer<UInt8>, _ member: StaticString, _ number: Double, then end: StaticString = ""
    ) throws(Failure) {
        try output.append(member)
        try output.append(number: number)
        try output.append(end)
    }
}
