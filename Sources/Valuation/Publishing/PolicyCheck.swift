// SPDX-License-Identifier: Apache-2.0
import CKernels
import CPlatform
import CValuation

/// Finding everything that is wrong or suspicious in a policy, before it decides anything.
enum PolicyCheck {
    /// See `valuation_policy_check`. - Parameter models: empty to check the policy alone.
    static func run(
        _ path: Text, models: Text, maximumInputBytes: UInt64, note: Note
    ) throws(Failure) -> Buffer<UInt8> {
        var text = Buffer<UInt8>()
        _ = try PolicyFile.read(path, into: &text, note)
        var findings = try PolicyFindings()
        var isSound = false
        let document = try decode(text.text, &findings, &isSound, note)
        if isSound && models.count > 0 {
            try fit(text.text, path, models, maximumInputBytes, &findings, note)
        } else if isSound {
            try document.review(&findings, now: valuation_platform_seconds(), note)
        }
        return try findings.finish()
    }

    private static func decode(
        _ text: Text, _ findings: inout PolicyFindings, _ isSound: inout Bool, _ note: Note
    ) throws(Failure) -> PolicyDocument {
        try withUnsafeMutablePointer(to: &findings) { found throws(Failure) in
            try Note.withTemporary { first throws(Failure) in
                let listener = Problems.Listener(function: collect, context: UnsafeMutableRawPointer(found))
                var problems = Problems(note: note, firstNote: first, listener: listener)
                let document = try PolicyDecoder.decode(text, under: .standard, problems: &problems)
                isSound = problems.count == 0
                return document
            }
        }
    }

    /// Receives the problems.
    private static let collect: valuation_problem_callback = { context, problem in
        guard let context, let problem else { return true }
        let findings = context.assumingMemoryBound(to: PolicyFindings.self)
        findings.pointee.add(Note(error: UnsafeMutablePointer(mutating: problem)))
        return true
    }

    /// Resolves a valid policy against models. It is decoded again, because its keys need the models' secret.
    private static func fit(
        _ text: Text, _ path: Text, _ models: Text, _ maximumInputBytes: UInt64,
        _ findings: inout PolicyFindings, _ note: Note
    ) throws(Failure) {
        let source = try Source(path: models, note: note)
        let root = source.isRoot ? models : Text.empty
        let index = try Opening(maximumInputBytes: maximumInputBytes, note: note).index(of: source)
        let document = try PolicyDecoder.decode(text, under: index.secret, note: note)
        let fitting = PolicyFitting(note: note, path: path)
        if let failure = failure({ () throws(Failure) in try fitting.checkObserved(document, index) }) {
            if failure.status == .outOfMemory { throw failure }
            findings.add(note)
        }
        for number in 1..<max(1, document.releases.count) {
            let failure = failure { () throws(Failure) in
                if root.count == 0 { throw try fitting.withoutReleases(document, number) }
                let release = try fitting.release(number, of: document, root: root)
                _ = try Opening(maximumInputBytes: maximumInputBytes, note: note).index(of: release)
            }
            guard let failure else { continue }
            if failure.status == .outOfMemory { throw failure }
            findings.add(note)
        }
        try document.review(&findings, now: valuation_platform_seconds(), note)
        try document.review(&findings, index, note)
    }

    private static func failure(_ body: () throws(Failure) -> Void) -> Failure? {
        do throws(Failure) {
            try body()
            return nil
        } catch {
            return error
        }
    }
}
