// SPDX-License-Identifier: Apache-2.0
import Glibc

/// The destination of standard output or standard error: a person at a terminal, or a file, pipe or other program.
struct Terminal {
    let isTerminal: Bool
    /// Whether escape sequences for colour may be written. Never off a terminal; NO_COLOR and TERM=dumb forbid them.
    let allowsColour: Bool
    private let descriptor: Int32

    static let output = Terminal(descriptor: STDOUT_FILENO)
    static let error = Terminal(descriptor: STDERR_FILENO)

    private init(descriptor: Int32) {
        self.descriptor = descriptor
        isTerminal = isatty(descriptor) == 1
        // https://no-color.org: "when present and not an empty string (regardless of its value)".
        let forbidden = !(Self.environment("NO_COLOR") ?? "").isEmpty || Self.environment("TERM") == "dumb"
        allowsColour = isTerminal && !forbidden
    }

    /// The width in columns; nil if text is not laid out for a screen.
    ///
    /// Read again each time, because a window may be resized while a long input is read.
    var columns: Int? {
        guard isTerminal else { return nil }
        var size = winsize()
        if ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 { return Int(size.ws_col) }
        if let columns = Self.environment("COLUMNS").flatMap({ Int($0) }), columns > 0 { return columns }
        return 80
    }

    private static func environment(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }
}
