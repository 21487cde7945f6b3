// SPDX-License-Identifier: Apache-2.0
import CValuation
import Testing

@testable import Valuation

/// Checks that happen before jansson sees a document.
@Suite struct JSONDocumentTests {
    private func complaint(_ text: String) -> Complaint? {
        var description = valuation_error()
        return withUnsafeMutablePointer(to: &description) { error in
            let note = Note(error: error)
            return withText(text) { text in
                do throws(Failure) {
                    _ = try JSONDocument(text, note: note)
                    return nil
                } catch {
                    note.describe(error)
                    return Complaint(note.error.pointee)
                }
            }
        }
    }

    @Test(arguments: [("{}", 4), ("[]", 4), ("\"\"", 1), ("1", 1), ("null", 1)])
    func theNumberOfValuesInADocumentIsLimited(value: String, cost: Int) throws {
        // The array itself counts, too.
        let most = (JSONDocument.maximumValues - 4) / cost
        let values = [String](repeating: value, count: most).joined(separator: ",")
        #expect(complaint("[\(values)]") == nil)
        let failure = try #require(complaint("[\(values),\n\(value)]"))
        #expect(failure.status == .limitExceeded)
        #expect(failure.line == 2 && failure.column == 1)
        #expect(failure.message.contains("4,000,000"))
    }

    @Test func aDocumentMayBeNested64Deep() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + "1" + String(repeating: "]", count: depth)
        }
        #expect(complaint(nested(64)) == nil)
        for depth in [65, 2040, 100_000] {
            let failure = try #require(complaint(nested(depth)))
            #expect(failure.status == .limitExceeded && failure.line == 1 && failure.column == 65)
        }
    }

    @Test func aDuplicateMemberIsReportedWithItsPlace() throws {
        let failure = try #require(complaint("{\"a\": 1,\n \"a\": 2}"))
        #expect(failure.status == .duplicateKey && failure.line == 2)
        #expect(failure.message.contains("a"))
    }

    @Test func aByteOrderMarkIsNamed() throws {
        let failure = try #require(complaint("\u{feff}{}"))
        #expect(failure.status == .jsonSyntax && failure.column == 1)
        #expect(failure.message.contains("byte order mark"))
    }
}
