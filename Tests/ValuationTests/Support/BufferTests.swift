// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Valuation

@Suite struct BufferTests {
    private func array<Element>(_ buffer: borrowing Buffer<Element>) -> [Element] {
        (0..<buffer.count).map { buffer[$0] }
    }

    @Test func behavesLikeAnArrayUnderAnyOperations() throws {
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<50 {
            var buffer = Buffer<UInt32>()
            var array: [UInt32] = []
            for _ in 0..<200 {
                switch Int.random(in: 0..<8, using: &generator) {
                case 0, 1, 2:
                    let element = UInt32.random(in: 0...9, using: &generator)
                    try buffer.append(element)
                    array.append(element)
                case 3:
                    let elements = (0..<Int.random(in: 0...40, using: &generator)).map { UInt32($0) }
                    try buffer.append(elements, count: elements.count)
                    array += elements
                case 4:
                    let count = Int.random(in: 0...array.count, using: &generator)
                    buffer.truncate(count)
                    array.removeLast(array.count - count)
                case 5:
                    let count = Int.random(in: 0...100, using: &generator)
                    try buffer.resize(count, filling: 7)
                    array = Array(array.prefix(count)) + [UInt32](repeating: 7, count: max(0, count - array.count))
                case 6:
                    let length = Int.random(in: 0...10, using: &generator)
                    try buffer.reserve(buffer.count + length + 1)
                    for place in 0..<length { buffer.spare[place] = 3 }
                    buffer.appendWritten(length)
                    array += [UInt32](repeating: 3, count: length)
                default:
                    guard let place = array.indices.randomElement(using: &generator) else { continue }
                    buffer[place] = 11
                    array[place] = 11
                }
                #expect(buffer.count == array.count)
            }
            #expect(self.array(buffer) == array)
            #expect(Array(buffer.elements) == array)
        }
    }

    @Test func removingAllKeepsTheMemory() throws {
        var buffer = Buffer<UInt64>()
        try buffer.resize(1000, filling: 1)
        let base = buffer.base
        buffer.removeAll()
        #expect(buffer.count == 0)
        try buffer.resize(1000, filling: 2)
        #expect(buffer.base == base)
    }

    @Test(arguments: [Int.max, Int.max / 8, Int.max / 8 + 1])
    func aFailedAllocationChangesNothing(capacity: Int) throws {
        var buffer = Buffer<SIMD2<UInt64>>()
        try buffer.append([1, 2])
        var thrown: Failure?
        do { try buffer.reserve(capacity) } catch { thrown = error }
        #expect(thrown?.status == .outOfMemory)
        #expect(array(buffer) == [[1, 2]])
    }

    @Test func appendsTextAndTerminatesIt() throws {
        var buffer = Buffer<UInt8>()
        #expect(buffer.text.count == 0)
        try buffer.append("größe")
        try withText("=12") { text throws(Failure) in try buffer.append(text) }
        let text = try buffer.terminated()
        #expect(text.string == "größe=12")
        #expect(text.start[text.count] == 0)
        #expect(buffer.count == text.count)
    }

    /// The core is optimised for these tests, yet they also test a debug build's checks.
    @Test func anAccessOutOfBoundsTraps() async {
        await #expect(processExitsWith: .failure) {
            var buffer = Buffer<UInt32>()
            buffer.truncate(1)
        }
    }
}
