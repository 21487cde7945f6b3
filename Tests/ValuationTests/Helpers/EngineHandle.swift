// SPDX-License-Identifier: Apache-2.0
import CValuation
import Testing

@testable import Valuation

/// An engine behind the C interface, as a host holds it.
final class EngineHandle: @unchecked Sendable {
    private(set) var pointer: OpaquePointer?

    /// - Parameter maximumInputBytes: 0 for the default.
    init(maximumInputBytes: UInt64 = 0, switches: UInt32 = 0) throws(Complaint) {
        var options = valuation_options(
            struct_size: UInt32(MemoryLayout<valuation_options>.size), switches: switches,
            maximum_input_bytes: maximumInputBytes)
        try checked { error in valuation_engine_create(&options, &pointer, error) }
    }

    /// An engine that has loaded models from a real file.
    convenience init(models: [ModelDocument], _ campaigns: [CampaignEntry] = []) throws {
        try self.init()
        let folder = try TemporaryFolder()
        let lines = models.map(\.json) + campaigns.map(\.json)
        try load(try folder.write("models.jsonl", lines.joined(separator: "\n")))
    }

    deinit {
        destroy()
    }

    /// Destroys the handle early.
    func destroy() {
        valuation_engine_destroy(pointer)
        pointer = nil
    }

    func load(_ path: String) throws(Complaint) {
        try checked { error in valuation_engine_load(pointer, path, path.utf8.count, error) }
    }

    /// - Returns: whether other models serve now.
    func refresh() throws(Complaint) -> Bool {
        var changed = false
        try checked { error in valuation_engine_refresh(pointer, &changed, error) }
        return changed
    }

    /// - Parameter id: empty for the previous models.
    func rollBack(to id: String = "") throws(Complaint) {
        try checked { error in valuation_engine_roll_back(pointer, id, id.utf8.count, error) }
    }

    func scorer() throws(Complaint) -> ScorerHandle {
        try ScorerHandle(self)
    }

    func describeJSON() throws(Complaint) -> String {
        var report: OpaquePointer?
        try checked { error in valuation_engine_describe(pointer, &report, error) }
        defer { valuation_report_destroy(report) }
        return valuation_report_text(report, nil).map { String(cString: $0) } ?? ""
    }

    func state() throws(Complaint) -> valuation_engine_state {
        var state = valuation_engine_state()
        state.struct_size = UInt32(MemoryLayout<valuation_engine_state>.size)
        try checked { error in valuation_engine_read_state(pointer, &state, error) }
        return state
    }

    /// - Returns: whether something is ready to be committed.
    func prepare() throws(Complaint) -> Bool {
        var ready = false
        try checked { error in valuation_engine_prepare(pointer, &ready, error) }
        return ready
    }

    func commit() throws(Complaint) {
        try checked { error in valuation_engine_commit(pointer, error) }
    }

    /// The engine's description of itself.
    func description() throws -> JSONTree {
        try JSONTree(parsing: try describeJSON())
    }

    /// The values that answer a JSON request.
    func values(_ request: String) throws -> [JSONTree] {
        try JSONTree(parsing: try scorer().scoreJSON(request)).values
    }
}

/// A scorer behind the C interface: for one thread.
final class ScorerHandle {
    private(set) var pointer: OpaquePointer?
    let engine: EngineHandle

    init(_ engine: EngineHandle) throws(Complaint) {
        self.engine = engine
        try checked { error in valuation_scorer_create(engine.pointer, &pointer, error) }
    }

    deinit {
        valuation_scorer_destroy(pointer)
    }

    func score(_ features: [valuation_feature], _ candidates: [valuation_candidate]) throws(Complaint)
        -> [valuation_value]
    {
        var values = [valuation_value](repeating: valuation_value(), count: candidates.count)
        try checked { error in
            features.withUnsafeBufferPointer { features in
                var request = valuation_request(
                    struct_size: UInt32(MemoryLayout<valuation_request>.size),
                    candidate_size: UInt32(MemoryLayout<valuation_candidate>.size),
                    value_size: UInt32(MemoryLayout<valuation_value>.size), feature_count: UInt32(features.count),
                    features: features.baseAddress, time_budget_ns: 0, units: nil, unit_count: 0, seed: 0, time: 0)
                return valuation_score(pointer, &request, candidates, candidates.count, &values, nil, error)
            }
        }
        return values
    }

    func scoreJSON(_ request: String) throws(Complaint) -> String {
        try text { out, length, error in
            valuation_score_json(pointer, request, request.utf8.count, out, length, error)
        }
    }

    func explainJSON(_ request: String) throws(Complaint) -> String {
        try text { out, length, error in
            valuation_explain_json(pointer, request, request.utf8.count, out, length, error)
        }
    }

    private func text(
        _ call: (
            UnsafeMutablePointer<UnsafePointer<CChar>?>, UnsafeMutablePointer<Int>,
            UnsafeMutablePointer<valuation_error>
        ) -> valuation_status
    ) throws(Complaint) -> String {
        var text: UnsafePointer<CChar>?
        var length = 0
        try checked { error in call(&text, &length, error) }
        guard let text else { return "" }
        #expect(text[length] == 0, "a NUL byte follows the text")
        return String(decoding: UnsafeRawBufferPointer(start: text, count: length), as: UTF8.self)
    }
}

/// Makes a C call and throws its error.
func checked(_ call: (UnsafeMutablePointer<valuation_error>) -> valuation_status) throws(Complaint) {
    var error = valuation_error()
    error.struct_size = UInt32(MemoryLayout<valuation_error>.size)
    let status = call(&error)
    #expect(error.status == status)
    if status != Status.ok.rawValue { throw Complaint(error) }
}
