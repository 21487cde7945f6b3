// SPDX-License-Identifier: Apache-2.0
import CValuation
import Testing

@testable import Valuation

/// How a `features` object is read, field by field.
@Suite struct FeatureReaderTests {
    /// Knows the categories slot, id, segments, logged_in and f0 ... f449, the numbers age and price, and `both`, which
    /// is a category to one model and a number to another.
    private let models: LoadedModels

    init() throws {
        var first = ModelDocument(campaign: "1")
        for field in ["slot", "id", "segments", "logged_in", "both"] { first.categorical[field] = ["of no matter": 1] }
        for number in 0..<450 { first.categorical["f\(number)"] = [:] }
        var second = ModelDocument(campaign: "2")
        for field in ["age", "price", "both"] {
            second.numeric[field] = ModelDocument.Numeric(mean: 0, std: 1, weight: 1)
        }
        models = try LoadedModels([first, second])
    }

    private struct Found: Equatable {
        var features: [String] = []
        var flags: Flags = []
    }

    /// An object's features in their order, as `field=value` or, for a number, `field:number`.
    private func read(_ json: String) throws(Failure) -> Found {
        try withText(json) { text throws(Failure) in
            var cursor = JSONCursor(text)
            var reader = FeatureReader()
            reader.keepsSources = true
            try reader.read(&cursor, index: models.snapshot.pointee.index)
            try cursor.expectEnd()
            var found = Found(flags: reader.flags)
            for position in 0..<reader.features.count {
                let feature = reader.features[position]
                let source = reader.sources[position]
                if source.isNumber {
                    let key = numberKey(source.field.bytes)
                    #expect(feature.key == key)
                    found.features.append("\(source.field.string):\(feature.number)")
                } else {
                    found.features.append("\(source.field.string)=\(source.value.string)")
                }
            }
            return found
        }
    }

    /// The keys of an object's features.
    private func keys(_ json: String) throws(Failure) -> [UInt64] {
        try withText(json) { text throws(Failure) in
            var cursor = JSONCursor(text)
            var reader = FeatureReader()
            try reader.read(&cursor, index: models.snapshot.pointee.index)
            return (0..<reader.features.count).map { reader.features[$0].key }
        }
    }

    private func expect(_ json: String, _ features: [String], _ flags: Flags = []) throws {
        let found = try read(json)
        #expect(found == Found(features: features, flags: flags), "\(json)")
    }

