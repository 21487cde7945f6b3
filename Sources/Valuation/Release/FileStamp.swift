// SPDX-License-Identifier: Apache-2.0
import CPlatform

/// How a file stood when it was looked at: it was replaced or written to if that is different.
struct FileStamp {
    private var device: UInt64 = 0
    private var inode: UInt64 = 0
    private var size: Int64 = 0
    private var seconds = 0
    private var nanoseconds = 0
    /// Whether it may stand so although it is changed once more.
    private(set) var isFresh = false

    /// The stamp of a file. - Parameter path: NUL-terminated.
    init(path: UnsafePointer<CChar>) throws(Failure) {
        var status = stat()
        if stat(path, &status) != 0 { throw ByteSource.openFailure(valuation_platform_errno()) }
        self.init(status)
    }

    /// That of a file in a directory, or nil where it cannot be looked at.
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
        // Clocks of files tick some times a second only, so two changes may have one stamp (as with git's racy index).
        isFresh = time(nil) - seconds < 2
    }

    func add(to state: inout ChecksumState) {
        var words = (device, inode, size, seconds, nanoseconds)
        state.add(&words, count: MemoryLayout.size(ofValue: words))
    }

    /// Whether nothing was changed between two stamps, for sure.
    func isSame(as earlier: FileStamp) -> Bool {
        !earlier.isFresh && device == earlier.device && inode == earlier.inode && size == earlier.size
            && seconds == earlier.seconds && nanoseconds == earlier.nanoseconds
    }
}
