// SPDX-License-Identifier: Apache-2.0

/// The positions of an object's known members. All other members are skipped.
struct KnownMembers {
    /// The known names.
    private let names: Words
    private let text: Text
    /// For each name, in the order of `names`, the position of its value; -1 if it is missing.
    private var starts = InlineArray<18, Int>(repeating: -1)
    /// A name that occurs twice, and the position of its second occurrence.
    private(set) var repeated: (name: Text, start: Int)?

    /// Goes through an object.
    ///
    /// - Parameters:
    ///   - knownNames: at most 18, separated by spaces.
    ///   - cursor: at the object's "{"; left after its end.
    ///   - name: memory for decoding.
    ///   - pass: Called with the cursor at each member's value; must move it past the value.
    init(
        _ knownNames: StaticString, of cursor: inout JSONCursor, decodingInto name: inout Buffer<UInt8>,
        _ pass: (inout JSONCursor, _ name: Text, _ isKnown: Bool) throws(Failure) -> Void
    ) throws(Failure) {
        names = Text(knownNames).words
        text = cursor.text
        guard cursor.enter(closing: UInt8(ascii: "}")) else { return }
        repeat {
            _ = cursor.nextByte()
            let nameStart = cursor.offset
            let member = try cursor.documentMemberName().decoded(into: &name)
            _ = cursor.nextByte()
            let position = names.position(of: member)
            if let position {
                if starts[position] >= 0 && repeated == nil { repeated = (names[position], nameStart) }
                starts[position] = cursor.offset
            }
            try pass(&cursor, member, position != nil)
        } while try cursor.nextElement(closing: UInt8(ascii: "}"))
    }

    /// A cursor at the value of a member; nil if it is missing. - Precondition: `name` is one of the names.
    @_optimize(speed)
    func member(_ name: StaticString) -> JSONCursor? {
        guard let position = names.position(of: Text(name)), starts[position] >= 0 else { return nil }
        return JSONCursor(text, at: starts[position])
    }
}
