// SPDX-License-Identifier: Apache-2.0
import CChecksum
import CKernels
import CPlatform
import CValuation

/// A compiled file, format `valuation-compiled/4`: a header on a page of its own, and then an index in its in-memory
/// form. It is mapped read-only, so that opening it copies nothing and all processes share its pages, or copied on
/// request.
enum CompiledFile {
    static let suffix: StaticString = ".valuation"
    private static let magic: StaticString = "VALUATE\n"
    static let format = Int(VALUATION_COMPILED_FORMAT_VERSION)
    /// The name of a release's compiled file.
    static let fileName: StaticString = "index.valuation"

    private static let headerBytes = MemoryLayout<valuation_compiled_header>.size
    private static let summedHeaderBytes = headerBytes - MemoryLayout<(UInt64, UInt64)>.size

    // MARK: Writing

    /// Writes an index. The same models give the same bytes.
    static func write(_ index: borrowing Index, to writer: inout FileWriter) throws(Failure) {
        var header = valuation_compiled_header()
        _ = withUnsafeMutableBytes(of: &header.magic) { memcpy($0.baseAddress.unsafelyUnwrapped, magic.utf8Start, 8) }
        header.byte_order = UInt32(VALUATION_COMPILED_BYTE_ORDER)
        header.format = UInt32(format)
        header.file_bytes = UInt64(Int(VALUATION_COMPILED_INDEX) + index.byteCount)
        let sum = valuation_checksum_of(index.block.pointee.start, index.byteCount)
        header.index_checksum = (sum.high, sum.low)
        header.counts = index.counts.stored
        (header.labels, header.campaigns) = (index.hashes.labels.function, index.hashes.campaigns.function)
        header.fields = index.hashes.fields.function
        (header.levels, header.has_crosses) = (UInt64(index.levels), index.hasCrosses ? 1 : 0)
        let digest = try index.secret.digest()
        header.secret_digest = (digest.high, digest.low)
        let own = checksum(of: &header)
        header.header_checksum = (own.high, own.low)
        var page = Buffer<UInt8>()
        try page.resize(Int(VALUATION_COMPILED_INDEX), filling: 0)
        memcpy(page.elements.baseAddress.unsafelyUnwrapped, &header, headerBytes)
        try writer.write(page.text)
        try writer.write(index.block.pointee.start, count: index.byteCount)
    }

    private static func checksum(of header: inout valuation_compiled_header) -> Checksum {
        withUnsafeBytes(of: &header) { valuation_checksum_of($0.baseAddress.unsafelyUnwrapped, summedHeaderBytes) }
    }

    /// The checksum of an index according to the header of the file that it is from; nil if it was built.
    static func checksum(of index: borrowing Index) -> Checksum? {
        if !index.block.pointee.isCompiled { return nil }
        var header = valuation_compiled_header()
        memcpy(&header, index.block.pointee.start - Int(VALUATION_COMPILED_INDEX), headerBytes)
        return Checksum(high: header.index_checksum.0, low: header.index_checksum.1)
    }

    // MARK: Opening

    /// The options for opening a file.
    struct Wishes {
        /// How much of the file is checked before it serves.
        var check = Check.own
        /// Whether the index is copied into memory of its own instead of being mapped.
        var isCopied = false
        /// The secret that its keys must have.
        var secret: Secret
    }

    enum Check {
        /// Only its header.
        case trust
        /// All bytes, against the checksum in the header.
        case own
        /// All bytes, against the manifest.
        case manifest(FileSum)

        var isTrust: Bool { if case .trust = self { true } else { false } }
    }

