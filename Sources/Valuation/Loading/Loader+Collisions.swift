// SPDX-License-Identifier: Apache-2.0
import CKernels
import CPlatform

/// Naming both labels of a collision. The builder keeps no texts, so the document of the first one is read again.
extension Loader {
    /// The largest number of collisions to name: the file of the first label may be as long as all others together.
    private static let maximumNamed = 8

    /// Names both labels of the builder's last collision in the note, if the document of the other one can be read.
    ///
    /// - Precondition: the decoder has the refused model, and may decode another one.
    mutating func nameCollision() throws(Failure) {
        // Taken, so that a problem of a later model is not attributed to it.
        guard let collision = builder.collision.take(), namedCollisions < Loader.maximumNamed else { return }
        namedCollisions &+= 1
        var refused = Buffer<UInt8>()
        var first = Buffer<UInt8>()
        let isOfOneModel = collision.model == UInt32(builder.added.count)
        try WeightNames.forEachLabel(stream.decoder.model, under: builder.secret) { key, name throws(Failure) in
            if key != collision.key { return }
            // If both are in one model, the first name is that of the label that came first.
            if isOfOneModel && first.count == 0 { return try first.append(name) }
            if refused.count == 0 && name != first.text { try refused.append(name) }
        }
        // A copy, because the decoder goes on to the other model.
        var campaign = Buffer<UInt8>()
        try campaign.append(stream.decoder.model.campaign.text)
        if !isOfOneModel {
            guard collision.model < UInt32(builder.added.count) else { return }
            let model = builder.added[Int(collision.model)]
            campaign.removeAll()
            try campaign.append(builder.text(model.description.campaign))
            do throws(Failure) {
                try read(model.origin, collision.key, &first)
            } catch {
                if error.status == .outOfMemory { throw error }
            }
        }
        if refused.count == 0 || first.count == 0 { return }
        stream.problems.note.setMessage(
            "\"\(refused.text)\" and \"\(first.text)\" of campaign \"\(campaign.text)\" have the same key; rename one.")
    }

    /// Appends the name of the label of a key, in a model that was read before.
    private mutating func read(
        _ origin: IndexBuilder.Origin, _ key: UInt64, _ name: inout Buffer<UInt8>
    ) throws(Failure) {
        guard let kind = FileKind(name: stream.files[origin.file]) else { return }
        let source = try ByteSource(path: stream.files.cString(origin.file))
        var reader = try DocumentReader(source: source, kind: kind)
        var remaining = UInt64.max
        while let document = try reader.next(remaining: &remaining) {
            if document.line != origin.line { continue }
            try Note.withTemporary { (note: Note) throws(Failure) in
                var problems = Problems(note: note)
                _ = try stream.decoder.decode(document, problems: &problems)
            }
            return try WeightNames.forEachLabel(stream.decoder.model, under: builder.secret) {
                found, label throws(Failure) in
                if found == key && name.count == 0 { try name.append(label) }
            }
        }
    }
}
