// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Glibc

/// Where the process starts and ends: signals and exit codes are dealt with here alone.
@main
enum Main {
    static func main() {
        // A reader that went away (`| head -1`) ends the program quietly, even if our parent ignored SIGPIPE.
        signal(SIGPIPE, SIG_DFL)
        do {
            var command = try ValuationCommand.parseAsRoot()
            try command.run()
        } catch {
            exit(end(with: error).rawValue)
        }
    }

    /// Says what there is to say about the error and tells the exit code for it.
    private static func end(with error: any Error) -> ExitCode {
        if let failure = error as? Failure {
            Diagnostics().report(failure)
            return failure.exitCode
        }
        let code = ValuationCommand.exitCode(for: error)
        let text = ValuationCommand.fullMessage(for: error)
        guard code == .success else {
            Diagnostics().show(text)
            return code
        }
        do {
            // Help, the version and completion scripts are output like any other.
            let output = Output()
            if !text.isEmpty { try output.write(line: text) }
            try output.close()
            return code
        } catch {
            return end(with: error)
        }
    }
}
