// SPDX-License-Identifier: Apache-2.0
import CChecksum
import CPlatform

/// XXH3 with 128 bits, the checksum of manifests and compiled files. It finds damage, not malice.
typealias Checksum = valuation_checksum

extension valuation_checksum: @retroactive Equatable {
    /// The number of hexadecimal digits, as in `xxh128sum`.
    static let digits = 32

    /// Whether both have the same 128 bits.
    public static func == (first: valuation_checksum, second: valuation_checksum) -> Bool {
        first.high == second.high && first.low == second.low
    }

    /// One of its hexadecimal digits, the highest first.
    func digit(_ place: Int) -> UInt8 {
        let word = place < 16 ? high : low
        return hexadecimalDigit(UInt8(word &>> UInt64(60 &- 4 &* (place & 15)) & 15))
    }

    /// nil unless the text is 32 digits in lower case.
    init?(hexadecimal text: Text) {
        guard text.count == Checksum.digits else { return nil }
        self.init(high: 0, low: 0)
        for index in 0..<text.count {
            let value: UInt8
            switch text[index] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = text[index] &- UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = text[index] &- UInt8(ascii: "a") &+ 10
            default: return nil
            }
            high = high &<< 4 | low &>> 60
            low = low &<< 4 | UInt64(value)
        }
    }
}

extension Buffer where Element == UInt8 {
    mutating func append(hexadecimal checksum: Checksum) throws(Failure) {
        for place in 0..<Checksum.digits {
            try append(checksum.digit(place))
        }
    }
}

/// The checksum of bytes that come piece by piece.
struct ChecksumState: ~Copyable {
    private let state: UnsafeMutableRawPointer

    init() throws(Failure) {
        guard let memory = valuation_platform_allocate(Int(VALUATION_CHECKSUM_STATE)) else { throw .outOfMemory }
        state = memory
        valuation_checksum_begin(state)
    }

    deinit {
        free(state)
    }

    /// - Complexity: O(count), at the speed of memory.
    mutating func add(_ bytes: UnsafeRawPointer, count: Int) {
        valuation_checksum_add(state, bytes, count)
    }

    var checksum: Checksum { valuation_checksum_end(state) }
}

/// The size and the checksum of a file.
struct FileSum: Equatable {
    var bytes: Int
    var checksum: Checksum
}
