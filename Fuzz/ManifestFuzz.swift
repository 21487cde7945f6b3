// SPDX-License-Identifier: Apache-2.0
import CChecksum
import CValuation

/// Fuzz target of manifests. If the first byte is odd, the harness corrects the checksum of the rest, so that the
/// fuzzer gets past it.
///
/// Whatever the bytes, the decoder must refuse them with a reason or read a manifest that stays the same when it is
/// written and read again.
func fuzzManifest(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard count > 0 else { return 0 }
    let rest = Text(start + 1, count - 1)
    do throws(Failure) {
        let mended = try summed(rest)
        try check(start[0] & 1 == 1 ? mended.text : rest)
    } catch {
        fatalError("\(error.message)")
    }
    return 0
}

private let id: StaticString = "2026-11-21T030000Z"

/// The text up to its last checksum, followed by the correct one.
private func summed(_ text: Text) throws(Failure) -> Buffer<UInt8> {
    var output = Buffer<UInt8>()
    let end = text.last(Text(ManifestDecoder.checksumMember)) ?? text.count
    try output.append(text.slice(0, end))
    let checksum = valuation_checksum_of(output.text.start, end)
    try output.append(ManifestDecoder.checksumMember)
    try output.append(": \"")
    try output.append(hexadecimal: checksum)
    try output.append("\"}")
    return output
}

private func check(_ text: Text) throws(Failure) {
    var description = valuation_error()
    let decoded = withUnsafeMutablePointer(to: &description) { decode(text, Note(error: $0)) }
    guard let manifest = decoded else {
        precondition(description.status != 0 && description.message.0 != 0, "a refusal without a reason")
        return
    }
    precondition(manifest.text(manifest.id) == Text(id), "the manifest belongs to another release")
    for position in 0..<manifest.files.count {
        precondition(Release.isFileName(manifest.text(manifest.files[position].name)), "a file outside the release")
    }
    var written = Buffer<UInt8>()
    try manifest.write(to: &written)
    let again = withUnsafeMutablePointer(to: &description) { decode(written.text, Note(error: $0)) }
    guard let again else { fatalError("the written manifest cannot be read: \(description.status)") }
    let isSame = try again.contents == manifest.contents
    precondition(isSame && again.bytes == manifest.bytes, "other contents")
}

private func decode(_ text: Text, _ note: Note) -> Manifest? {
    do {
        return try ManifestDecoder.decode(text, id: Text(id), note: note)
    } catch {
        note.describe(error)
        return nil
    }
}
