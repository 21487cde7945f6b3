// SPDX-License-Identifier: Apache-2.0
import CValuation
import Testing

@testable import Valuation

/// A failure is described in a `valuation_error`, whose texts have limited room.
@Suite struct NoteTests {
    private func noted(_ write: (Note) -> Void) -> Complaint {
        var error = valuation_error()
        withUnsafeMutablePointer(to: &error) { write(Note(error: $0)) }
        return Complaint(error)
    }

    @Test func aMessageContainsItsValues() {
        withText("größe") { text in
            let complaint = noted { $0.setMessage("\(text)=\(-12), \(0.25) and \(Float(0.1))!") }
            #expect(complaint.message == "größe=-12, 0.25 and 0.1!")
        }
        #expect(noted { $0.setMessage("Nothing to add.") }.message == "Nothing to add.")
        #expect(noted { $0.setMessage("\(Int.max)\(Int.min)") }.message == "9223372036854775807-9223372036854775808")
    }

    @Test func aFailureIsDescribedWhole() {
        var failure = Failure(.readFailed, "Reading failed.")
        (failure.line, failure.column) = (3, 4)
        failure.setJSONPath("$.top")
        let complaint = noted { $0.describe(failure) }
        #expect(complaint.status == .readFailed && complaint.message == "Reading failed.")
        #expect(complaint.line == 3 && complaint.column == 4 && complaint.jsonPath == "$.top")
    }

    /// A character of two, three or four bytes that does not fit whole is left out, with everything after it.
    @Test(arguments: ["ä", "€", "\u{1F600}"])
    func aLongMessageIsCutBetweenCharacters(character: String) {
        for before in 1017...1024 {
            let start = String(repeating: "x", count: before)
            let kept = withText(start + character + "yyyyyyyy") { text in noted { $0.setMessage("\(text)z") }.message }
            #expect((start + character + "yyyyyyyyz").hasPrefix(kept))
            #expect(kept.utf8.count <= 1023)
            // No more is left out than necessary.
            #expect(
                kept.utf8.count >= min(1023, before)
                    && (before + character.utf8.count > 1023 || kept.utf8.count == 1023))
        }
    }

    @Test func aLongJSONPathIsCutAsWell() throws {
        let complaint = try withText(String(repeating: "ä", count: 200)) { name in
            var path = JSONPath()
            try path.push(name)
            return noted { $0.setJSONPath(path) }
        }
        #expect(complaint.jsonPath == "$[\"" + String(repeating: "ä", count: 126))
    }

    @Test func ofALongFilePathTheEndIsKept() {
        #expect(withText("/models/click.json") { path in noted { $0.setFile(path) }.file } == "/models/click.json")
        for count in [511, 512, 513, 600, 5000] {
            let path = String(repeating: "/ä", count: count / 3) + "/click.json"
            let kept = withText(path) { path in noted { $0.setFile(path) }.file }
            #expect(path.hasSuffix(kept))
            #expect(kept.utf8.count <= 511 && kept.utf8.count >= min(path.utf8.count, 510))
        }
    }

    @Test func bytesOfAPathThatAreNotUTF8AreReplaced() {
        let path: [UInt8] = Array("/a".utf8) + [0xff, 0xc3] + Array("b/ä".utf8) + [0xe2, 0x82] + Array(".json".utf8)
        let file = withText(path) { path in noted { $0.setFile(path) }.file }
        #expect(file.filter { $0 != "\u{fffd}" } == "/ab/ä.json")
        #expect(file.contains("\u{fffd}"))
    }
}
