// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A program that runs to its end beside this one.
enum ChildProcess {
    struct Ending {
        /// Standard output and standard error, mixed.
        let output: [UInt8]
        /// The exit status; for a program that a signal ended, 128 and the signal's number, as shells have it.
        let status: Int32
    }

    /// How often `whileRunning` is called at least, in milliseconds.
    private static let interval: Int32 = 200

    /// Runs a program and waits for it. Descriptors without O_CLOEXEC are passed on.
    ///
    /// - Parameters:
    ///   - arguments: the program, which is looked up in PATH, and its arguments.
    ///   - input: what it reads from standard input.
    ///   - largestFile: the most bytes that it may write to one file; a program that writes more ends by SIGXFSZ.
    ///   - whileRunning: called several times a second with the number of lines that were printed so far.
    /// - Returns: nil if there is no such program.
    static func run(
        _ arguments: [String], input: [UInt8], largestFile: Int, whileRunning: (Int) -> Void
    ) throws -> Ending? {
        var ends: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            throw Failure(message: "cannot make a pipe: \(systemErrorText())")
        }
        defer { close(ends[0]) }
        let process: pid_t
        do {
            defer { close(ends[1]) }
            guard let spawned = try withLargestFile(largestFile, { try spawn(arguments, on: ends[1]) }) else {
                return nil
            }
            process = spawned
        }
        let output = converse(ends[0], input, whileRunning)
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 && errno == EINTR {}
        let signal = status & 0x7F
        return Ending(output: output, status: signal == 0 ? status >> 8 & 0xFF : 128 + signal)
    }

    /// Starts a program whose standard streams are all `descriptor`; nil if there is none of the name.
    private static func spawn(_ arguments: [String], on descriptor: Int32) throws -> pid_t? {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for stream in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] {
            posix_spawn_file_actions_adddup2(&actions, descriptor, stream)
        }
        var words = arguments.map { $0.withPath { strdup($0) } } + [nil]
        defer { words.forEach { free($0) } }
        var process: pid_t = 0
        let code = posix_spawnp(&process, words[0]!, &actions, nil, &words, environ)
        if code == ENOENT { return nil }
        guard code == 0 else { throw Failure(message: "cannot run \(arguments[0]): \(systemErrorText(code))") }
        return process
    }

    /// Limits the files that a process started by `body` may write. This one writes none meanwhile.
    private static func withLargestFile<Answer>(_ bytes: Int, _ body: () throws -> Answer) rethrows -> Answer {
        let resource = __rlimit_resource_t(RLIMIT_FSIZE.rawValue)
        var former = rlimit()
        guard getrlimit(resource, &former) == 0 else { return try body() }
        var limit = former
        limit.rlim_cur = min(former.rlim_max, former.rlim_cur, rlim_t(bytes))
        setrlimit(resource, &limit)
        defer { setrlimit(resource, &former) }
        return try body()
    }

    /// Writes the input while reading the output, so that neither waits for the other, until the other side closes.
    private static func converse(_ descriptor: Int32, _ input: [UInt8], _ whileRunning: (Int) -> Void) -> [UInt8] {
        var rest = input[...]
        var lines = 0
        var output: [UInt8] = []
        let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)
        defer { chunk.deallocate() }
        while true {
            if rest.isEmpty { shutdown(descriptor, Int32(SHUT_WR)) }
            var waiting = pollfd(fd: descriptor, events: Int16(rest.isEmpty ? POLLIN : POLLIN | POLLOUT), revents: 0)
            poll(&waiting, 1, interval)
            if waiting.revents & Int16(POLLOUT) != 0 {
                let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
                let sent = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, flags) }
                // A program that ends early reads nothing more; its output says why.
                if sent >= 0 { rest = rest.dropFirst(sent) } else if errno != EAGAIN && errno != EINTR { rest = [] }
            }
            if waiting.revents & Int16(POLLIN | POLLHUP | POLLERR) != 0 {
                let count = read(descriptor, chunk.baseAddress, chunk.count)
                if count > 0 {
                    output += chunk[..<count]
                    lines += chunk[..<count].count { $0 == UInt8(ascii: "\n") }
                } else if count == 0 || errno != EINTR {
                    return output
                }
            }
            whileRunning(lines)
        }
    }
}