    @Test func textIsACategory() throws {
        try expect(#"{"slot": "12"}"#, ["slot=12"])
        #expect(try keys(#"{"slot": "12"}"#) == [NamedFeature.category("slot", "12").feature.key])
        try expect(#"{"slot": ""}"#, ["slot="])
        try expect("{}", [])
    }

    @Test func escapesMeanTheirCharacters() throws {
        #expect(
            try keys(#"{"s\u006cot": "\u0031\u00322\/\n\ud83d\ude00"}"#) == [
                NamedFeature.category("slot", "122/\n\u{1F600}").feature.key
            ])
    }

    @Test(arguments: [
        ("12", "12"), ("12.5", "12.5"), ("1e2", "100"), ("1.0", "1"), ("-3", "-3"), ("0", "0"),
        ("18446744073709551615", "18446744073709551615"), ("9007199254740993", "9007199254740993"),
        ("-9223372036854775808", "-9223372036854775808"),
    ])
    func aNumberForACategoryIsItsText(number: String, category: String) throws {
        #expect(try keys("{\"id\": \(number)}") == [NamedFeature.category("id", category).feature.key])
        #expect(try read("{\"id\": \(number)}").flags == [])
    }

    @Test func aNumberForANumberIsANumber() throws {
        try expect(#"{"age": 2.5, "price": -1e2}"#, ["age:2.5", "price:-100.0"])
    }

    @Test func trueAndFalseAreCategories() throws {
        try expect(#"{"logged_in": true}"#, ["logged_in=true"])
        try expect(#"{"logged_in": false}"#, ["logged_in=false"])
        #expect(try keys(#"{"logged_in": true}"#) == [NamedFeature.category("logged_in", "true").feature.key])
    }

    @Test func nullIsAbsent() throws {
        try expect(#"{"slot": null, "age": null, "never heard of": null}"#, [])
        try expect(#"{"segments": [null, "a", null]}"#, ["segments=a"])
    }

    @Test func anArrayIsSeveralCategories() throws {
        try expect(#"{"segments": ["a", "b", "a"]}"#, ["segments=a", "segments=b", "segments=a"])
        try expect(#"{"segments": [12, 1.5, true]}"#, ["segments=12", "segments=1.5", "segments=true"])
        try expect(#"{"segments": []}"#, [])
    }

    @Test func aFieldOfBothKindsIsBoth() throws {
        try expect(#"{"both": 12}"#, ["both=12", "both:12.0"])
        try expect(#"{"both": "12"}"#, ["both=12"])
    }

    @Test func aValueOfTheWrongTypeIsFlaggedAndTheRestCounts() throws {
        try expect(#"{"age": "old", "slot": "12"}"#, ["slot=12"], .wrongType)
        try expect(#"{"age": true, "slot": "12"}"#, ["slot=12"], .wrongType)
        try expect(#"{"age": [1], "slot": "12"}"#, ["slot=12"], .wrongType)
        try expect(#"{"slot": {"a": [1, {}]}, "age": 1}"#, ["age:1.0"], .wrongType)
        try expect(#"{"segments": ["a", ["b"], {"c": 1}, "d"]}"#, ["segments=a", "segments=d"], .wrongType)
    }

    @Test func aFieldThatNoModelKnowsIsFlagged() throws {
        try expect(#"{"slott": "12", "slot": "12"}"#, ["slot=12"], .unknownField)
        for value in ["1", "true", "[]", "{\"a\": {}}", "\"x\""] { try expect("{\"x\": \(value)}", [], .unknownField) }
    }

    @Test func aNumberBeyondDoubleIsFlaggedForACategory() throws {
        try expect(#"{"slot": 1e999, "age": 1}"#, ["age:1.0"], .invalidNumber)
    }

    @Test func ofMembersWithOneNameTheLastCounts() throws {
        try expect(#"{"slot": "1", "age": 2, "slot": "3"}"#, ["age:2.0", "slot=3"])
        try expect(#"{"slot": "1", "slot": null}"#, [])
        try expect(#"{"segments": ["a", "b"], "slot": "1", "segments": "c"}"#, ["slot=1", "segments=c"])
        try expect(#"{"both": 1, "slot": "2", "both": "3"}"#, ["slot=2", "both=3"])
        try expect(#"{"slot": "1", "\u0073lot": "2"}"#, [#"\u0073lot=2"#])
    }

    @Test(arguments: 1...3 as ClosedRange<UInt64>)
    func ofMembersWithOneNameTheLastCountsAmongHundreds(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var members: [(String, Int)] = []
        for value in 0..<3 {
            for number in 0..<450 where !generator.once(in: 3) { members.append(("f\(number)", value)) }
        }
        members.shuffle(using: &generator)
        var last: [String: Int] = [:]
        for (field, value) in members { last[field] = value }
        let text = members.map { "\"\($0.0)\": \"\($0.1)\"" }.joined(separator: ", ")
        let found = try read("{\(text)}")
        #expect(found.features.count == last.count)
        #expect(Set(found.features) == Set(last.map { "\($0.key)=\($0.value)" }))
    }

    @Test func consecutiveObjectsAddUpTheirFeatures() throws {
        var reader = FeatureReader()
        for _ in 0..<2 {
            try withText(#"{"slot": "1", "slot": "2"}"#) { text throws(Failure) in
                var cursor = JSONCursor(text)
                try reader.read(&cursor, index: models.snapshot.pointee.index)
            }
        }
        #expect(reader.features.count == 2)
    }

    @Test func tenThousandFeaturesAreAllowedAndOneMoreIsNot() throws {
        let many = [String](repeating: "1", count: 10_000).joined(separator: ",")
        #expect(try read("{\"segments\": [\(many)]}").features.count == 10_000)
        let refusal = complaint { () throws(Failure) in _ = try read("{\"segments\": [\(many)], \"slot\": 1}") }
        #expect(refusal?.status == .limitExceeded)
    }

    @Test(arguments: [
        (#"{"age": "x", "age": 1}"#, ["age:1.0"]), (#"{"age": "x", "slot": "1", "age": 1}"#, ["slot=1", "age:1.0"]),
        (#"{"slot": {}, "slot": "1"}"#, ["slot=1"]), (#"{"slot": [[], "2"], "slot": "1"}"#, ["slot=1"]),
        (#"{"unheard": 1, "unheard": null}"#, []), (#"{"age": 1e999, "age": 2}"#, ["age:2.0"]),
        (#"{"age": "x", "age": null}"#, []),
    ])
    func theFlagsOfAMemberThatComesAgainDoNotStay(json: String, features: [String]) throws {
        let found = try read(json)
        #expect(found.features == features)
        #expect(found.flags.isDisjoint(with: [.wrongType, .unknownField]))
    }

    @Test func theFlagsOfTheLastMemberCount() throws {
        #expect(try read(#"{"age": 1, "age": "x"}"#) == Found(features: [], flags: .wrongType))
        #expect(try read(#"{"unheard": null, "unheard": 1}"#).flags == .unknownField)
    }

    /// Whatever repeats and whatever is between: the last of each name counts, in the order of the text.
    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func ofRepeatedMembersTheLastOnesCount(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var members: [(field: String, values: [String])] = []
        let fields = Int.random(in: 1...120, using: &generator)
        for _ in 0..<Int.random(in: 1...400, using: &generator) {
            let field = "f\(Int.random(in: 0..<fields, using: &generator))"
            members.append((field, (0..<Int.random(in: 0...3, using: &generator)).map { "\($0)" }))
        }
        let json = members.map { "\"\($0.field)\": [\($0.values.map(quoted).joined(separator: ", "))]" }
        var expected: [String] = []
        for (position, member) in members.enumerated()
        where !members[(position + 1)...].contains(where: { $0.field == member.field }) {
            expected += member.values.map { "\(member.field)=\($0)" }
        }
        #expect(try read("{\(json.joined(separator: ", "))}").features == expected)
    }
}

private func numberKey(_ field: [UInt8]) -> UInt64 {
    withText(field) { Secret.standard.number(field: $0) }
}
