// SPDX-License-Identifier: Apache-2.0
import CKernels
import CValuation
import Synchronization

/// The names behind the sources of one policy. Immutable. The generations under the policy share them, and know them
/// longer than the policy itself is in memory.
struct SourceNames: ~Copyable {
    private struct Entry {
        var predictor: valuation_name
        var experiment: valuation_name
        var variant: valuation_name
        var kind: valuation_predictor_kind
        /// The positions of the predictor's releases in `releases`.
        var releases: PolicyDocument.Part
    }

    /// The checksum of the policy's text.
    let digest: Checksum
    private let references = Atomic<Int>(1)
    private var texts = TextStore()
    private var versionName = valuation_name()
    /// An empty id stands for LATEST.
    private var releases = Buffer<valuation_name>()
    private var entries = Buffer<Entry>()
    /// The position of each source's entry.
    private var positions = KeyTable()

    /// - Complexity: O(sources).
    private init(_ document: borrowing PolicyDocument, digest: Checksum) throws(Failure) {
        self.digest = digest
        versionName = try texts.keep(document.text(document.version))
        for number in 0..<document.origins.count {
            let origin = document.origins[number]
            let predictor = document.predictors[origin.predictor]
            let (experiment, variant) = document.names(of: origin)
            let source = try document.source(predictor: origin.predictor, experiment: experiment, variant: variant)
            let start = releases.count
            for position in predictor.members.range {
                let release = Int(document.members[position])
                let id = release == PolicyDocument.latest ? Text.empty : document.text(document.releases[release].id)
                try releases.append(try texts.keep(id))
            }
            let entry = Entry(
                predictor: try texts.keep(document.text(predictor.name)), experiment: try texts.keep(experiment),
                variant: try texts.keep(variant), kind: SourceNames.kind(predictor.kind),
                releases: PolicyDocument.Part(start: start, end: releases.count))
            try positions.insert(UInt64(source), UInt32(entries.count))
            try entries.append(entry)
        }
    }

    /// The names of a policy's sources. - Parameter known: shared if they are of the same policy.
    static func of(
        _ document: borrowing PolicyDocument, digest: Checksum, known: UnsafePointer<SourceNames>?
    ) throws(Failure) -> UnsafePointer<SourceNames> {
        if let known, known.pointee.digest == digest {
            known.pointee.references.add(1, ordering: .relaxed)
            return known
        }
        return UnsafePointer(try Memory.place(try SourceNames(document, digest: digest)))
    }

    /// Releases one reference; the last one frees the names.
    static func release(_ names: UnsafePointer<SourceNames>) {
        let (_, left) = names.pointee.references.subtract(1, ordering: .acquiringAndReleasing)
        if left == 0 { Memory.destroy(UnsafeMutablePointer(mutating: names)) }
    }

    /// The policy's version, or empty.
    var version: Text { texts[versionName] }

    /// Fills in what a source stands for. - Parameter latest: the id of the release that LATEST stood for.
    ///
    /// - Returns: false if the policy has no such source.
    func fill(_ source: UInt32, latest: Text, _ info: UnsafeMutablePointer<valuation_source>) -> Bool {
        let position = positions.find(UInt64(source))
        if position == KeyTable.none { return false }
        let entry = entries[Int(position)]
        info.pointee.kind = entry.kind
        FixedText.write(texts[entry.predictor], to: &info.pointee.predictor)
        FixedText.write(texts[entry.experiment], to: &info.pointee.experiment)
        FixedText.write(texts[entry.variant], to: &info.pointee.variant)
        withUnsafeMutableBytes(of: &info.pointee.releases) { bytes in
            var line = Note.Line(bytes)
            // The counts behind an observed rate are those of LATEST.
            if entry.kind == VALUATION_PREDICTOR_NAIVE { line.append(latest) }
            for position in entry.releases.range {
                if position > entry.releases.start { line.append(Text(",")) }
                let id = texts[releases[position]]
                line.append(id.count == 0 ? latest : id)
            }
        }
        return true
    }

    private static func kind(_ kind: PolicyDocument.Kind) -> valuation_predictor_kind {
        switch kind {
        case .release, .retired: valuation_predictor_kind(VALUATION_PREDICTOR_RELEASE)
        case .ensemble: valuation_predictor_kind(VALUATION_PREDICTOR_ENSEMBLE)
        case .constant: valuation_predictor_kind(VALUATION_PREDICTOR_CONSTANT)
        case .naive: valuation_predictor_kind(VALUATION_PREDICTOR_NAIVE)
        }
    }
}
