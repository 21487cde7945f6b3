// SPDX-License-Identifier: Apache-2.0
import CValuation

/// The examples in model files (features and the probability that the trainer computed), kept until they run through
/// the code that serves.
struct SelfTests: ~Copyable {
    static let tolerance = 1e-6

    struct Test {
        /// The model's number in the order of adding.
        var model: Int
        /// Position in the document's `self_test`.
        var index: Int
        var probability: Double
        var start: Int
        var end: Int
    }

    private var tests = Buffer<Test>()
    private var texts = Buffer<UInt8>()

    var count: Int { tests.count }

    subscript(position: Int) -> Test { tests[position] }

    /// The JSON text of a test's features.
    func text(of test: Test) -> Text { texts.text.slice(test.start, test.end) }

    mutating func add(_ model: borrowing Model, number: Int) throws(Failure) {
        let offset = texts.count
        try texts.append(model.exampleTexts.text)
        for position in 0..<model.examples.count {
            let example = model.examples[position]
            try tests.append(
                Test(
                    model: number, index: example.index, probability: example.probability,
                    start: offset &+ example.start, end: offset &+ example.end))
        }
    }

    /// Runs tests one after the other.
    struct Replay: ~Copyable {
        private let scratch: UnsafeMutablePointer<Scratch>
        private var features = FeatureReader()
        private var failed = FailedExample()

        init() throws(Failure) {
            scratch = try Scratch.allocate()
        }

        deinit {
            Memory.destroy(scratch)
        }

        /// Whether the model gives the result that a test expects; if not, the note has the model's result. The
        /// features are scored as an ad's, so the cost is that of one model's weights and not of every campaign's.
        ///
        /// - Complexity: O(features).
        mutating func isPassed(
            _ test: Test, text: Text, model: UInt32, index: borrowing Index, note: Note
        ) throws(Failure) -> Bool {
            features.removeAll()
            var cursor = JSONCursor(text)
            do {
                try features.read(&cursor, index: index)
            } catch {
                if error.status == .outOfMemory { throw error }
                note.setMessage("The example's features cannot be read: \(error.message)")
                return false
            }
            if !features.flags.isDisjoint(with: [.wrongType, .invalidNumber]) {
                note.setMessage(
                    "The example's \"\(features.wrongField)\" is of the wrong type; give text for categories alone.")
                return false
            }
            let answer = withUnsafePointer(to: index) { index in
                Scoring.probability(
                    model: model, features: features.features.elements, index: index, scratch: scratch)
            }
            let expected = test.probability
            if (Double(answer) - expected).magnitude <= SelfTests.tolerance * expected { return true }
            // Read again, with the names of its features.
            features.removeAll()
            features.keepsSources = true
            cursor = JSONCursor(text)
            try features.read(&cursor, index: index)
            features.keepsSources = false
            try failed.describe(
                features, expected: expected, answer: answer, model: model, index: index, note: note)
            return false
        }
    }
}
