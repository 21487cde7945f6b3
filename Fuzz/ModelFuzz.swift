// SPDX-License-Identifier: Apache-2.0
import CValuation

/// Fuzz target of the model loader. The first byte chooses the kind of file, the rest is its content.
///
/// Whatever the bytes, the loader must refuse them with a reason or make a snapshot that can value and explain a
/// request.
func fuzzModel(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard count > 0 else { return 0 }
    let names: [StaticString] = ["a.json", "a.jsonl", "a.json.gz", "a.jsonl.gz"]
    guard let kind = FileKind(name: Text(names[Int(start[0] & 3)])) else { fatalError("not a kind of file") }
    var description = valuation_error()
    let loaded = withUnsafeMutablePointer(to: &description) { load(Text(start + 1, count - 1), kind, Note(error: $0)) }
    guard let target = loaded else {
        precondition(description.status != 0 && description.message.0 != 0, "a refusal without a reason")
        return 0
    }
    target.check(Harness.request)
    return 0
}

private func load(_ bytes: Text, _ kind: FileKind, _ note: Note) -> Harness? {
    do {
        return try Harness(bytes, kind, note)
    } catch {
        note.describe(error)
        return nil
    }
}
