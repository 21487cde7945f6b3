// SPDX-License-Identifier: Apache-2.0
import CValuation

/// A problem in the input, with its location: a `valuation_error` in Swift's terms.
struct Problem: Error {
    var status: valuation_status
    /// The name of the status, for example "VALUATION_ERROR_GZIP"; empty if the problem is not from the library.
    var statusName: String
    var file: String
    /// 1-based; 0 if there is none.
    var line: Int
    /// 1-based byte in the line; 0 if unknown.
    var column: Int
    /// For example `$.intercept`; empty if there is none.
    var jsonPath: String
    var message: String
    /// Whether it refuses nothing.
    var isWarning = false

    init(_ error: valuation_error) {
        status = error.status
        isWarning = error.status == VALUATION_OK
        // A warning refuses nothing, so its status is meaningless.
        statusName = isWarning ? "" : String(cString: valuation_status_name(error.status))
        file = Self.text(error.file)
        line = Int(error.line)
        column = Int(error.column)
        jsonPath = Self.text(error.json_path)
        message = Self.text(error.message)
    }

    /// Whether it is in the file at a path, which the library always writes as UTF-8.
    func isIn(_ path: String) -> Bool { file == ArgumentText.repaired(path) }

    /// A problem that this program found itself, and for which the library has a status.
    init(_ status: Int, file: String, message: String) {
        self.init(file: file, message: message)
        self.status = valuation_status(status)
        statusName = String(cString: valuation_status_name(self.status))
    }

    /// A problem that this program found itself, such as a file that cannot be read.
    init(file: String, line: Int = 0, message: String) {
        status = valuation_status(VALUATION_OK)
        statusName = ""
        self.file = file
        self.line = line
        column = 0
        jsonPath = ""
        self.message = message
    }

    /// The answer is right, but this program cannot display it: a number beyond a double's range in the name of an ad,
    /// or a library that is newer than this program.
    static func cannotBeShown(_ reason: String) -> Problem {
        Problem(file: "", message: "the answer cannot be shown here (\(reason)); use --format jsonl")
    }

    /// One line in the format of compilers and linters, so that editors can jump to the location:
    /// `file:line:column: $.json.path: message [STATUS_NAME]`. Unknown parts are left out.
    func text(paint: Paint = Paint(enabled: false)) -> String {
        var place = DisplayText.printable(file)
        if line > 0 { place += ":\(line)" }
        if line > 0, column > 0 { place += ":\(column)" }
        var text = place.isEmpty ? "" : paint(place + ":", .bold) + " "
        if !jsonPath.isEmpty { text += paint(DisplayText.printable(jsonPath) + ":", .yellow) + " " }
        if isWarning { text += paint("warning: ", .yellow) }
        text += DisplayText.printable(message)
        if !statusName.isEmpty { text += paint(" [\(statusName)]", .faint) }
        return text
    }

    /// The text of a `char[n]` member, up to its NUL.
    private static func text<Characters>(_ characters: Characters) -> String {
        withUnsafeBytes(of: characters) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
}

/// As `--format jsonl` writes it; what is unknown is left out.
extension Problem: Encodable {
    private enum Member: CodingKey {
        case severity, status, file, line, column, jsonPath, message
    }

    func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: Member.self)
        try members.encode(isWarning ? "warning" : "error", forKey: .severity)
        if !statusName.isEmpty { try members.encode(statusName, forKey: .status) }
        try members.encode(file, forKey: .file)
        if line > 0 { try members.encode(line, forKey: .line) }
        if column > 0 { try members.encode(column, forKey: .column) }
        if !jsonPath.isEmpty { try members.encode(jsonPath, forKey: .jsonPath) }
        try members.encode(message, forKey: .message)
    }
}
