// SPDX-License-Identifier: Apache-2.0
import CPlatform

/// The memory of one call. A failed allocation is a failure and not a trap.
struct Memory {
    private var blocks = InlineArray<24, UnsafeMutableRawPointer?>(repeating: nil)
    private var count = 0

    /// Allocates memory for `count` values, which are zero. It belongs to this value until `giveBack`.
    mutating func take<Element: BitwiseCopyable>(_ count: Int) throws(Failure) -> UnsafeMutablePointer<Element> {
        // calloc checks the product for overflow, and touches no page before it is used.
        guard self.count < blocks.count, let block = calloc(max(count, 1), MemoryLayout<Element>.stride) else {
            throw .outOfMemory
        }
        blocks[self.count] = block
        self.count &+= 1
        return block.assumingMemoryBound(to: Element.self)
    }

    /// Frees all of it.
    mutating func giveBack() {
        for index in 0..<count { free(blocks[index]) }
        count = 0
    }
}
