// SPDX-License-Identifier: Apache-2.0
import CPlatform

/// The state of a file at some moment: if a later stamp differs, the file was replaced or written to.
struct FileStamp {
    private var device: UInt64 = 0
    private var inode: UInt64 = 0
    private var size: Int64 = 0
    private var seconds = 0
    private var nanoseconds = 0
    /// Whether another change might leave the same stamp.
    private(set) var isFresh = false

    /// The stamp of a file. - Parameter path: NUL-terminated.
    init(path: UnsafePointer<CChar>) throws(Failure) {
        var status = stat()
        if stat(path, &status) != 0 { throw ByteSource.openFailure(valuation_platform_errno()) }
        self.init(status)
    }

    /// The stamp of a file in a directory, or nil if the file cannot be accessed.
    init?(_ folder: borrowing Folder, _ name: Text) throws(Failure) {
        let terminated = try CString(name)
        var status = stat()
        if fstatat(folder.descriptor, terminated.start, &status, AT_SYMLINK_NOFOLLOW) != 0 { return nil }
        self.init(status)
    }

    private init(_ status: stat) {
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        size = Int64(status.st_size)
        seconds = status.st_ctim.tv_sec
        nanoseconds = status.st_ctim.tv_nsec
        // File clocks tick only some times a second, so two changes may have one stamp (as with git's racy index).
        isFresh = time(nil) - seconds < 2
    }

    /// When the file was put where it is, in milliseconds since 1970.
    var milliseconds: Int64 { Int64(seconds) &* 1000 &+ Int64(nanoseconds / 1_000_000) }

    func add(to state: inout ChecksumState) {
        var words = (device, inode, size, seconds, nanoseconds)
        state.add(&words, count: MemoryLayout.size(ofValue: words))
    }

    /// Whether certainly nothing changed between two stamps.
    func isSame(as earlier: FileStamp) -> Bool {
        !earlier.isFresh && device == earlier.device && inode == earlier.inode && size == earlier.size
            && seconds == earlier.seconds && nanoseconds == earlier.nanoseconds
    }
}
