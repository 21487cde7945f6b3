// SPDX-License-Identifier: Apache-2.0
import CJansson
import Testing

@testable import Valuation

/// The request reader against jansson, which reads the model files: both understand a text in the same way.
///
/// JSONLimitTests tests the intended differences.
@Suite struct JSONAgainstJanssonTests {
    /// Whether both accept the text; nil if they disagree.
    private func compare(_ bytes: [UInt8]) -> Bool? {
        withText(bytes) { text -> Bool? in
            var tree: JSONTree?
            let refusal = complaint { () throws(Failure) in tree = try JSONTree.read(withCursor: text) }
            let skipRefusal = complaint { () throws(Failure) in
                var cursor = JSONCursor(text)
                _ = try cursor.skipValue()
                try cursor.expectEnd()
            }
            let jansson = JSONTree.read(withJansson: text)
            // Skipping a value checks it as closely as reading it.
            #expect((refusal == nil) == (skipRefusal == nil), "\(String(decoding: bytes, as: UTF8.self))")
            #expect(refusal?.line == skipRefusal?.line && refusal?.column == skipRefusal?.column)
            if let refusal {
                #expect(refusal.status == .jsonSyntax)
                if jansson.tree != nil { return nil }
                return false
            }
            // The documented differences: a number beyond double, and a NUL in a member's name.
            if jansson.error == json_error_numeric_overflow || jansson.error == json_error_null_byte_in_key {
                return true
            }
            return tree == jansson.tree ? true : nil
        }
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func validTextsAreReadAlike(seed: UInt64) {
        var random = RandomJSON(seed: seed)
        for _ in 0..<600 {
            let text = random.text()
            #expect(compare(text) == true, "\(String(decoding: text, as: UTF8.self))")
        }
    }

    @Test(arguments: 11...15 as ClosedRange<UInt64>)
    func damagedTextsAreAcceptedOrRefusedAlike(seed: UInt64) {
        var random = RandomJSON(seed: seed)
        var accepted = 0
        for _ in 0..<1000 {
            let text = random.damagedText()
            guard let isAccepted = compare(text) else {
                Issue.record("read differently: \(text) \(String(decoding: text, as: UTF8.self))")
                continue
            }
            if isAccepted { accepted += 1 }
        }
        // Both kinds must occur, or the test would show little.
        #expect(accepted > 70 && accepted < 900)
    }

    /// Two, three and four bytes inside a string: every first byte with what may and may not follow it.
    @Test func bytesInStringsAreUTF8ForBothOrForNeither() {
        var wrong: [[UInt8]] = []
        for first in 0...255 as ClosedRange<UInt8> {
            for second in [0, 31, 32, 34, 92, 110] + Array(0x7e...0xc1 as ClosedRange<UInt8>) + [0xff] {
                let text: [UInt8] = [34, first, second, 34]
                if compare(text) == nil { wrong.append(text) }
            }
        }
        for first in [0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef] as [UInt8] {
            for second in 0x7e...0xc1 as ClosedRange<UInt8> {
                for third in [0x7f, 0x80, 0xbf, 0xc0] as [UInt8] {
                    let text = [34, first, second, third, 34]
                    if compare(text) == nil { wrong.append(text) }
                }
            }
        }
        for first in [0xf0, 0xf1, 0xf3, 0xf4, 0xf5] as [UInt8] {
            for second in 0x7e...0xc1 as ClosedRange<UInt8> {
                for last in [0x7f, 0x80, 0xbf, 0xc0] as [UInt8] {
                    for text in [[34, first, second, 0x80, last, 34], [34, first, second, last, 0xbf, 34]]
                    where compare(text) == nil { wrong.append(text) }
                }
            }
        }
        #expect(wrong == [])
    }

    /// Strings are scanned sixteen bytes at a time: a special byte is seen at every position, and at the text's end.
    @Test func aSpecialByteIsSeenAtEveryPosition() {
        for length in 0...40 {
            for place in 0...length {
                for unusual in [[34], [92], [92, 110], [31], [0], [0x7f], [0x80], [0xc3, 0xa4], [0xff]] as [[UInt8]] {
                    var text = [UInt8](repeating: 97, count: length)
                    text.insert(contentsOf: unusual, at: place)
                    for end in [[34], [34, 32], [], [34] + [UInt8](repeating: 32, count: 20)] as [[UInt8]] {
                        #expect(compare([34] + text + end) != nil)
                    }
                }
            }
        }
    }

    @Test(arguments: [
        #""\ud83d\ude00""#, #""\uD83D\uDE00""#, #""\ud83d""#, #""\ud83d\n""#, #""\ud83dx""#, #""\ude00""#,
        #""\ude00\ud83d""#,
        #""\ud83d\ud83d\ude00""#, #""\u12""#, #""\u12g4""#, #""\U0041""#, #""\u0000""#, #""\u""#, #""\"#, #"""#,
        #""\x41""#,
        "01", "-", "-01", "1.", ".5", "1e", "1e+", "+1", "0x10", "1.5.2", "--1", "-0", "0e0", "1E400", "1e-400",
        "Infinity",
        "NaN", "nul", "nulll", "True", "[1,]", "[,1]", "[1 2]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{,}", "{a:1}",
        "{1:1}",
        "[1]]", "[[1]", "[1}", "{\"a\":1]", "", " ", "\u{feff}[]", "[]\u{0}", "\u{0}", "[\u{a0}]", "[\u{b}]", "// x\n1",
        "'a'",
        "\"a\nb\"", "\"a\tb\"", "\"\u{7f}\"", "1 2", "[] []", "null ", "\"\\ud800\\u0041\"",
    ])
    func knownTrapsAreReadAlike(text: String) {
        #expect(compare(Array(text.utf8)) != nil)
    }
}
