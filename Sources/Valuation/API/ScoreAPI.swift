// SPDX-License-Identifier: Apache-2.0
import CValuation

// Scoring: see valuation.h.

/// Checks a request and takes what scoring needs of it.
@inline(__always)
func checked(_ request: UnsafePointer<valuation_request>?) throws(Failure) -> Request {
    guard let request else { throw Failure(.invalidArgument, "The request is NULL.") }
    try checkSize(request, request.pointee.struct_size, first: firstRequestSize)
    let count = Int(request.pointee.feature_count)
    if count > Limits.maximumFeatures {
        throw Failure(.limitExceeded, "A request has at most 10,000 features.")
    }
    if count > 0 && request.pointee.features == nil {
        throw Failure(.invalidArgument, "The request's features are NULL, but its feature_count is not 0.")
    }
    var checked = Request(
        features: request.pointee.features, featureCount: count, timeBudget: request.pointee.time_budget_ns)
    if Int(request.pointee.struct_size) >= MemoryLayout<valuation_request>.size {
        let units = request.pointee.unit_count
        if units > UInt64(PolicyDocument.maximumUnits) {
            throw Failure(.limitExceeded, "A request has at most 16 units.")
        }
        if units > 0 && request.pointee.units == nil {
            throw Failure(.invalidArgument, "The request's units are NULL, but its unit_count is not 0.")
        }
        (checked.units, checked.unitCount) = (request.pointee.units, Int(units))
        checked.seed = request.pointee.seed
        checked.time = request.pointee.time == 0 ? nil : request.pointee.time
    }
    return checked
}

/// The size of a request before there were policies: the members before `units`.
private let firstRequestSize = 24

@inline(__always)
func checkCount(_ count: Int, _ isNull: Bool, _ message: StaticString) throws(Failure) {
    if count < 0 || (count > 0 && isNull) { throw Failure(.invalidArgument, message) }
}

/// See valuation.h.
@c @implementation
public func valuation_score(
    _ scorer: OpaquePointer!, _ request: UnsafePointer<valuation_request>!,
    _ candidates: UnsafePointer<valuation_candidate>!, _ candidate_count: Int,
    _ values_out: UnsafeMutablePointer<valuation_value>!, _ error: UnsafeMutablePointer<valuation_error>!
) -> valuation_status {
    call(error) { () throws(Failure) in
        let target = try Valuation.scorer(scorer)
        let checkedRequest = try checked(request)
        try checkCount(candidate_count, candidates == nil, "The candidates are NULL, or their count is out of range.")
        try checkCount(candidate_count, values_out == nil, "values_out is NULL.")
        try Scorer.withSnapshot(target) { snapshot throws(Failure) in
            guard candidate_count > 0, let candidates, let values_out else { return }
            Scorer.score(target, checkedRequest, candidates, count: candidate_count, into: values_out, snapshot)
        }
    }
}

/// See valuation.h.
@c @implementation
public func valuation_rank(
    _ scorer: OpaquePointer!, _ request: UnsafePointer<valuation_request>!,
    _ candidates: UnsafePointer<valuation_candidate>!, _ candidate_count: Int, _ maximum_count: Int,
    _ indices_out: UnsafeMutablePointer<Int>!, _ values_out: UnsafeMutablePointer<valuation_value>!,
    _ count_out: UnsafeMutablePointer<Int>!, _ error: UnsafeMutablePointer<valuation_error>!
) -> valuation_status {
    call(error) { () throws(Failure) in
        let target = try Valuation.scorer(scorer)
        let checkedRequest = try checked(request)
        let count = try required(count_out, "count_out is NULL.")
        try checkCount(candidate_count, candidates == nil, "The candidates are NULL, or their count is out of range.")
        // A negative number is one above Int.max, such as SIZE_MAX.
        let capacity = maximum_count < 0 ? candidate_count : min(candidate_count, maximum_count)
        try checkCount(capacity, indices_out == nil, "indices_out is NULL.")
        try checkCount(capacity, values_out == nil, "values_out is NULL.")
        try Scorer.withSnapshot(target) { snapshot throws(Failure) in
            count.pointee = 0
            guard capacity > 0, let candidates, let indices_out, let values_out else { return }
            var ranking = Ranking(indices: indices_out, values: values_out, capacity: capacity)
            Scorer.rank(target, checkedRequest, candidates, count: candidate_count, into: &ranking, snapshot)
            count.pointee = ranking.count
        }
    }
}

/// See valuation.h.
@c @implementation
public func valuation_score_batch(
    _ scorer: OpaquePointer!, _ requests: UnsafePointer<valuation_request>!, _ request_count: Int,
    _ candidates: UnsafePointer<valuation_candidate>!, _ candidate_offsets: UnsafePointer<Int>!,
    _ values_out: UnsafeMutablePointer<valuation_value>!, _ error: UnsafeMutablePointer<valuation_error>!
) -> valuation_status {
    call(error) { () throws(Failure) in
        let target = try Valuation.scorer(scorer)
        try checkCount(request_count, requests == nil, "The requests are NULL, or their count is out of range.")
        guard let candidate_offsets else { throw Failure(.invalidArgument, "candidate_offsets is NULL.") }
        if candidate_offsets[0] != 0 { throw Failure(.invalidArgument, "candidate_offsets does not begin with 0.") }
        for position in 0..<request_count where candidate_offsets[position] > candidate_offsets[position + 1] {
            throw Failure(.invalidArgument, "candidate_offsets must not fall.")
        }
        try checkCount(
            candidate_offsets[request_count], candidates == nil,
            "The candidates are NULL, or their count is out of range.")
        try checkCount(candidate_offsets[request_count], values_out == nil, "values_out is NULL.")
        try Scorer.withSnapshot(target) { snapshot throws(Failure) in
            guard request_count > 0, let requests else { return }
            let distance = Int(requests.pointee.struct_size)
            if distance % MemoryLayout<valuation_request>.alignment != 0 {
                throw Failure(.structSize, "The struct_size of a request is no multiple of 8.")
            }
            for position in 0..<request_count {
                let place = UnsafeRawPointer(requests) + position * distance
                let request = place.assumingMemoryBound(to: valuation_request.self)
                if Int(request.pointee.struct_size) != distance {
                    throw Failure(.structSize, "The struct_size of a request differs from that of the first.")
                }
                let checkedRequest = try checked(request)
                let start = candidate_offsets[position]
                let count = candidate_offsets[position + 1] - start
                guard count > 0, let candidates, let values_out else { continue }
                Scorer.score(
                    target, checkedRequest, candidates + start, count: count, into: values_out + start, snapshot)
            }
        }
    }
}
