// SPDX-License-Identifier: Apache-2.0
import CKernels
import CPlatform
import CValuation

/// Describes why a model does not reproduce an example: the unused features, then each term. So a forgotten sampling
/// rate, a value with another spelling, and a field that the model does not have look different.
struct FailedExample: ~Copyable {
    private var explanation = Explanation()
    /// For each feature, whether it is used in any term.
    private var areUsed = Buffer<Bool>()
    private var message = Buffer<UInt8>()
    private var used = Buffer<UInt8>()

    /// - Parameters:
    ///   - features: the example's, with their sources.
    ///   - answer: the probability according to the model.
    mutating func describe(
        _ features: borrowing FeatureReader, expected: Double, answer: Float, model: UInt32, index: borrowing Index,
        note: Note
    ) throws(Failure) {
        message.removeAll()
        used.removeAll()
        areUsed.removeAll()
        try explanation.find(features.features, index)
        try areUsed.resize(features.features.count, filling: false)
        try writeTerms(features, model, index)
        try message.append("The example's probability is ")
        try message.append(number: expected)
        let logit = log(expected / (1 - expected))
        if logit.isFinite {
            try FailedExample.append(" (logit ", logit, to: &message)
            try message.append(")")
        }
        try message.append(", but the model gives ")
        try message.append(float: answer)
        try FailedExample.append(" (logit ", explanation.sum(model, index), to: &message)
        try message.append(")")
        try writeUnused(features)
        try message.append("; used: ")
        try message.append(used.text)
        try message.append(".")
        note.setMessage("\(message.text)")
    }

    /// The terms of each model of the chain.
    private mutating func writeTerms(
        _ features: borrowing FeatureReader, _ model: UInt32, _ index: borrowing Index
    ) throws(Failure) {
        try FailedExample.append(
            "log of the sampling rate ", log(index.description(of: model).negative_sampling_rate), to: &used)
        var current = model
        repeat {
            let description = index.description(of: current)
            try FailedExample.append(", intercept ", description.intercept, to: &used)
            if current != model {
                try used.append(" of ")
                try used.append(index.text(description.campaign))
            }
            for position in 0..<explanation.terms.count {
                try write(explanation.terms[position], features, current, index)
            }
            current = description.base
        } while current != Index.none
    }

    private mutating func write(
        _ term: Explanation.Term, _ features: borrowing FeatureReader, _ model: UInt32, _ index: borrowing Index
    ) throws(Failure) {
        let (target, number) = index.local(model)
        let units = index.contribution(of: term.slot, number: term.number, to: number, target)
        let place = term.slot.pointee.isNumber ? index.numberPlace(term.slot.pointee.row(target), number) : nil
        if units == 0 && place == nil { return }
        areUsed[term.feature] = true
        try used.append(", ")
        try FailedExample.appendName(features, term.feature, to: &used)
        if term.other >= 0 {
            areUsed[term.other] = true
            try used.append(" x ")
            try FailedExample.appendName(features, term.other, to: &used)
        }
        if let place {
            try FailedExample.append(": ", index.numberParameters[place].slope, to: &used)
            try used.append(" x (")
            try used.append(number: term.number)
            try FailedExample.append(" - ", index.numberParameters[place].mean, to: &used)
            try used.append(") =")
        }
        try FailedExample.append(" ", index.scales[target][number].unit * Double(units), to: &used)
    }

    /// Writes the features that are in no term, and the fields that no model has.
    private mutating func writeUnused(_ features: borrowing FeatureReader) throws(Failure) {
        var separator: StaticString = "; not used: "
        for position in 0..<features.slips.count {
            try message.append(separator)
            try message.append("field ")
            try FailedExample.append(features.slips[position].field, to: &message)
            separator = ", "
        }
        for position in 0..<areUsed.count where !areUsed[position] {
            try message.append(separator)
            try FailedExample.appendName(features, position, to: &message)
            separator = ", "
        }
    }

    @inline(never)
    private static func appendName(
        _ features: borrowing FeatureReader, _ feature: Int, to output: inout Buffer<UInt8>
    ) throws(Failure) {
        let source = features.sources[feature]
        try append(source.field, to: &output)
        if source.isNumber { return }
        try output.append("=")
        try append(source.value, to: &output)
    }

    /// Appends a name that is a JSON string's contents in its readable form, unless it has control characters.
    private static func append(_ name: Text, to output: inout Buffer<UInt8>) throws(Failure) {
        let start = output.count
        try RawString(body: name, hasEscapes: true).decodeEscapes(behind: &output)
        for position in start..<output.count where output[position] < 32 {
            output.truncate(start)
            return try output.append(name)
        }
    }

    /// With the digits of a Float.
    @inline(never)
    private static func append(
        _ text: StaticString, _ number: Double, to output: inout Buffer<UInt8>
    ) throws(Failure) {
        try output.append(text)
        try output.append(float: Float(number))
    }
}
