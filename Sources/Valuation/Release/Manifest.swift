// SPDX-License-Identifier: Apache-2.0
import CChecksum
import CKernels

/// The contents of a release's `manifest.json`: format `valuation-release/1`.
struct Manifest: ~Copyable {
    static let format: StaticString = "valuation-release/1"
    static let fileName: StaticString = "manifest.json"
    static let maximumBytes = 128 * 1024 * 1024
    /// This many fit into a document of jansson's; see `JSONDocument`.
    static let maximumFiles = 500_000

    struct File {
        var name: valuation_name
        var sum: FileSum
    }

    /// The contents of the release, for people; an engine counts for itself.
    struct Counts {
        var campaigns = 0
        var models = ByTarget(click: 0, conversion: 0)
        var weights = 0
        var modelsWithoutSelfTests = 0
    }

    private var texts = TextStore()
    var id = valuation_name()
    /// The time in UTC, for example 2026-11-21T03:00:00.123456Z; so the order of texts is the order of time.
    var created = valuation_name()
    /// The trainer of the models, or empty.
    var trainer = valuation_name()
    var files = Buffer<File>()
    var compiled: File?
    /// Of the compiled file.
    var compiledFormat = 0
    var counts = Counts()
    var priors = Priors()
    /// Digest of the secret of the keys in the compiled file; nil if the manifest does not say.
    var secret: Checksum?
    /// The one at the end of its file.
    var checksum = Checksum(high: 0, low: 0)

    func text(_ name: valuation_name) -> Text {
        texts[name]
    }

    /// Stores a text.
    mutating func keep(_ text: Text) throws(Failure) -> valuation_name {
        try texts.keep(text)
    }

    /// A checksum over everything that determines the index: releases with the same value have the same index.
    var contents: Checksum {
        get throws(Failure) {
            var state = try ChecksumState()
            for position in 0..<files.count {
                var sum = files[position].sum
                let name = text(files[position].name)
                state.add(&sum.checksum, count: MemoryLayout<Checksum>.size)
                state.add(name.start, count: name.count)
                state.add(&sum.bytes, count: MemoryLayout<Int>.size)
            }
            var rates = (priors.click, priors.conversion)
            state.add(&rates, count: MemoryLayout<(Double, Double)>.size)
            return state.checksum
        }
    }

    /// The total size of the release's files in bytes, without the manifest.
    var bytes: Int {
        var total = compiled?.sum.bytes ?? 0
        for position in 0..<files.count { total &+= files[position].sum.bytes }
        return total
    }
}
