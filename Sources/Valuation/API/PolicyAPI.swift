// SPDX-License-Identifier: Apache-2.0
import CValuation

// Policy: see valuation.h.

/// See valuation.h.
@c @implementation
public func valuation_engine_load_policy(
    _ engine: OpaquePointer!, _ path: UnsafePointer<CChar>!, _ path_length: Int,
    _ error: UnsafeMutablePointer<valuation_error>!
) -> valuation_status {
    callWithNote(error) { note throws(Failure) in
        try Valuation.engine(engine).pointee.loadPolicy(path: try text(path, path_length), note: note)
    }
}

/// See valuation.h.
@c @implementation
public func valuation_bucket(
    _ salt: UnsafePointer<CChar>!, _ salt_length: Int, _ unit: UnsafePointer<CChar>!, _ unit_length: Int
) -> UInt32 {
    UInt32(Bucket.of(salt: textOrEmpty(salt, salt_length), unit: textOrEmpty(unit, unit_length)))
}

/// See valuation.h.
@c @implementation
public func valuation_assign_json(
    _ scorer: OpaquePointer!, _ request: UnsafePointer<CChar>!, _ length: Int,
    _ text_out: UnsafeMutablePointer<UnsafePointer<CChar>?>!, _ length_out: UnsafeMutablePointer<Int>!,
    _ error: UnsafeMutablePointer<valuation_error>!
) -> valuation_status {
    answer(scorer, text_out, length_out, error) { target throws(Failure) in
        try AssignAnswer.write(try text(request, length), scorer: target)
    }
}

/// See valuation.h.
@c @implementation
public func valuation_explore(
    _ scorer: OpaquePointer!, _ request: UnsafePointer<valuation_request>!,
    _ candidates: UnsafePointer<valuation_candidate>!, _ candidate_count: Int,
    _ values_out: UnsafeMutablePointer<valuation_value>!, _ propensities_out: UnsafeMutablePointer<Double>!,
    _ chosen_out: UnsafeMutablePointer<Int>!, _ outcome: UnsafeMutablePointer<valuation_outcome>!,
    _ error: UnsafeMutablePointer<valuation_error>!
) -> valuation_status {
    call(error) { () throws(Failure) in
        let target = try Valuation.scorer(scorer)
        let outcome = try Outcome(outcome)
        let checkedRequest = try checked(request)
        try checkCandidates(candidate_count, candidates)
        try checkCount(candidate_count, values_out == nil, "values_out is NULL.")
        try checkCount(candidate_count, propensities_out == nil, "propensities_out is NULL.")
        try Scorer.withSnapshot(target) { snapshot throws(Failure) in
            var (scored, chosen) = (UnsafeMutablePointer<Scorer>?.none, Int?.none)
            if candidate_count > 0, let candidates, let values_out, let propensities_out {
                scored = target
                chosen = try Scorer.explore(
                    target, checkedRequest, Candidates(candidates, count: candidate_count), into: values_out,
                    propensities_out, snapshot)
            }
            outcome.fill(scored, snapshot)
            // VALUATION_NONE_CHOSEN is the greatest size_t.
            if let chosen_out { chosen_out.pointee = chosen ?? -1 }
        }
    }
}

/// See valuation.h.
@c @implementation
public func valuation_policy_check(
    _ policy: UnsafePointer<CChar>!, _ policy_length: Int, _ models: UnsafePointer<CChar>!, _ models_length: Int,
    _ report_out: UnsafeMutablePointer<OpaquePointer?>!, _ error: UnsafeMutablePointer<valuation_error>!
) -> valuation_status {
    reporting(report_out, error, isRequired: true) { note throws(Failure) in
        try PolicyCheck.run(
            try text(policy, policy_length), models: try text(models, models_length),
            maximumInputBytes: defaultMaximumInputBytes, note: note)
    }
}
