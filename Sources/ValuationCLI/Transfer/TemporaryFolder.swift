// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A directory of this process alone, which is removed at its end.
final class TemporaryFolder {
    let path: String

    init() throws {
        let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(parent)/valuation-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Disk.problem(parent, "No directory can be made in it") }
        path = template.withUnsafeBytes { ArgumentText.string(of: $0.dropLast()) }
    }

    deinit {
        try? Disk.remove(path)
    }
}
