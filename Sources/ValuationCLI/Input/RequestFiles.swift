// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// Goes through the requests of several files, reports the bad ones and counts.
final class RequestFiles {
    private let paths: [String]
    private let diagnostics: Diagnostics
    private let answersAtOnce: Bool
    private var answered = 0
    private var bad = 0
    private var unreadable = 0
    private var invalidCandidates = 0
    private var placeOfFirstInvalid = ""

    /// - Parameters:
    ///   - paths: "-" is standard input; none means standard input too.
    ///   - answersAtOnce: whether each request is answered before the next one is read.
    init(_ paths: [String], answersAtOnce: Bool = true, reportingOn diagnostics: Diagnostics) {
        self.paths = paths.isEmpty ? ["-"] : paths
        self.answersAtOnce = answersAtOnce
        self.diagnostics = diagnostics
    }

    /// Passes each request to `answer`, with its location for people ("requests.jsonl:3").
    ///
    /// If `answer` throws a `Problem`, it is reported with its line in the file, and the next request follows. Any
    /// other error ends the loop.
    func forEachRequest(
        separatedBy separation: RequestReader.Separation, on output: Output,
        answer: (UnsafeRawBufferPointer, String) throws -> Void
    ) throws {
        var progress = Progress(of: paths, answersAtOnce: answersAtOnce, on: diagnostics)
        for path in paths {
            let file: InputFile
            do throws(Problem) {
                file = try InputFile(path: path)
            } catch {
                diagnostics.report(error)
                unreadable += 1
                continue
            }
            if file.isTerminal { diagnostics.note("reading requests from the terminal; Ctrl-D ends them") }
            let reader = RequestReader(file, separation: separation, beforeReading: output.flush)
            while let request = try next(of: reader) {
                progress?.advance(length: request.bytes.count)
                if request.isBlank { continue }
                do {
                    try answer(request.bytes, "\(file.name):\(request.line)")
                    answered += 1
                } catch var problem as Problem {
                    problem.file = file.name
                    problem.line = request.line + max(problem.line, 1) - 1
                    // On one screen, answers and problems are in the order of the input.
                    try output.flush()
                    diagnostics.report(problem)
                    bad += 1
                }
            }
        }
        diagnostics.clearProgress()
    }

    /// Counts the candidates of an answer that are invalid or have invalid bids: they are worth 0, and the others are
    /// valued.
    func countInvalidCandidates(of answer: UnsafeRawBufferPointer, place: String) {
        let count = RawJSON.lastNumber(named: "invalid_candidates", of: answer) ?? 0
        if invalidCandidates == 0 { placeOfFirstInvalid = place }
        invalidCandidates += count
    }

    /// Reports how much was bad, if anything, and then throws the exit code for it.
    func conclude() throws {
        guard bad + unreadable + invalidCandidates > 0 else { return }
        var parts = [NumberText.counted(answered, "request") + " answered"]
        if bad > 0 { parts.append("\(NumberText.count(bad)) bad") }
        if unreadable > 0 { parts.append(NumberText.counted(unreadable, "file") + " not readable") }
        if invalidCandidates > 0 {
            parts.append(NumberText.counted(invalidCandidates, "invalid candidate") + " from \(placeOfFirstInvalid) on")
        }
        diagnostics.note(parts.joined(separator: ", "))
        throw ExitCode.badInput
    }

    private func next(of reader: RequestReader) throws -> RequestReader.Request? {
        while true {
            do {
                return try reader.next()
            } catch let problem as Problem {
                diagnostics.report(problem)
                if problem.line > 0 { bad += 1 } else { unreadable += 1 }
            }
        }
    }
}
