// SPDX-License-Identifier: Apache-2.0

/// Passes the models of a list of files one by one, decoded and checked, without building an index. Campaign documents
/// are checked and skipped.
struct ModelStream: ~Copyable {
    private let note: Note
    private var remaining: UInt64
    private var decoder: ModelDecoder

    init(_ secret: Secret, maximumInputBytes: UInt64, note: Note) {
        decoder = ModelDecoder(secret)
        remaining = maximumInputBytes
        self.note = note
    }

    /// Throws the first problem, described in the note; a failure of `body` is a problem of the model that it was
    /// given.
    mutating func forEach(
        _ list: borrowing FileList, _ body: (borrowing Model) throws(Failure) -> Void
    ) throws(Failure) {
        for position in 0..<list.count {
            let path = Text(cString: list[position])
            guard let kind = FileKind(name: path) else { continue }
            note.setFile(path)
            let expected = list.expected(position)
            do throws(Failure) {
                var reader = try DocumentReader(source: try list.open(position, isSummed: expected != nil), kind: kind)
                do throws(Failure) {
                    try forEach(&reader, body)
                } catch {
                    if error.status != .outOfMemory, try reader.isChanged(from: expected) { throw .changedFile }
                    throw error
                }
                if try reader.isChanged(from: expected) { throw .changedFile }
            } catch {
                throw note.located(error, path)
            }
        }
    }

    private mutating func forEach(
        _ reader: inout DocumentReader,
        _ body: (borrowing Model) throws(Failure) -> Void
    ) throws(Failure) {
        while let text = try reader.next(remaining: &remaining) {
            let line = reader.splitsLines ? reader.line : 0
            do throws(Failure) {
                var problems = Problems(note: note)
                let isSound = try decoder.decode(text, firstLine: reader.line, line: line, problems: &problems)
                if isSound && decoder.kind == .model { try body(decoder.model) }
            } catch {
                var located = error
                if located.line == 0 { located.line = line }
                throw located
            }
        }
    }
}
