// SPDX-License-Identifier: Apache-2.0
import CJansson
import CValuation

/// An engine with a snapshot and a scorer, and what must hold for every answer.
final class Harness {
    /// A request with categories, a number, and features of the ad.
    static let request: StaticString = """
        {"features": {"slot": "12", "os": ["ios", "android"], "age": 31.5}, "candidates": [
          {"ad": "1", "campaign": "1042", "pricing": "cpa", "bid": 3, "features": {"creative": "55"}},
          {"ad": "2", "campaign": "*", "pricing": "cpc", "bid": 0.5}]}
        """

    private let hasPolicy: Bool
    private let engine: UnsafePointer<Engine>
    private let scorer: UnsafeMutablePointer<Scorer>
    /// The scorer as a host holds it.
    var handle: OpaquePointer { OpaquePointer(scorer) }

    init(_ snapshot: consuming Snapshot) throws(Failure) {
        hasPolicy = snapshot.policy != nil
        engine = try Engine.allocate(Engine.Options())
        var draft = Draft(engine.pointee.state)
        draft.snapshot = try Memory.place(snapshot)
        var spare = Spare()
        _ = try engine.pointee.publish(draft, orKeep: &spare)
        scorer = try Scorer.allocate(engine: engine)
    }

    /// Loads models as if they were in a file of the given kind.
    convenience init(_ bytes: Text, _ kind: FileKind, _ note: Note) throws(Failure) {
        var loader = Loader(Loader.Wishes(secret: .standard), note: note)
        let index = try loader.index(of: bytes, kind: kind)
        try self.init(try Snapshot(index: index, origin: try Snapshot.Origin(path: Text("memory"))))
    }

    deinit {
        Scorer.destroy(scorer)
        Engine.release(engine)
    }

    func check(_ request: StaticString) {
        check(Text(request))
    }

    /// Scores and explains a request, and assigns it if there is a policy: all must refuse it with a reason, or all
    /// answer with sound JSON and sound numbers.
    func check(_ request: Text) {
        let isScored = checkAnswer { try? ScoreAnswer.write(request, scorer: scorer) }
        let isExplained = checkAnswer { try? ExplainAnswer.write(request, scorer: scorer) }
        precondition(isScored == isExplained, "scored but not explained, or explained but not scored")
        if !hasPolicy { return }
        let isAssigned = checkAnswer { try? AssignAnswer.write(request, scorer: scorer) }
        precondition(isAssigned == isScored, "scored but not assigned, or assigned but not scored")
    }

    /// Describes the models in sound JSON.
    func checkDescription() {
        guard var description = try? DescribeAnswer.write(engine) else { preconditionFailure("the description failed") }
        precondition(checkAnswer { try? description.terminated() }, "the description is not JSON")
    }

    private func checkAnswer(_ answer: () -> Text?) -> Bool {
        guard let text = answer() else { return false }
        var error = json_error_t()
        let start = UnsafeRawPointer(text.start).assumingMemoryBound(to: CChar.self)
        let parsed = json_loadb(start, text.count, Int(JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL), &error)
        // An ad or a request whose id is a number repeats it as it was written; jansson reads no more than 64 bits.
        if parsed == nil && json_error_code(&error) == json_error_numeric_overflow { return true }
        guard let root = parsed else { fatalError("the answer is not JSON: \(String(cString: start))") }
        defer { json_decref(root) }
        let values = json_object_get(root, "values")
        for index in 0..<json_array_size(values) {
            let value = json_array_get(values, index)
            let revenue = json_number_value(json_object_get(value, "expected_revenue"))
            precondition(revenue >= 0 && revenue.isFinite, "a revenue of \(revenue)")
            for member in ["pctr", "pcvr"] {
                guard let number = json_object_get(value, member), number.pointee.type != JSON_NULL else { continue }
                let probability = json_number_value(number)
                // A policy's constant may be 0.
                let isPossible = probability > 0 || hasPolicy && probability == 0
                precondition(isPossible && probability <= 1, "a probability of \(probability)")
            }
        }
        return true
    }
}
