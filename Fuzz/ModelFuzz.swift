// SPDX-License-Identifier: Apache-2.0
import CJansson
import CValuation

/// Fuzz target of the model loader. The first byte chooses the kind of file, the rest is its content.
///
/// Whatever the bytes are, the loader must refuse them with a reason or make a snapshot that can value and explain a request.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzModel(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard count > 0 else { return 0 }
    let names: [StaticString] = ["a.json", "a.jsonl", "a.json.gz", "a.jsonl.gz"]
    guard let kind = FileKind(name: Text(names[Int(start[0] & 3)])) else { fatalError("not a kind of file") }
    let snapshot: Snapshot
    do {
        snapshot = try Loader.load(bytes: Text(start + 1, count - 1), kind: kind)
    } catch {
        precondition(error.status != .ok && !error.message.isEmpty, "a refusal without a reason")
        return 0
    }
    guard let target = try? Harness(snapshot) else { return 0 }
    target.check(
        """
        {"features": {"slot": "12", "os": ["ios", "android"], "age": 31.5}, "candidates": [
          {"ad": "1", "campaign": "1042", "pricing": "cpa", "bid": 3, "features": {"creative": "55"}},
          {"ad": "2", "campaign": "*", "pricing": "cpc", "bid": 0.5}]}
        """)
    return 0
}
