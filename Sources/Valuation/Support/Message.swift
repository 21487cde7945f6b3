// SPDX-License-Identifier: Apache-2.0

/// A sentence with values in it, to be written into a `Note` at once: it borrows its texts and allocates nothing.
///
/// It is made from a literal with interpolations: `"Campaign \"\(name)\" has \(count) models."`; at most four values.
struct Message: ExpressibleByStringInterpolation {
    typealias StringLiteralType = StaticString

    private enum Piece {
        case text(Text)
        case integer(Int)
        case double(Double)
        case float(Float)
    }

    private var pieces = InlineArray<9, Piece>(repeating: .integer(0))
    private var count = 0

    init(stringLiteral literal: StaticString) {
        add(.text(Text(literal)))
    }

    init(stringInterpolation: StringInterpolation) {
        self = stringInterpolation.message
    }

    @inline(never)
    private init() {}

    @inline(never)
    private mutating func add(_ piece: Piece) {
        assert(count < 9)
        if count == 9 { return }
        pieces[count] = piece
        count += 1
    }

    /// Passes `body` the parts in their order.
    func forEachText(_ body: (Text) -> Void) {
        for index in 0..<count {
            switch pieces[index] {
            case .text(let text): body(text)
            case .integer(let number): withDecimal(number, body)
            case .double(let number): withDecimal(number, body)
            case .float(let number): withDecimal(number, body)
            }
        }
    }

    struct StringInterpolation: StringInterpolationProtocol {
        typealias StringLiteralType = StaticString

        fileprivate var message = Message()

        init(literalCapacity: Int, interpolationCount: Int) {}

        @inline(never)
        mutating func appendLiteral(_ literal: StaticString) {
            if literal.utf8CodeUnitCount > 0 { message.add(.text(Text(literal))) }
        }

        @inline(never)
        mutating func appendInterpolation(_ value: Text) { message.add(.text(value)) }
        @inline(never)
        mutating func appendInterpolation(_ value: StaticString) { message.add(.text(Text(value))) }
        @inline(never)
        mutating func appendInterpolation(_ value: Int) { message.add(.integer(value)) }
        @inline(never)
        mutating func appendInterpolation(_ value: Double) { message.add(.double(value)) }
        @inline(never)
        mutating func appendInterpolation(_ value: Float) { message.add(.float(value)) }
    }
}
