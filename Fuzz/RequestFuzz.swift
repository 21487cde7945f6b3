// SPDX-License-Identifier: Apache-2.0
import CValuation

/// Fuzz target of the request reader: any bytes, against a few models with every kind of weight.
func fuzzRequest(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    harness.check(Text(start, count))
    return 0
}

/// Models with every kind of weight.
let fuzzedModels: StaticString = """
    {"format":"valuation-model/1","kind":"logistic","campaign":"*","target":"click","version":"1","intercept":-3,\
    "negative_sampling_rate":0.1,"categorical":{"slot":{"12":0.5,"13":-0.5},"os":{"ios":0.25,"":1}},\
    "numeric":{"age":{"mean":40,"std":12,"weight":0.3}}}
    {"format":"valuation-model/1","kind":"logistic","campaign":"1042","target":"click","version":"1","intercept":-1,\
    "extends":"*","negative_sampling_rate":0.1,"categorical":{"segments":{"sports":2,"true":1}},\
    "crosses":[{"fields":["slot","creative"],"weights":[["12","55",0.4]]},{"fields":["os","slot"],"weights":[["ios","12",1]]}]}
    {"format":"valuation-model/1","kind":"logistic","campaign":"1042","target":"conversion","version":"1","intercept":-2,\
    "negative_sampling_rate":1,"categorical":{"creative":{"55":90}}}

    """

nonisolated(unsafe) private let harness: Harness = {
    guard let kind = FileKind(name: Text("a.jsonl")) else { fatalError("not a kind of file") }
    var description = valuation_error()
    let harness = withUnsafeMutablePointer(to: &description) { description in
        try? Harness(Text(fuzzedModels), kind, Note(error: description))
    }
    guard let harness else { fatalError("the models of the fuzz target do not load") }
    return harness
}()
