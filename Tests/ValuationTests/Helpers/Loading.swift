// SPDX-License-Identifier: Apache-2.0
import CValuation
import Testing

@testable import Valuation

/// Why a file of this name and content fails to load, or nil if it loads. A real file, loaded over the C interface.
func loadComplaint(_ bytes: [UInt8], named name: String) -> Complaint? {
    do {
        let folder = try TemporaryFolder()
        return loadComplaint(atPath: try folder.write(name, bytes))
    } catch {
        Issue.record(error)
        return nil
    }
}

/// Why a text fails to load as a model file, or nil if it loads.
func loadComplaint(_ text: String, named name: String = "model.json") -> Complaint? {
    loadComplaint(Array(text.utf8), named: name)
}

/// Why models, each a line of a `.jsonl` file, fail to load, or nil if they load.
func loadComplaint(_ documents: [ModelDocument]) -> Complaint? {
    loadComplaint(documents.map(\.json).joined(separator: "\n"), named: "models.jsonl")
}

/// Why the models at a path fail to load, or nil if they load. - Parameter maximumInputBytes: 0 for the default.
func loadComplaint(atPath path: String, maximumInputBytes: UInt64 = 0) -> Complaint? {
    complaint { () throws(Complaint) in
        try EngineHandle(maximumInputBytes: maximumInputBytes).load(path)
    }
}

/// Every problem that a validation reports, in order, up to the number asked for, without warnings.
func problems(atPath path: String, maximumInputBytes: UInt64 = 0, atMost limit: Int = .max) -> [Complaint] {
    let heard = findings(atPath: path, maximumInputBytes: maximumInputBytes, atMost: limit)
    let problems = heard.filter { $0.status != .ok }
    // Warnings come last.
    #expect(heard.prefix(problems.count).allSatisfy { $0.status != .ok })
    return problems
}

/// The same with warnings.
func findings(atPath path: String, maximumInputBytes: UInt64 = 0, atMost limit: Int = .max) -> [Complaint] {
    struct Heard {
        var problems: [Complaint] = []
        var limit: Int
    }
    var heard = Heard(limit: limit)
    var options = valuation_options(
        struct_size: UInt32(MemoryLayout<valuation_options>.size), switches: 0, maximum_input_bytes: maximumInputBytes)
    let returned = complaint { () throws(Complaint) in
        try checked { error in
            withUnsafeMutablePointer(to: &heard) { heard in
                valuation_validate(
                    path, path.utf8.count, &options,
                    { context, problem in
                        guard let heard = context?.assumingMemoryBound(to: Heard.self), let problem else {
                            return false
                        }
                        heard.pointee.problems.append(Complaint(problem.pointee))
                        return heard.pointee.problems.count < heard.pointee.limit
                    }, heard, error)
            }
        }
    }
    // The call returns the first problem.
    let first = heard.problems.first { $0.status != .ok }
    #expect(returned?.message == first?.message && returned?.jsonPath == first?.jsonPath)
    #expect(returned?.status == first?.status && returned?.file == first?.file && returned?.line == first?.line)
    return heard.problems
}
