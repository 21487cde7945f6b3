// SPDX-License-Identifier: Apache-2.0
import CPlatform

/// The memory of one call. Where there is none, that is a failure and no trap.
struct Memory {
    private var blocks = InlineArray<24, UnsafeMutableRawPointer?>(repeating: nil)
    private var count = 0

    /// Takes memory for `count` values, which are zero. It belongs to this one until `giveBack`.
    mutating func take<Element: BitwiseCopyable>(_ count: Int) throws(Failure) -> UnsafeMutablePointer<Element> {
        // calloc looks at the product; none of it is touched before it is used.
        guard self.count < blocks.count, let block = calloc(max(count, 1), MemoryLayout<Element>.stride) else {
            throw .outOfMemory
        }
        blocks[self.count] = block
        self.count &+= 1
        return block.assumingMemoryBound(to: Element.self)
    }

    /// Gives all of it back.
    mutating func giveBack() {
        for index in 0..<count { free(blocks[index]) }
        count = 0
    }
}
