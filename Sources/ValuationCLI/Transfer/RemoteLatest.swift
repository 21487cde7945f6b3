// SPDX-License-Identifier: Apache-2.0

/// LATEST as a store has it.
struct RemoteLatest {
    let id: String
    /// When the server's LATEST was written, for example 2026-11-21T03:00:00Z; nil if the server does not say.
    let written: String?

    /// Asks for it past all caches, as far as they obey. - Parameter folder: where the answer may be written.
    init(of store: Store, in folder: String) throws {
        let (file, headers) = ("\(folder)/LATEST", "\(folder)/LATEST.headers")
        try Disk.remove(file)
        try Disk.remove(headers)
        let place = store.place("LATEST")
        let result = try store.fetch(["LATEST"], to: file, headersFile: headers, limit: 65_536)
        guard result.isDone else {
            throw Failure(
                message: "\(place): \(result.reason)",
                advice: result.isMissing ? "Name the directory that LATEST is in; `valuation push` fills one." : nil)
        }
        guard let id = try Disk.id(in: file) else {
            throw Failure(message: "\(place): It must hold one line, the id of a release; look at what answers there.")
        }
        self.id = id
        written = try Disk.contents(headers, limit: 1 << 20).flatMap { Self.lastModified(inHeaders: $0) }
    }

    /// The time in the headers of the last response.
    private static func lastModified(inHeaders bytes: [UInt8]) -> String? {
        var time: String?
        for line in String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline) {
            if line.hasPrefix("HTTP/") { time = nil }
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2, parts[0].lowercased() == "last-modified" { time = iso(String(parts[1])) }
        }
        return time
    }

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// "Sun, 06 Nov 1994 08:49:37 GMT" as 1994-11-06T08:49:37Z, whose order is that of time.
    private static func iso(_ text: String) -> String? {
        let parts = text.split(separator: " ")
        guard parts.count == 6, parts[5] == "GMT", parts[1].utf8.count == 2, parts[3].utf8.count == 4,
            parts[4].utf8.count == 8, let month = months.firstIndex(of: String(parts[2]))
        else { return nil }
        return "\(parts[3])-\(month < 9 ? "0" : "")\(month + 1)-\(parts[1])T\(parts[4])Z"
    }
}