    /// The index in an open file, which may be closed afterwards.
    static func index(in descriptor: Int32, _ wishes: Wishes) throws(Failure) -> Index {
        var status = stat()
        if fstat(descriptor, &status) != 0 || !valuation_platform_is_regular_file(&status) {
            throw Failure(.readFailed, "This is not a regular file; name a compiled file.")
        }
        let size = Int(status.st_size)
        if case .manifest(let sum) = wishes.check, sum.bytes != size { throw damaged }
        let indexByte = Int(VALUATION_COMPILED_INDEX)
        if size < indexByte {
            throw Failure(.format, "This is no compiled file, or only its beginning; compile the models again.")
        }
        let block =
            wishes.isCopied
            ? try Block.allocate(byteCount: size, headerBytes: indexByte)
            : try Block.map(descriptor, byteCount: size, headerBytes: indexByte)
        do throws(Failure) {
            let start = block.pointee.start - indexByte
            if wishes.isCopied {
                try read(descriptor, size, into: start, step: size)
            } else {
                try bringIn(start, wishes.check.isTrust ? indexByte : size, descriptor)
            }
            return try index(in: block, size, wishes)
        } catch {
            Block.release(block)
            throw error
        }
    }

    /// Reads the mapped pages from the disk, so that a failing disk is an error here and not a signal while scoring.
    private static func bringIn(_ start: UnsafeMutableRawPointer, _ count: Int, _ descriptor: Int32) throws(Failure) {
        let code = valuation_platform_populate(start, count)
        if code == 0 { return }
        // Either the kernel cannot do it, or it does not say what is wrong. Bytes that were read are in the page cache.
        var room = Buffer<UInt8>()
        try room.resize(min(count, 1 << 18), filling: 0)
        try read(descriptor, count, into: room.base.unsafelyUnwrapped, step: room.count)
        if code != EINVAL && valuation_platform_populate(start, count) != 0 {
            throw ByteSource.failure("Reading failed.", EIO)
        }
    }

    /// Reads a file's first bytes. - Parameter step: after this many bytes, it starts again at the beginning of the
    /// memory.
    private static func read(
        _ descriptor: Int32, _ count: Int, into memory: UnsafeMutableRawPointer, step: Int
    ) throws(Failure) {
        var offset = 0
        while offset < count {
            let place = offset % step
            let length = pread(descriptor, memory + place, min(step &- place, count &- offset), off_t(offset))
            if length == 0 { throw damaged }
            if length > 0 {
                offset &+= length
            } else if valuation_platform_errno() != EINTR {
                throw ByteSource.failure("Reading failed.", valuation_platform_errno())
            }
        }
    }

    /// - Parameter block: the file's; one of its references becomes the index's.
    private static func index(
        in block: UnsafePointer<Block>, _ size: Int, _ wishes: Wishes
    ) throws(Failure) -> Index {
        let check = wishes.check
        let start = block.pointee.start - Int(VALUATION_COMPILED_INDEX)
        if case .manifest(let expected) = check, valuation_checksum_of(start, size) != expected.checksum {
            throw damaged
        }
        var header = valuation_compiled_header()
        memcpy(&header, start, headerBytes)
        let (counts, hashes) = try shape(&header, start, size)
        let digest = try wishes.secret.digest()
        if header.secret_digest != (digest.high, digest.low) {
            throw Failure(
                .secret,
                "The keys in it are under another secret; load it into an engine of its own, its directory's SECRET beside it."
            )
        }
        let byteCount = size &- Int(VALUATION_COMPILED_INDEX)
        if case .own = check {
            let sum = valuation_checksum_of(block.pointee.start, byteCount)
            if header.index_checksum != (sum.high, sum.low) { throw damaged }
        }
        block.pointee.retain()
        var index = Index(wishes.secret, counts: counts, hashes: hashes, block: block)
        (index.levels, index.hasCrosses) = (Int(header.levels), header.has_crosses != 0)
        if !check.isTrust && !index.isSound {
            throw Failure(
                .checksum,
                "The compiled file contradicts itself though its checksum fits: it is forged; compile the models again."
            )
        }
        Block.release(block)
        return index
    }

