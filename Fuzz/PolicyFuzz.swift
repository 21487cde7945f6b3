// SPDX-License-Identifier: Apache-2.0
import CValuation

/// Fuzz target of policies.
///
/// Whatever the bytes, the decoder must refuse them with a reason and a place, or read a policy that decides for every
/// request: if it names no release but LATEST, an engine scores, assigns and explains under it.
func fuzzPolicy(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    do throws(Failure) {
        try check(Text(start, count))
    } catch {
        precondition(error.status == .outOfMemory, "a failure without a reported problem")
    }
    return 0
}

/// Models with the counts that naive predictors need.
private let models: StaticString = """
    {"format": "valuation-model/1", "kind": "logistic", "campaign": "1042", "target": "click", "version": "1", "intercept": -2, \
    "negative_sampling_rate": 1, "categorical": {"slot": {"12": 0.5}}, "variance": {"intercept": 0.1}}
    {"format": "valuation-model/1", "kind": "logistic", "campaign": "*", "target": "conversion", "version": "1", \
    "intercept": -1, "negative_sampling_rate": 1, "categorical": {"creative": {"55": 0.5}}}
    {"format": "valuation-campaign/1", "campaign": "1042", "advertiser": "77", "impressions": 9000, "clicks": 90, \
    "conversions": 5}
    """

/// With a unit and without, at several times.
private let requests: [StaticString] = [
    """
    {"id": "i", "unit": {"user": "u-77", "unit": "7"}, "time": "2026-11-21T03:00:00Z", "features": {"slot": "12"}, "candidates": [
      {"ad": "1", "campaign": "1042", "pricing": "cpa", "bid": 3, "features": {"creative": "55"}},
      {"ad": "2", "campaign": "2077", "pricing": "cpc", "bid": 0.5}, {"ad": "3", "campaign": "3", "pricing": "cpm", "bid": 1}]}
    """,
    #"{"features": {"slot": "77"}, "candidates": [{"campaign": "1042", "pricing": "cpc", "bid": 1e300}]}"#,
]

private func check(_ text: Text) throws(Failure) {
    var description = valuation_error()
    var isSound = false
    try withUnsafeMutablePointer(to: &description) { error throws(Failure) in
        let note = Note(error: error)
        do throws(Failure) {
            let document = try PolicyDecoder.decode(text, under: .standard, note: note)
            isSound = true
            try check(document, note)
        } catch {
            note.describe(error)
            precondition(!isSound || error.status == .outOfMemory, "a sound policy does not fit")
        }
    }
    precondition(isSound || description.status != 0 && description.message.0 != 0, "a refusal without a reason")
}

private func check(_ document: consuming PolicyDocument, _ note: Note) throws(Failure) {
    var findings = try PolicyFindings()
    try document.review(&findings, now: 1_795_230_000, note)
    if document.releases.count > 1 { return }
    var loader = Loader(Loader.Wishes(secret: .standard), note: note)
    let index = try loader.index(of: Text(models), kind: FileKind(name: Text("models.jsonl"))!)
    try document.review(&findings, index, note)
    _ = try findings.finish()
    let policy = try Memory.place(try Policy(document, index: index, others: IndexList()))
    let origin = try Snapshot.Origin(path: Text("memory"))
    let harness = try Harness(try Snapshot(index: index, origin: origin, policy: policy))
    for request in requests { harness.check(request) }
}
