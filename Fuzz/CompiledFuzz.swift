// SPDX-License-Identifier: Apache-2.0
import CChecksum
import CKernels
import CPlatform
import CValuation

/// Fuzz target of compiled files. The first byte chooses which parts the harness repairs and how the file is checked.
/// Then follow a header and an index; the harness puts between them the zeros that fill the header's page.
///
/// Whatever the bytes, opening must refuse them with a reason or give an index that answers every request, also if the
/// checksums were forged. The index is copied to memory, because AddressSanitizer knows nothing of what lies beside a
/// mapped file. A trusted file is not scored with: the library promises nothing for it.
func fuzzCompiled(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard count > 0 else { return 0 }
    let wishes = CompiledInput(rawValue: start[0])
    do throws(Failure) {
        let file = try file(Text(start + 1, count - 1), wishes)
        write(file.text)
        try check(file.text, wishes)
    } catch {
        fatalError("\(error.message)")
    }
    return 0
}

/// What to do with an input: its first byte.
struct CompiledInput: OptionSet {
    let rawValue: UInt8
    static let mendsSize = CompiledInput(rawValue: 1)
    static let mendsIndexChecksum = CompiledInput(rawValue: 2)
    static let mendsHeaderChecksum = CompiledInput(rawValue: 4)
    static let trusts = CompiledInput(rawValue: 8)
    static let hasManifest = CompiledInput(rawValue: 16)

    static let headerBytes = MemoryLayout<valuation_compiled_header>.size
}

private let headerBytes = CompiledInput.headerBytes
private let summedBytes = headerBytes - MemoryLayout<(UInt64, UInt64)>.size

/// The file that an input stands for; an input shorter than a header is taken unchanged.
private func file(_ input: Text, _ wishes: CompiledInput) throws(Failure) -> Buffer<UInt8> {
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

/// Written anew for each input; no mapping of it exists then.
private let descriptor: Int32 = {
    guard let stream = tmpfile() else { fatalError("no temporary file") }
    return fileno(stream)
}()

private func write(_ contents: Text) {
    let isWritten =
        ftruncate(descriptor, 0) == 0 && pwrite(descriptor, contents.start, contents.count, 0) == contents.count
    precondition(isWritten, "cannot write the temporary file")
}

private func check(_ file: Text, _ wishes: CompiledInput) throws(Failure) {
    var description = valuation_error()
    let sum = FileSum(bytes: file.count, checksum: valuation_checksum_of(file.start, file.count))
    let check: CompiledFile.Check =
        wishes.contains(.trusts) ? .trust : wishes.contains(.hasManifest) ? .manifest(sum) : .own
    let index: Index
    do throws(Failure) {
        index = try CompiledFile.index(
            in: descriptor, CompiledFile.Wishes(check: check, isCopied: true, secret: .standard))
    } catch {
        withUnsafeMutablePointer(to: &description) { Note(error: $0).describe(error) }
        precondition(description.status != 0 && description.message.0 != 0, "a refusal without a reason")
        return
    }
    if check.isTrust { return }
    let bare = try Harness(
        try Snapshot(index: Index(sharing: index), origin: try Snapshot.Origin(path: Text("compiled"))))
    bare.check(request)
    bare.checkDescription()
    let policy = try policy(of: index)
    let exploring = try Harness(
        try Snapshot(index: index, origin: try Snapshot.Origin(path: Text("compiled")), policy: policy))
    exploring.check(request)
}

/// Campaigns with models of their own and bases, with counts only, "*" and an unknown one; more than one vector of
/// candidates.
private let request: StaticString = """
    {"unit": {"user": "u"}, "seed": 7, "features": {"slot": ["12", "77"], "os": ["ios", "android"], "age": 31.5}, "candidates": [
      {"ad": "1", "campaign": "1042", "pricing": "cpa", "bid": 3, "features": {"creative": ["55", "56"], "age": 3}},
      {"ad": "2", "campaign": "7", "pricing": "cpa", "bid": 0.5}, {"ad": "3", "campaign": "3001", "pricing": "cpa", "bid": 1},
      {"ad": "4", "campaign": "*", "pricing": "cpc", "bid": 0.5}, {"ad": "5", "campaign": "nobody", "pricing": "cpm", "bid": 1},
      {"ad": "6", "campaign": "c1", "pricing": "cpa", "bid": 1}, {"ad": "7", "campaign": "c21", "pricing": "cpa", "bid": 1},
      {"ad": "8", "campaign": "c39", "pricing": "cpa", "bid": 1, "features": {"slot": "12", "rare": "1"}},
      {"ad": "9", "campaign": "c5", "pricing": "cpa", "bid": 1, "features": {"rare": "2"}}]}
    """

/// A policy that explores, values by counts, and has rules for single campaigns and advertisers.
private let policyText: StaticString = """
    {"format": "valuation-policy/1", "placement": "slot", "default": "curious",
     "predictors": {"curious": {"release": "LATEST", "exploration": 1},
                    "safe": {"naive": {"impressions": 1000, "clicks": 50}, "exploration": 1}},
     "overrides": [{"scope": {"campaigns": ["3001", "c21"]}, "predictor": "safe", "reason": "why"},
                   {"scope": {"advertisers": ["77"]}, "predictor": "curious", "reason": "why"}],
     "campaigns": {"1042": {"multiplier": 2, "floor": 0.0001, "cap": 0.02}}}
    """

/// nil if the policy needs counts that the index lacks.
private func policy(of index: borrowing Index) throws(Failure) -> UnsafeMutablePointer<Policy>? {
    var description = valuation_error()
    let document = withUnsafeMutablePointer(to: &description) { error -> PolicyDocument? in
        let note = Note(error: error)
        return try? PolicyDecoder.decode(Text(policyText), under: .standard, note: note)
    }
    guard let document else { fatalError("the policy is not sound: \(description.message)") }
    return try Memory.place(try Policy(document, index: index, others: IndexList()))
}
