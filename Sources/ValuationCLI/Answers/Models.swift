// SPDX-License-Identifier: Apache-2.0
import CValuation

/// An engine with models loaded into it, and the one scorer that this program needs.
final class Models {
    /// The possible types of a path, for people whose path leads nowhere.
    static let whatMayBeNamed =
        "Name a model file, a directory of them, a release, a directory of releases, or a compiled file."

    /// Lives as long as this object.
    let engine: OpaquePointer
    private let scorer: OpaquePointer
    private var error = Library.emptyError()
    /// The last one.
    private var description: OpaquePointer?

    /// Loads the models at `path`, of any type.
    /// - Parameter policy: the file of the policy that decides the predictors; nil for none.
    init(path: String, policy: String? = nil) throws {
        try Library.requireMatchingInterface()
        var error = Library.emptyError()
        var engine: OpaquePointer?
        var scorer: OpaquePointer?
        var status = valuation_engine_create(nil, &engine, &error)
        if status == VALUATION_OK { status = path.withText { valuation_engine_load(engine, $0, $1, &error) } }
        let areLoaded = status == VALUATION_OK
        if areLoaded, let policy {
            status = policy.withText { valuation_engine_load_policy(engine, $0, $1, &error) }
        }
        if status == VALUATION_OK { status = valuation_scorer_create(engine, &scorer, &error) }
        guard status == VALUATION_OK, let engine, let scorer else {
            valuation_scorer_destroy(scorer)
            valuation_engine_destroy(engine)
            if areLoaded, let policy { throw Self.failure(Problem(error), of: policy, models: path) }
            throw Failure(
                message: "cannot load the models: \(Problem(error).text())",
                advice: status == VALUATION_ERROR_FILE_NOT_FOUND
                    ? Self.whatMayBeNamed
                    : "`valuation validate \(path)` lists every problem there is.")
        }
        self.engine = engine
        self.scorer = scorer
    }

    deinit {
        valuation_report_destroy(description)
        valuation_scorer_destroy(scorer)
        valuation_engine_destroy(engine)
    }

    /// A JSON answer of the library. It belongs to the scorer and lives until the next call.
    typealias Answer = UnsafeRawBufferPointer

    /// The values of a JSON request's candidates.
    /// - Parameter member: added to the request, for example `"top":3`; replaces the request's own.
    func score(_ request: UnsafeRawBufferPointer, adding member: String? = nil) throws(Problem) -> Answer {
        try answer(to: request, adding: member, by: valuation_score_json)
    }

    /// The values of a JSON request's candidates, with every term that led to them.
    func explain(_ request: UnsafeRawBufferPointer, adding member: String? = nil) throws(Problem) -> Answer {
        try answer(to: request, adding: member, by: valuation_explain_json)
    }

    /// The decisions of the policy for a JSON request, and why.
    func assign(_ request: UnsafeRawBufferPointer) throws(Problem) -> Answer {
        try answer(to: request, adding: nil, by: valuation_assign_json)
    }

    /// What is loaded. It lives until it is asked for again.
    func describe() throws(Problem) -> Answer {
        valuation_report_destroy(description)
        description = nil
        guard valuation_engine_describe(engine, &description, &error) == VALUATION_OK else { throw Problem(error) }
        var length = 0
        let text = valuation_report_text(description, &length)
        return Answer(start: text, count: length)
    }

    private static func failure(_ problem: Problem, of policy: String, models: String) -> Failure {
        let isLost = problem.status == VALUATION_ERROR_FILE_NOT_FOUND && problem.isIn(policy)
        return Failure(
            message: "cannot load the policy: \(problem.text())",
            advice: isLost
                ? "Name the JSON file of a policy."
                : "`valuation policy check \(policy) --models \(models)` lists all that is wrong with it.")
    }

    private typealias JSONCall = (
        OpaquePointer?, UnsafePointer<CChar>?, Int, UnsafeMutablePointer<UnsafePointer<CChar>?>?,
        UnsafeMutablePointer<Int>?, UnsafeMutablePointer<valuation_error>?
    ) -> valuation_status

    private func answer(
        to request: UnsafeRawBufferPointer, adding member: String?, by call: JSONCall
    ) throws(Problem) -> Answer {
        if let member {
            let changed = RawJSON.adding(member, to: request)
            let answer = changed.withUnsafeBytes { try? self.answer(to: $0, adding: nil, by: call) }
            // A bad request is evaluated again as it was written, so that lines and columns are the writer's.
            if let answer { return answer }
        }
        var text: UnsafePointer<CChar>?
        var length = 0
        let characters = request.baseAddress?.assumingMemoryBound(to: CChar.self)
        guard call(scorer, characters, request.count, &text, &length, &error) == VALUATION_OK else {
            throw Problem(error)
        }
        return Answer(start: text, count: length)
    }
}