    /// The shape of the index according to the header.
    private static func shape(
        _ header: inout valuation_compiled_header, _ start: UnsafeMutableRawPointer, _ size: Int
    ) throws(Failure) -> (Index.Counts, Index.Hashes) {
        let hasMagic = withUnsafeBytes(of: &header.magic) {
            memcmp($0.baseAddress.unsafelyUnwrapped, magic.utf8Start, 8) == 0
        }
        if !hasMagic {
            throw Failure(.format, "This is no compiled file; its name ends in .valuation, but it begins otherwise.")
        }
        if header.byte_order != UInt32(VALUATION_COMPILED_BYTE_ORDER) {
            throw Failure(
                .format, "The file was compiled on a machine of another byte order; compile the models on this one.")
        }
        if header.format != UInt32(format) {
            throw Failure(
                .format, "This library maps \"valuation-compiled/4\" alone; compile the models with this version.")
        }
        let own = checksum(of: &header)
        if header.header_checksum != (own.high, own.low) || !isPadded(start) { throw damaged }
        guard let counts = Index.Counts(stored: header.counts, fileBytes: size),
            let hashes = Index.Hashes(header),
            counts.observed == 0 || counts.observed == hashes.campaigns.slotCount &+ 1,
            header.levels >= 1, header.levels <= UInt64(IndexBuilder.maximumChain),
            UInt64(size) == header.file_bytes,
            size == Int(VALUATION_COMPILED_INDEX) &+ Index.Layout(counts, hashes).byteCount
        else { throw damaged }
        return (counts, hashes)
    }

    /// Whether there are only zeros between the header and the index.
    private static func isPadded(_ start: UnsafeMutableRawPointer) -> Bool {
        for place in headerBytes..<Int(VALUATION_COMPILED_INDEX)
        where start.load(fromByteOffset: place, as: UInt8.self) != 0 {
            return false
        }
        return true
    }

    private static var damaged: Failure {
        Failure(.checksum, "The compiled file is damaged or cut; copy it again, or compile the models again.")
    }
}

extension Index.Counts {
    typealias Stored = (
        UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64
    )

    /// In the form of a compiled file.
    fileprivate var stored: Stored {
        (
            UInt64(models.click), UInt64(models.conversion), UInt64(labels), UInt64(campaigns), UInt64(weights),
            UInt64(numbers), UInt64(listPlaces), UInt64(densePlaces), UInt64(directoryEntries), UInt64(nameBytes),
            UInt64(observed), UInt64(variances)
        )
    }

    /// nil if a count is larger than a file of this size could hold.
    init?(stored: Stored, fileBytes: Int) {
        let isSound = withUnsafeBytes(of: stored) { bytes in
            for position in 0..<Int(VALUATION_COMPILED_COUNTS) {
                // There are never more weights than bytes, because each weight is in a row.
                if bytes.load(fromByteOffset: 8 * position, as: UInt64.self) > UInt64(fileBytes) { return false }
            }
            return true
        }
        if !isSound { return nil }
        (models.click, models.conversion, labels, campaigns) = (
            Int(stored.0), Int(stored.1), Int(stored.2), Int(stored.3)
        )
        (weights, numbers, listPlaces, densePlaces) = (Int(stored.4), Int(stored.5), Int(stored.6), Int(stored.7))
        (directoryEntries, nameBytes) = (Int(stored.8), Int(stored.9))
        (observed, variances) = (Int(stored.10), Int(stored.11))
        if modelCount == 0 || listPlaces == 0 { return nil }
    }
}

extension Index.Hashes {
    /// nil if a table would have no slot, or more pilots than a file can hold.
    init?(_ header: valuation_compiled_header) {
        guard let labels = PerfectHash(stored: header.labels, fileBytes: header.file_bytes),
            let campaigns = PerfectHash(stored: header.campaigns, fileBytes: header.file_bytes),
            let fields = PerfectHash(stored: header.fields, fileBytes: header.file_bytes)
        else { return nil }
        self.init(labels: labels, campaigns: campaigns, fields: fields)
    }
}
