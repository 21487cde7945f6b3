// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Glibc

/// The process from its start to its end: the only code that handles arguments, signals and exit codes.
@c(valuation_command)
public func runCommand(count: Int32, arguments: UnsafePointer<UnsafePointer<CChar>?>) -> Int32 {
    Command.run((1..<max(1, Int(count))).map { text(of: arguments[$0]) })
}

private func text(of argument: UnsafePointer<CChar>?) -> String {
    guard let argument else { return "" }
    return ArgumentText.string(of: UnsafeRawBufferPointer(start: argument, count: strlen(argument)))
}

private enum Command {
    static func run(_ arguments: [String]) -> Int32 {
        // If the reader goes away (`| head -1`), the program ends quietly, even if its parent ignored SIGPIPE.
        signal(SIGPIPE, SIG_DFL)
        do {
            try requireHelped(arguments)
            var command = try ValuationCommand.parseAsRoot(arguments)
            try command.run()
            return ExitCode.success.rawValue
        } catch {
            return end(with: error).rawValue
        }
    }

    /// Throws for help with an unknown command, for which the parser would show the overview.
    private static func requireHelped(_ arguments: [String]) throws {
        guard arguments.first == "help" else { return }
        var known = ValuationCommand.configuration.subcommands
        for name in arguments.dropFirst() where !name.hasPrefix("-") {
            guard let command = known.first(where: { $0.configuration.commandName == name }) else {
                throw ValidationError("There is no command '\(name)' to help with.")
            }
            known = command.configuration.subcommands
        }
    }

    /// Prints the error and returns its exit code.
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
