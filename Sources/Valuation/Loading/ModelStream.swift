// SPDX-License-Identifier: Apache-2.0

/// Reads the documents of model files one by one, decodes and checks each, and checks each file against its expected sum.
///
/// Problems go to `problems`. If the work is to continue, it does so with the next document, or with the next file if
/// the rest of a file cannot be read.
struct ModelStream: ~Copyable {
    var problems: Problems
    /// Holds the last document.
    var decoder: ModelDecoder
    /// The files read so far.
    private(set) var files = NameList()
    /// The sum of each file when it was read, if requested.
    private(set) var sums = Buffer<FileSum>()
    /// Whether the last document is free of problems.
    private(set) var isSound = false
    /// The line of the last document if its file has one document a line, otherwise 0.
    private(set) var line: UInt32 = 0
    private let isSummed: Bool
    private var remaining: UInt64
    /// The number of files of the list that were begun.
    private var position = 0
    private var reader: DocumentReader?
    /// The expected sum of the current file, if known.
    private var expected: FileSum?

    /// - Parameters:
    ///   - secret: the secret of the keys.
    ///   - isSummed: whether `sums` are requested.
    init(_ secret: Secret, maximumInputBytes: UInt64, isSummed: Bool = false, problems: consuming Problems) {
        decoder = ModelDecoder(secret)
        remaining = maximumInputBytes
        self.isSummed = isSummed
        self.problems = problems
    }

    // Not inlined: it frees some twenty buffers.
    @inline(never)
    deinit {}

    /// Goes to the next document of a list of files. - Returns: whether there is one; if not, another list may follow.
    mutating func next(_ list: borrowing FileList) throws(Failure) -> Bool {
        while true {
            if try nextOfFile() { return true }
            if position == list.count {
                position = 0
                return false
            }
            try open(list, position)
            position += 1
        }
    }

    /// Goes to the next document of the current file. - Returns: whether there is one.
    mutating func nextOfFile() throws(Failure) -> Bool {
        if reader == nil { return false }
        do throws(Failure) {
            if try decodeNext() { return true }
            if try isChanged() { throw .changedFile }
            if isSummed { try sums.append(try reader!.finish()) }
            reader = nil
        } catch {
            try leaveFile(error)
        }
        return false
    }

    /// Opens documents in memory as a file.
    mutating func open(memory bytes: Text, kind: FileKind) throws(Failure) {
        try begin(Text("memory"))
        reader = try DocumentReader(source: ByteSource(memory: bytes), kind: kind)
    }

    private mutating func open(_ list: borrowing FileList, _ position: Int) throws(Failure) {
        let path = list[position]
        guard let kind = FileKind(name: path) else { return }
        try begin(path)
        expected = list.expected(position)
        do throws(Failure) {
            let source = try list.open(position, isSummed: isSummed || expected != nil)
            reader = try DocumentReader(source: source, kind: kind)
        } catch {
            try handle(error)
        }
    }

    private mutating func begin(_ name: Text) throws(Failure) {
        try files.append(name)
        problems.note.setFile(name)
    }

    /// Decodes the next document that is JSON. - Returns: false after the last one.
    private mutating func decodeNext() throws(Failure) -> Bool {
        while let document = try reader!.next(remaining: &remaining) {
            line = document.line
            do throws(Failure) {
                isSound = try decoder.decode(document, problems: &problems)
                return true
            } catch {
                try handle(error, line: line)
            }
        }
        return false
    }

    /// Handles a problem of the last document that the decoder has not found.
    mutating func refuse(_ failure: Failure) throws(Failure) {
        do throws(Failure) {
            try handle(failure, line: line)
        } catch {
            try leaveFile(error)
        }
    }

    /// Handles a failure: one that has not been reported yet is a problem of the current file. If memory runs out, the
    /// work ends in any case.
    mutating func handle(_ failure: Failure, line: UInt32 = 0) throws(Failure) {
        if problems.hasEnded { throw failure }
        if failure.status == .outOfMemory { try problems.end(withoutMemory: failure) }
        var located = failure
        if located.line == 0 { located.line = line }
        try problems.report(located)
    }

    /// Handles a failure that ends the reading of a file. If the file has another sum than expected, reports that
    /// instead.
    private mutating func leaveFile(_ failure: Failure) throws(Failure) {
        var told = failure
        do throws(Failure) {
            if failure.status != .outOfMemory, try isChanged() {
                if problems.hasEnded { try problems.end(with: .changedFile) }
                told = .changedFile
            }
        } catch {
            told = error
        }
        reader = nil
        try handle(told)
    }

    private mutating func isChanged() throws(Failure) -> Bool {
        try reader!.isChanged(from: expected)
    }
}
