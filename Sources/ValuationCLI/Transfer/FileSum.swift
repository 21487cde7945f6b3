// SPDX-License-Identifier: Apache-2.0
import CChecksum

/// The size and the checksum by which a manifest knows a file.
struct FileSum: Equatable {
    let bytes: Int
    /// 32 hexadecimal digits, as `xxh128sum` prints them.
    let xxh128: String

    init(bytes: Int, xxh128: String) {
        (self.bytes, self.xxh128) = (bytes, xxh128)
    }

    /// Of a file. - Complexity: O(bytes), at the speed of the disk.
    init(ofFile path: String) throws {
        let file = try InputFile(path: path)
        let state = UnsafeMutableRawPointer.allocate(byteCount: Int(VALUATION_CHECKSUM_STATE), alignment: 64)
        let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
        defer {
            state.deallocate()
            chunk.deallocate()
        }
        valuation_checksum_begin(state)
        var bytes = 0
        while true {
            let count = try file.read(into: chunk)
            if count == 0 { break }
            valuation_checksum_add(state, chunk.baseAddress, count)
            bytes += count
        }
        self.init(bytes: bytes, xxh128: Self.text(valuation_checksum_end(state)))
    }

    /// The checksum of bytes in memory.
    static func xxh128(of bytes: some Collection<UInt8>) -> String {
        Array(bytes).withUnsafeBytes { text(valuation_checksum_of($0.baseAddress, $0.count)) }
    }

    private static func text(_ checksum: valuation_checksum) -> String {
        [checksum.high, checksum.low].map { word in
            let digits = String(word, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }
}
