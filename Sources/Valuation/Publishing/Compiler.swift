// SPDX-License-Identifier: Apache-2.0
import CPlatform

/// Writes the index of models as one flat file: see `valuation_compile`.
enum Compiler {
    static func compile(path: Text, file: Text, maximumInputBytes: UInt64, note: Note) throws(Failure) {
        if !file.hasSuffix(CompiledFile.suffix) {
            throw note.located(
                Failure(.invalidArgument, "A compiled file's name ends in .valuation, by which it is known."), file)
        }
        let source = try Source(path: path, note: note)
        let index = try Opening(maximumInputBytes: maximumInputBytes, note: note).index(of: source)
        do throws(Failure) {
            try write(index, file)
        } catch {
            throw note.located(error, file)
        }
    }

    private static func write(_ index: borrowing Index, _ file: Text) throws(Failure) {
        let start = file.lastComponent
        let name = file.slice(start, file.count)
        let folder = try Folder(path: start == 0 ? Text(".") : file.slice(0, start))
        // Unique to this call, because others may be compiling the same file.
        var temporary = Buffer<UInt8>()
        try temporary.append(".compiling-", integer: Int(getpid()))
        try temporary.append("-", integer: Int(valuation_platform_now()))
        try temporary.append(".tmp")
        do throws(Failure) {
            var writer = try FileWriter(folder, temporary.text, followsUmask: true)
            try CompiledFile.write(index, to: &writer)
            _ = try writer.finish()
            try folder.rename(temporary.text, to: name)
        } catch {
            try? folder.remove(temporary.text)
            throw error
        }
        try folder.synchronize()
    }
}
