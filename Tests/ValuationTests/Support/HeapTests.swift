// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Valuation

@Suite struct HeapTests {
    @Test func itSorts() {
        var generator = SeededGenerator(seed: 5)
        for count in [0, 1, 2, 3, 10, 100, 1000] {
            var numbers = (0..<count).map { _ in Int.random(in: 0...count, using: &generator) }
            let expected = numbers.sorted()
            var deadline = Deadline(budget: 0)
            #expect(numbers.withUnsafeMutableBufferPointer { Heap.sort($0, &deadline) { $0 > $1 } })
            #expect(numbers == expected)
        }
    }

    @Test func afterTheDeadlineItStops() {
        var numbers = Array((0..<1000).reversed())
        var deadline = Deadline(budget: 1)
        #expect(!numbers.withUnsafeMutableBufferPointer { Heap.sort($0, &deadline) { $0 > $1 } })
    }

    @Test func theFirstOfAHeapIsAboveAllOthers() {
        var generator = SeededGenerator(seed: 6)
        var numbers = (0..<100).map { _ in Int.random(in: 0...50, using: &generator) }
        let expected = numbers.sorted(by: >)
        numbers.withUnsafeMutableBufferPointer { heap in
            Heap.make(heap) { $0 > $1 }
            for taken in 0..<heap.count {
                #expect(heap[0] == expected[taken])
                heap[0] = heap[heap.count - 1 - taken]
                Heap.siftDown(heap, 0, heap.count - 1 - taken) { $0 > $1 }
            }
        }
    }
}
