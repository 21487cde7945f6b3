// SPDX-License-Identifier: Apache-2.0
import CPlatform
import CZlib

/// Unpacks gzip (RFC 1952) piece by piece; several members in a row are one text, as with gzip(1).
///
/// - Complexity: O(bytes), in about 110 KB of memory whatever the size of the text.
struct Inflater: ~Copyable {
    private static let inputCapacity = 65536

    /// On the heap because zlib keeps a pointer to it.
    private let room: Room<z_stream>
    private let input: Room<UInt8>
    private var insideMember = true

    private init(room: consuming Room<z_stream>, input: consuming Room<UInt8>) {
        self.room = room
        self.input = input
    }

    static func make() throws(Failure) -> Inflater {
        let room = try Room<z_stream>()
        let input = try Room<UInt8>(count: Inflater.inputCapacity)
        room.start.initialize(to: z_stream())
        let gzipOnly: Int32 = 16 + 15
        if inflateInit2_(room.start, gzipOnly, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) != Z_OK {
            throw .outOfMemory
        }
        return Inflater(room: room, input: input)
    }

    deinit {
        inflateEnd(room.start)
    }

    /// Unpacks up to `count` bytes; 0 at the end of the last member.
    mutating func read(
        from source: inout ByteSource, into destination: UnsafeMutablePointer<UInt8>, count: Int
    ) throws(Failure) -> Int {
        let stream = room.start
        stream.pointee.next_out = destination
        stream.pointee.avail_out = UInt32(clamping: count)
        let wanted = stream.pointee.avail_out
        while stream.pointee.avail_out == wanted {
            if stream.pointee.avail_in == 0 {
                let length = try source.read(into: input.start, count: Inflater.inputCapacity)
                if length == 0 {
                    if insideMember {
                        throw Failure(.gzip, "The gzip data ends too early; the file is truncated, so copy it again.")
                    }
                    return 0
                }
                stream.pointee.next_in = input.start
                stream.pointee.avail_in = UInt32(length)
            }
            if !insideMember {
                inflateReset(stream)
                insideMember = true
            }
            switch inflate(stream, Z_NO_FLUSH) {
            case Z_OK, Z_BUF_ERROR: continue
            case Z_STREAM_END: insideMember = false
            case Z_MEM_ERROR: throw .outOfMemory
            default:
                var failure = Failure(.gzip, "This is not sound gzip data; the file is damaged or misnamed.")
                failure.reason = UnsafePointer(stream.pointee.msg)
                throw failure
            }
        }
        return Int(wanted &- stream.pointee.avail_out)
    }
}
