// SPDX-License-Identifier: Apache-2.0
import CPlatform

/// The model files at a path: the file itself, a directory's files in the order of their names, or those of a release's
/// manifest in its order.
struct FileList: ~Copyable {
    static let maximumFiles = 1_000_000

    /// The directory in which the last components of the paths are looked up; -1 to use the paths as they are.
    var folder: Int32 = -1
    /// The expected size and checksum of each file of a release.
    var sums = Buffer<FileSum>()
    var paths = NameList()

    var count: Int { paths.count }

    /// The path of a file; valid while the list lives.
    subscript(index: Int) -> Text { paths[index] }

    init(path: Text) throws(Failure) {
        if path.count == 0 || path.contains(0) {
            throw Failure(.invalidArgument, "The path is empty or holds a NUL byte; give a file or a directory.")
        }
        try paths.append(path)
        var status = stat()
        if stat(paths.cString(0), &status) != 0 { throw ByteSource.openFailure(valuation_platform_errno()) }
        if valuation_platform_is_directory(&status) {
            try list(directory: path)
        } else if FileKind(name: path) == nil {
            throw Failure(
                .invalidArgument, "A model file's name ends in .json, .json.gz, .jsonl or .jsonl.gz; rename it.")
        }
    }

    /// The expected size and checksum of the file, if known.
    func expected(_ index: Int) -> FileSum? {
        sums.count == 0 ? nil : sums[index]
    }

    /// The last component of the path.
    func name(_ index: Int) -> Text {
        let path = self[index]
        return path.slice(path.lastComponent, path.count)
    }

    /// Opens a file. - Parameter isSummed: whether its checksum is needed.
    func open(_ index: Int, isSummed: Bool) throws(Failure) -> ByteSource {
        if folder < 0 { return try ByteSource(path: paths.cString(index), isSummed: isSummed) }
        return try ByteSource(folder: folder, name: name(index).characters, isSummed: isSummed)
    }

    private mutating func isSubdirectory(_ directory: Text, _ name: Text) throws(Failure) -> Bool {
        try paths.append(folder: directory, name)
        defer { paths.removeLast() }
        var status = stat()
        return stat(paths.cString(count - 1), &status) == 0 && valuation_platform_is_directory(&status)
    }

    private mutating func list(directory: Text) throws(Failure) {
        guard let stream = opendir(paths.cString(0)) else { throw ByteSource.openFailure(valuation_platform_errno()) }
        defer { closedir(stream) }
        paths.removeLast()
        while true {
            valuation_platform_clear_errno()
            guard let entry = readdir(stream) else { break }
            let name = Text(cString: valuation_platform_entry_name(entry))
            if name[0] == UInt8(ascii: ".") || FileKind(name: name) == nil { continue }
            if try isSubdirectory(directory, name) { continue }
            if count == FileList.maximumFiles {
                throw Failure(
                    .limitExceeded, "The directory holds more than 1,000,000 model files; join them as .jsonl.")
            }
            try paths.append(folder: directory, name)
        }
        let code = valuation_platform_errno()
        if code != 0 { throw ByteSource.failure("The directory cannot be read to its end.", code) }
        if count == 0 {
            throw Failure(
                .nothingLoaded,
                "The directory holds no .json, .json.gz, .jsonl or .jsonl.gz file (subdirectories are not entered).")
        }
        paths.sort()
    }
}
