// SPDX-License-Identifier: Apache-2.0
import CChecksum
import CKernels
import CPlatform
import CValuation

/// Fuzz target of compiled files. The first byte chooses what is put right and how the file is checked; then come a header
/// and an index, between which the harness puts the zeros that fill the header's page.
///
/// Whatever the bytes are, mapping must refuse them with a reason or give an index. It is scored with only where nothing was
/// put right: what a forged checksum vouches for is outside of what the library promises.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzCompiled(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard count > 0 else { return 0 }
    let wishes = Wishes(rawValue: start[0])
    do throws(Failure) {
        let file = try file(Text(start + 1, count - 1), wishes)
        write(file.text)
        check(file.text, wishes)
    } catch {
        fatalError("\(error.message)")
    }
    return 0
}

/// What is to be done with an input.
private struct Wishes: OptionSet {
    let rawValue: UInt8
    static let mendsSize = Wishes(rawValue: 1)
    static let mendsIndexChecksum = Wishes(rawValue: 2)
    static let mendsHeaderChecksum = Wishes(rawValue: 4)
    static let trusts = Wishes(rawValue: 8)
    static let hasManifest = Wishes(rawValue: 16)
    static let leavesContents: Wishes = []
}

private let headerBytes = MemoryLayout<valuation_compiled_header>.size
private let summedBytes = headerBytes - MemoryLayout<(UInt64, UInt64)>.size

/// The file that an input stands for; one shorter than a header is taken as it is.
private func file(_ input: Text, _ wishes: Wishes) throws(Failure) -> Buffer<UInt8> {
    var file = Buffer<UInt8>()
    try file.append(input.slice(0, min(input.count, headerBytes)))
    if input.count < headerBytes { return file }
    try file.resize(Int(VALUATION_COMPILED_INDEX), filling: 0)
    try file.append(input.slice(headerBytes, input.count))
    var header = valuation_compiled_header()
    memcpy(&header, file.text.start, headerBytes)
    if wishes.contains(.mendsSize) { header.file_bytes = UInt64(file.count) }
    if wishes.contains(.mendsIndexChecksum) {
        let index = file.text.slice(Int(VALUATION_COMPILED_INDEX), file.count)
        let sum = valuation_checksum_of(index.start, index.count)
        header.index_checksum = (sum.high, sum.low)
    }
    if wishes.contains(.mendsHeaderChecksum) {
        let sum = valuation_checksum_of(&header, summedBytes)
        header.header_checksum = (sum.high, sum.low)
    }
    memcpy(file.base.unsafelyUnwrapped, &header, headerBytes)
    return file
}

/// Written anew for each input; nothing maps it then.
private let descriptor: Int32 = {
    guard let stream = tmpfile() else { fatalError("no temporary file") }
    return fileno(stream)
}()

private func write(_ contents: Text) {
    let isWritten =
        ftruncate(descriptor, 0) == 0 && pwrite(descriptor, contents.start, contents.count, 0) == contents.count
    precondition(isWritten, "the temporary file cannot be written")
}

private func check(_ file: Text, _ wishes: Wishes) {
    var description = valuation_error()
    let sum = FileSum(bytes: file.count, checksum: valuation_checksum_of(file.start, file.count))
    let check: CompiledFile.Check =
        wishes.contains(.trusts) ? .trust : wishes.contains(.hasManifest) ? .manifest(sum) : .own
    do throws(Failure) {
        let index = try CompiledFile.map(descriptor, check)
        if wishes != .leavesContents { return }
        let harness = try Harness(Snapshot(index: index, origin: try Snapshot.Origin(path: Text("compiled"))))
        harness.check(Harness.request)
    } catch {
        withUnsafeMutablePointer(to: &description) { Note(error: $0).describe(error) }
        precondition(description.status != 0 && description.message.0 != 0, "a refusal without a reason")
    }
}
