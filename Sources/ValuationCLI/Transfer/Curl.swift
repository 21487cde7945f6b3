// SPDX-License-Identifier: Apache-2.0
import Glibc

/// The program `curl`, which makes all transfers: it has TLS, proxies, `.netrc`, resuming, retrying and Amazon's
/// signatures, and everybody who runs servers knows it.
///
/// It reads its options from standard input, where the list of processes does not show them.
struct Curl {
    struct Option {
        let name: String
        /// nil for a switch.
        var value: String?
    }

    struct Transfer {
        let url: String
        /// The path of the file to write or, for an upload, to read.
        let file: String
    }

    enum Action {
        /// Writes the file anew.
        case fetch
        /// Goes on at the end of the file, if there is one.
        case resume
        /// Asks for the headers only.
        case ask
        case upload
        /// Makes a WebDAV collection.
        case makeCollection
    }

    /// How a transfer ended.
    struct Result {
        /// curl's exit code; 0 if all went well.
        var code: Int
        /// The status of the HTTP response; 0 if there was none.
        var httpStatus = 0
        /// Bytes received, without headers.
        var bytes = 0
        /// The size that the server names; nil if it names none.
        var length: Int?
        /// What went wrong, in curl's words.
        var reason = ""

        var isDone: Bool { code == 0 }
        /// 37: no such file, of a `file://` URL.
        var isMissing: Bool { httpStatus == 404 || httpStatus == 410 || code == 37 }
        /// The server cannot send the rest of a file.
        var cannotResume: Bool { code == 33 || httpStatus == 416 }
    }

    /// Those of the store: credentials.
    let options: [Option]

    /// The protocols to which a redirect may lead, in curl's words; nil if none is followed.
    let redirects: String?

    /// Makes transfers, several at a time.
    ///
    /// - Parameters:
    ///   - headers: of each request.
    ///   - headersFile: where the headers of the responses go.
    ///   - largestFile: the most bytes that a file may have.
    ///   - whileRunning: called several times a second with the number of transfers that have ended.
    /// - Returns: a result for each transfer, in their order.
    func run(
        _ action: Action, _ transfers: [Transfer], headers: [String] = [], headersFile: String? = nil,
        largestFile: Int = .max, whileRunning: (Int) -> Void = { _ in }
    ) throws -> [Result] {
        var options = Self.general + self.options + headers.map { Option(name: "header", value: $0) }
        if let redirects {
            options += [Option(name: "location"), Option(name: "proto-redir", value: redirects)]
        }
        if let headersFile { options.append(Option(name: "dump-header", value: headersFile)) }
        switch action {
        case .fetch, .upload: break
        case .resume: options.append(Option(name: "continue-at", value: "-"))
        case .ask: options.append(Option(name: "head"))
        case .makeCollection: options.append(Option(name: "request", value: "MKCOL"))
        }
        for transfer in transfers {
            options.append(Option(name: "url", value: transfer.url))
            let writes = action == .fetch || action == .resume
            options.append(Option(name: "output", value: writes ? transfer.file : "/dev/null"))
            if action == .upload { options.append(Option(name: "upload-file", value: transfer.file)) }
        }
        let ending = try ChildProcess.run(
            ["curl", "--config", "-"], input: options.flatMap(Self.line), largestFile: largestFile,
            whileRunning: whileRunning)
        guard let ending else {
            throw Failure(
                message: "the program curl is missing, which makes the transfers",
                advice: "Install it, for example by `apt-get install curl`.")
        }
        return Self.results(of: ending, count: transfers.count)
    }

    /// A stalled transfer ends after a minute, and is not retried, so that a timer's next run can try again.
    private static let general: [Option] = [
        Option(name: "silent"), Option(name: "no-progress-meter"), Option(name: "fail"), Option(name: "globoff"),
        Option(name: "max-redirs", value: "5"),
        Option(name: "proto", value: "=http,https,file"), Option(name: "user-agent", value: "valuation"),
        Option(name: "parallel"), Option(name: "parallel-max", value: "8"),
        Option(name: "connect-timeout", value: "30"), Option(name: "speed-limit", value: "1"),
        Option(name: "speed-time", value: "60"), Option(name: "retry", value: "3"),
        Option(name: "retry-max-time", value: "60"),
        Option(
            name: "write-out",
            value: "transfer %{urlnum} %{exitcode} %{http_code} %{size_download} %header{content-length} %{errormsg}\n"),
    ]

    /// An option as a line of curl's configuration.
    private static func line(_ option: Option) -> [UInt8] {
        guard let value = option.value else { return Array("\(option.name)\n".utf8) }
        var line = Array("\(option.name) = \"".utf8)
        for byte in ArgumentText.bytes(of: value) {
            switch byte {
            case UInt8(ascii: "\n"): line += Array("\\n".utf8)
            case UInt8(ascii: "\r"): line += Array("\\r".utf8)
            case UInt8(ascii: "\t"): line += Array("\\t".utf8)
            case 0x0B: line += Array("\\v".utf8)
            case UInt8(ascii: "\\"), UInt8(ascii: "\""): line += [UInt8(ascii: "\\"), byte]
            default: line.append(byte)
            }
        }
        return line + Array("\"\n".utf8)
    }

    /// The results by what `write-out` printed. A transfer without such a line failed as the whole program did.
    private static func results(of ending: ChildProcess.Ending, count: Int) -> [Result] {
        let lines = String(decoding: ending.output, as: UTF8.self).split(whereSeparator: \.isNewline)
        let complaint =
            switch ending.status {
            case 128 + SIGXFSZ: "what it received is larger than it may be"
            default: lines.last { $0.hasPrefix("curl: ") }.map(String.init) ?? "it ended with \(ending.status)"
            }
        let code = Int(ending.status)
        var results = Array(
            repeating: Result(code: code == 0 ? -1 : code, reason: "curl failed: \(complaint)"), count: count)
        for line in lines where line.hasPrefix("transfer ") {
            let parts = line.split(separator: " ", maxSplits: 6, omittingEmptySubsequences: false)
            guard parts.count == 7, let number = Int(parts[1]), let code = Int(parts[2]), number < count else {
                continue
            }
            var result = Result(
                code: code, httpStatus: Int(parts[3]) ?? 0, bytes: Int(parts[4]) ?? 0, length: Int(parts[5]),
                reason: String(parts[6]))
            // curl calls a redirect that it does not follow a success; 0 is the status of a file:// URL.
            if result.isDone, result.httpStatus != 0, !(200..<300).contains(result.httpStatus) {
                result.code = -1
                result.reason = "The server answered with status \(result.httpStatus); look at the URL and the region."
            }
            results[number] = result
        }
        return results
    }
}
