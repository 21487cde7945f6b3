// SPDX-License-Identifier: Apache-2.0
import CPlatform
import Synchronization

/// A lock for the cold path: loading, and creating and destroying scorers. Scoring takes none.
///
/// It is a word of the caller's memory (Drepper, "Futexes are tricky", 2011): 0 if it is free, so that zeroing the
/// memory frees it, 1 if it is held, and 2 if somebody may be waiting for it.
struct Lock {
    static let size = MemoryLayout<UInt32>.size

    private let word: UnsafePointer<Atomic<UInt32>>

    init(at memory: UnsafeMutableRawPointer) {
        word = UnsafePointer(memory.assumingMemoryBound(to: Atomic<UInt32>.self))
    }

    func lock() {
        if word.pointee.compareExchange(expected: 0, desired: 1, ordering: .acquiring).exchanged { return }
        while word.pointee.exchange(2, ordering: .acquiring) != 0 { valuation_platform_wait(word, 2) }
    }

    func unlock() {
        if word.pointee.exchange(0, ordering: .releasing) == 2 { valuation_platform_wake(word) }
    }
}
