// SPDX-License-Identifier: Apache-2.0
import CValuation

// Scoring: see valuation.h.

/// Checks a request and takes what scoring needs of it.
///
/// - Parameter shared: how many features it has besides its own.
@inline(__always)
func checked(_ request: UnsafePointer<valuation_request>?, shared: Int = 0) throws(Failure) -> Request {
    guard let request else { throw Failure(.invalidArgument, "The request is NULL.") }
    try checkSize(request, request.pointee.struct_size)
    if request.pointee.candidate_size != MemoryLayout<valuation_candidate>.size
        || request.pointee.value_size != MemoryLayout<valuation_value>.size
    {
        throw Failure(
            .structSize,
            """
            A request's candidate_size is not 32, or its value_size not 24; begin with VALUATION_REQUEST_INIT, and use \
            a library as new as your header.
            """)
    }
    let count = Int(request.pointee.feature_count)
    try checkFeatureCount(count, besides: shared)
    if count > 0 && request.pointee.features == nil {
        throw Failure(.invalidArgument, "The request's features are NULL, but its feature_count is not 0.")
    }
    let units = request.pointee.unit_count
    if units > UInt64(PolicyDocument.maximumUnits) {
        throw Failure(.limitExceeded, "A request has at most 16 units.")
    }
    if units > 0 && request.pointee.units == nil {
        throw Failure(.invalidArgument, "The request's units are NULL, but its unit_count is not 0.")
    }
    return Request(request.pointee, features: request.pointee.features, count)
}

extension Request {
    /// A request that has been checked, with these features. Its time budget starts now.
    fileprivate init(_ request: valuation_request, features: UnsafePointer<valuation_feature>?, _ count: Int) {
        self.init(features: features, featureCount: count, timeBudget: request.time_budget_ns)
        (units, unitCount) = (request.units, Int(request.unit_count))
        seed = request.seed
        time = request.time == 0 ? nil : request.time
    }
}

@inline(__always)
func checkCount(_ count: Int, _ isNull: Bool, _ message: StaticString) throws(Failure) {
    if count < 0 || (count > 0 && isNull) { throw Failure(.invalidArgument, message) }
}

func checkCandidates(_ count: Int, _ candidates: UnsafePointer<valuation_candidate>?) throws(Failure) {
    try checkCount(count, candidates == nil, "The candidates are NULL, or their count is out of range.")
}

/// - Parameter others: how many the request has besides.
@inline(__always)
func checkFeatureCount(_ count: Int, besides others: Int = 0) throws(Failure) {
    if count > Limits.maximumFeatures &- others {
        throw Failure(.limitExceeded, "A request has at most 10,000 features.")
    }
}

/// See valuation.h.
@c @implementation
public func valuation_score(
    _ scorer: OpaquePointer!, _ request: UnsafePointer<valuation_request>!,
    _ candidates: UnsafePointer<valuation_candidate>!, _ candidate_count: Int,
    _ values_out: UnsafeMutablePointer<valuation_value>!, _ outcome: UnsafeMutablePointer<valuation_outcome>!,
    _ error: UnsafeMutablePointer<valuation_error>!
) -> valuation_status {
    call(error) { () throws(Failure) in
        let target = try Valuation.scorer(scorer)
        let outcome = try Outcome(outcome)
        let checkedRequest = try checked(request)
        try checkCandidates(candidate_count, candidates)
        try checkCount(candidate_count, values_out == nil, "values_out is NULL.")
        try Scorer.withSnapshot(target) { snapshot throws(Failure) in
            guard candidate_count > 0, let candidates, let values_out else {
                return outcome.fill(nil, snapshot)
            }
            let all = Candidates(candidates, count: candidate_count)
            Scorer.score(target, checkedRequest, all, into: values_out, snapshot)
            outcome.fill(target, snapshot)
        }
    }
}

/// See valuation.h.
@c @implementation
public func valuation_rank(
    _ scorer: OpaquePointer!, _ request: UnsafePointer<valuation_request>!,
    _ candidates: UnsafePointer<valuation_candidate>!, _ candidate_count: Int, _ maximum_count: Int,
    _ indices_out: UnsafeMutablePointer<Int>!, _ values_out: UnsafeMutablePointer<valuation_value>!,
    _ count_out: UnsafeMutablePointer<Int>!, _ outcome: UnsafeMutablePointer<valuation_outcome>!,
    _ error: UnsafeMutablePointer<valuation_error>!
) -> valuation_status {
    call(error) { () throws(Failure) in
        let target = try Valuation.scorer(scorer)
        let outcome = try Outcome(outcome)
        let checkedRequest = try checked(request)
        let count = try required(count_out, "count_out is NULL.")
        try checkCandidates(candidate_count, candidates)
        // A negative number is one above Int.max, such as SIZE_MAX.
        let capacity = maximum_count < 0 ? candidate_count : min(candidate_count, maximum_count)
        try checkCount(capacity, indices_out == nil, "indices_out is NULL.")
        try checkCount(capacity, values_out == nil, "values_out is NULL.")
        try Scorer.withSnapshot(target) { snapshot throws(Failure) in
            count.pointee = 0
            guard capacity > 0, let candidates, let indices_out, let values_out else {
                return outcome.fill(nil, snapshot)
            }
            var ranking = Ranking(indices: indices_out, values: values_out, capacity: capacity)
            let all = Candidates(candidates, count: candidate_count)
            Scorer.rank(target, checkedRequest, all, into: &ranking, snapshot)
            count.pointee = ranking.count
            outcome.fill(target, snapshot)
        }
    }
}
