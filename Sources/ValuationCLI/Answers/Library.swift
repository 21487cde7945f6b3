// SPDX-License-Identifier: Apache-2.0
import CValuation

/// The functions of libvaluation that need no loaded models.
enum Library {
    /// For example "valuation 0.1.0, ABI 1, model format 1, embedded, x86_64".
    static var buildInfo: String { String(cString: valuation_build_info()) }

    /// Refuses to work with a library whose structs may have another layout than those that this program was built for.
    static func requireMatchingInterface() throws {
        guard valuation_abi_version() == VALUATION_ABI_VERSION else {
            throw Failure(
                message: "this program needs a libvaluation with ABI \(VALUATION_ABI_VERSION), "
                    + "but found \(buildInfo)",
                advice: "Look at `ldd $(which valuation)` and LD_LIBRARY_PATH for an older or newer libvaluation.so.1.")
        }
    }

    /// Finds every problem of the models at `path` and passes each to `receive`, until that one throws.
    /// - Returns: whether there was none.
    static func validate(path: String, receive: (Problem) throws -> Void) throws -> Bool {
        try requireMatchingInterface()
        var error = emptyError()
        let status = try withoutActuallyEscaping(receive) { receive in
            let receiver = ProblemReceiver(receive)
            let status = path.withText {
                valuation_validate(
                    $0, $1, nil,
                    { context, problem in
                        guard let context, let problem else { return false }
                        let receiver = Unmanaged<ProblemReceiver>.fromOpaque(context).takeUnretainedValue()
                        return receiver.take(problem.pointee)
                    }, Unmanaged.passUnretained(receiver).toOpaque(), &error)
            }
            if let thrown = receiver.thrown { throw thrown }
            if status != VALUATION_OK && !receiver.hasReceived { try receive(Problem(error)) }
            return status
        }
        return status == VALUATION_OK
    }

    /// FarmHash's Fingerprint64.
    static func fingerprint(_ text: String) -> UInt64 {
        text.withText { valuation_fingerprint($0, $1) }
    }

    /// VALUATION_ERROR_INIT, which Swift cannot import.
    static func emptyError() -> valuation_error {
        var error = valuation_error()
        error.struct_size = UInt32(MemoryLayout<valuation_error>.size)
        return error
    }
}

/// Carries a closure that may throw through a C callback.
private final class ProblemReceiver {
    private let receive: (Problem) throws -> Void
    private(set) var hasReceived = false
    private(set) var thrown: (any Error)?

    init(_ receive: @escaping (Problem) throws -> Void) { self.receive = receive }

    /// Whether to go on.
    func take(_ problem: valuation_error) -> Bool {
        hasReceived = true
        do { try receive(Problem(problem)) } catch { thrown = error }
        return thrown == nil
    }
}
