// SPDX-License-Identifier: Apache-2.0

/// Reading a policy's file.
enum PolicyFile {
    /// The file of a policy in a directory of releases: the releases that it names are not pruned.
    static let name: StaticString = "policy.json"

    /// - Returns: the file's stamp before it was read, so that a replacement in the meantime is noticed later.
    static func read(_ path: Text, into text: inout Buffer<UInt8>, _ note: Note) throws(Failure) -> FileStamp {
        do throws(Failure) {
            let name = try CString(path)
            let stamp = try FileStamp(path: name.start)
            var source = try ByteSource(path: name.start)
            while text.count <= PolicyDocument.maximumBytes {
                try text.reserve(text.count + 65_536)
                let length = try source.read(into: text.spare, count: 65_536)
                if length == 0 { return stamp }
                text.appendWritten(length)
            }
            throw Failure(.limitExceeded, "A policy has at most 64 MiB.")
        } catch {
            throw note.located(error, path)
        }
    }

    static func stamp(of path: Text, _ note: Note) throws(Failure) -> FileStamp {
        do throws(Failure) {
            let name = try CString(path)
            return try FileStamp(path: name.start)
        } catch {
            throw note.located(error, path)
        }
    }
}
