// SPDX-License-Identifier: Apache-2.0

/// Describes the loaded models as JSON.
enum DescribeAnswer {
    /// - Complexity: O(models).
    static func write(scorer: UnsafeMutablePointer<Scorer>) throws(Failure) -> Text {
        try Scorer.withSnapshot(scorer) { snapshot throws(Failure) in
            scorer.pointee.output.removeAll()
            try writeTotals(snapshot.pointee.index, &scorer.pointee.output)
            try scorer.pointee.output.append(",\"list\":[")
            for place in 0..<snapshot.pointee.descriptions.order.count {
                if place > 0 { try scorer.pointee.output.append(",") }
                let position = Int(snapshot.pointee.descriptions.order[place])
                try write(snapshot.pointee.descriptions, position, &scorer.pointee.output)
            }
            try scorer.pointee.output.append("]}")
            return try scorer.pointee.output.terminated()
        }
    }

    private static func writeTotals(_ index: borrowing Index, _ output: inout Buffer<UInt8>) throws(Failure) {
        let counts = index.counts
        try append(&output, "{\"models\":", counts.models)
        try append(&output, ",\"click_models\":", counts.clickModels)
        try append(&output, ",\"conversion_models\":", counts.conversionModels)
        try append(&output, ",\"campaigns\":", counts.campaigns)
        try append(&output, ",\"labels\":", counts.labels)
        try append(&output, ",\"weights\":", counts.weights &+ counts.numbers)
        try append(&output, ",\"index_bytes\":", index.byteCount)
    }

    private static func write(
        _ descriptions: borrowing ModelDescriptions, _ position: Int, _ output: inout Buffer<UInt8>
    ) throws(Failure) {
        let model = descriptions.list[position]
        try output.append("{\"campaign\":")
        try output.append(quoted: descriptions.text(model.campaign))
        try output.append(",\"target\":")
        try output.append(model.target == .click ? "\"click\"" : "\"conversion\"")
        try output.append(",\"extends\":")
        if model.base == Index.none {
            try output.append("null")
        } else {
            try output.append(quoted: descriptions.text(descriptions.list[Int(model.base)].campaign))
        }
        try output.append(",\"version\":")
        try output.append(quoted: descriptions.text(model.version))
        try append(&output, ",\"intercept\":", model.intercept)
        try append(&output, ",\"negative_sampling_rate\":", model.negativeSamplingRate)
        try append(&output, ",\"categorical_weights\":", Int(model.categoricalWeights))
        try append(&output, ",\"numeric_weights\":", Int(model.numericWeights))
        try append(&output, ",\"cross_weights\":", Int(model.crossWeights))
        try append(&output, ",\"self_tests\":", Int(model.selfTests))
        try output.append(",\"training\":")
        if model.hasTraining {
            try writeTraining(descriptions, model, &output)
        } else {
            try output.append("null")
        }
        try output.append("}")
    }

    private static func writeTraining(
        _ descriptions: borrowing ModelDescriptions, _ model: ModelDescriptions.Description,
        _ output: inout Buffer<UInt8>
    ) throws(Failure) {
        try output.append("{")
        if model.rows >= 0 { try append(&output, "\"rows\":", model.rows, then: ",") }
        if model.positives >= 0 { try append(&output, "\"positives\":", model.positives, then: ",") }
        if !model.baseRate.isNaN { try append(&output, "\"base_rate\":", model.baseRate, then: ",") }
        if !model.auc.isNaN { try append(&output, "\"auc\":", model.auc, then: ",") }
        if !model.logLoss.isNaN { try append(&output, "\"log_loss\":", model.logLoss, then: ",") }
        let trainer = descriptions.text(model.trainer)
        if trainer.count > 0 {
            try output.append("\"trainer\":")
            try output.append(quoted: trainer)
        }
        output.dropLast(UInt8(ascii: ","))
        try output.append("}")
    }

    private static func append(_ output: inout Buffer<UInt8>, _ member: StaticString, _ number: Int) throws(Failure) {
        try output.append(member)
        try output.append(integer: number)
    }

    private static func append(
        _ output: inout Buffer<UInt8>, _ member: StaticString, _ number: Double, then end: StaticString = ""
    ) throws(Failure) {
        try output.append(member)
        try output.append(number: number)
        try output.append(end)
    }
}
