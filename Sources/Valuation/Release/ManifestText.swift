// SPDX-License-Identifier: Apache-2.0
import CChecksum
import CKernels
import CPlatform

/// Writing a manifest.
extension Manifest {
    /// The file's content, indented for people, with its checksum as the last member.
    func write(to output: inout Buffer<UInt8>) throws(Failure) {
        try output.append("{\n  \"format\": \"valuation-release/1\",\n  \"id\": ")
        try output.append(quoted: text(id))
        try output.append(",\n  \"created\": ")
        try output.append(quoted: text(created))
        try output.append(",\n  \"trainer\": ")
        if trainer.start == trainer.end {
            try output.append("null")
        } else {
            try output.append(quoted: text(trainer))
        }
        try output.append(",\n  \"publisher\": \"valuation ")
        try output.append(Text(cString: valuation_version_text()))
        try output.append("\",\n  \"files\": [")
        for position in 0..<files.count {
            try output.append(position == 0 ? "\n    {" : ",\n    {")
            try write(files[position], to: &output)
            try output.append("}")
        }
        try output.append("\n  ],\n  \"compiled\": ")
        if let compiled {
            try output.append("{")
            try write(compiled, to: &output)
            try output.append(", \"format\": ", integer: compiledFormat)
            try output.append("}")
        } else {
            try output.append("null")
        }
        try output.append(",\n  \"counts\": {\"campaigns\": ", integer: counts.campaigns)
        try output.append(", \"click_models\": ", integer: counts.models.click)
        try output.append(", \"conversion_models\": ", integer: counts.models.conversion)
        try output.append(", \"weights\": ", integer: counts.weights)
        try output.append(", \"models_without_self_tests\": ", integer: counts.modelsWithoutSelfTests)
        try output.append("},\n  \"priors\": {\"click\": ")
        try write(priors.click, to: &output)
        try output.append(", \"conversion\": ")
        try write(priors.conversion, to: &output)
        try output.append("},\n  \"secret\": ")
        if let secret {
            try output.append("\"")
            try output.append(hexadecimal: secret)
            try output.append("\"")
        } else {
            try output.append("null")
        }
        try output.append(",\n  ")
        let checksum = valuation_checksum_of(output.text.start, output.count)
        try output.append(ManifestDecoder.checksumMember)
        try output.append(": \"")
        try output.append(hexadecimal: checksum)
        try output.append("\"\n}\n")
    }

    private func write(_ file: File, to output: inout Buffer<UInt8>) throws(Failure) {
        try output.append("\"name\": ")
        try output.append(quoted: text(file.name))
        try output.append(", \"bytes\": ", integer: file.sum.bytes)
        try output.append(", \"xxh128\": \"")
        try output.append(hexadecimal: file.sum.checksum)
        try output.append("\"")
    }

    private func write(_ prior: Double, to output: inout Buffer<UInt8>) throws(Failure) {
        if prior == 0 { return try output.append("null") }
        try output.append(number: prior)
    }
}
