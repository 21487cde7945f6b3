// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials

/// A value as one line of JSON, for this program's own output: the library's answers are passed on unchanged.
func jsonLine(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    // Sums of values may be beyond a double's range; JSON has no number for that.
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
        positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return ArgumentText.repaired(String(decoding: try encoder.encode(value), as: UTF8.self))
}
