// SPDX-License-Identifier: Apache-2.0
import CKernels
import CValuation

// Many requests, and arrays without pointers in them: see valuation.h.

/// See valuation.h.
@c @implementation
public func valuation_score_batch(
    _ scorer: OpaquePointer!, _ shared: UnsafePointer<valuation_feature>!, _ shared_count: Int,
    _ requests: UnsafePointer<valuation_request>!, _ request_count: Int,
    _ candidates: UnsafePointer<valuation_candidate>!, _ candidate_offsets: UnsafePointer<Int>!,
    _ values_out: UnsafeMutablePointer<valuation_value>!, _ outcomes_out: UnsafeMutablePointer<valuation_outcome>!,
    _ error: UnsafeMutablePointer<valuation_error>!
) -> valuation_status {
    call(error) { () throws(Failure) in
        let target = try Valuation.scorer(scorer)
        try checkCount(shared_count, shared == nil, "The shared features are NULL, or their count is out of range.")
        try checkFeatureCount(shared_count)
        try checkCount(request_count, requests == nil, "The requests are NULL, or their count is out of range.")
        guard let candidate_offsets else { throw Failure(.invalidArgument, "candidate_offsets is NULL.") }
        if candidate_offsets[0] != 0 { throw Failure(.invalidArgument, "candidate_offsets does not begin with 0.") }
        for position in 0..<request_count where candidate_offsets[position] > candidate_offsets[position + 1] {
            throw Failure(.invalidArgument, "candidate_offsets must not fall.")
        }
        try checkCandidates(candidate_offsets[request_count], candidates)
        try checkCount(candidate_offsets[request_count], values_out == nil, "values_out is NULL.")
        let common = SharedFeatures(UnsafeBufferPointer(start: shared, count: shared_count), target)
        try Scorer.withSnapshot(target) { snapshot throws(Failure) in
            guard request_count > 0, let requests else { return }
            let distance = try stride(requests.pointee.struct_size, of: valuation_request.self)
            var outcomeDistance = 0
            if let outcomes_out {
                outcomeDistance = try stride(outcomes_out.pointee.struct_size, of: valuation_outcome.self)
            }
            for position in 0..<request_count {
                let request = at(position, requests, distance)
                let place = outcomes_out.map { UnsafeMutablePointer(mutating: at(position, $0, outcomeDistance)) }
                if Int(request.pointee.struct_size) != distance
                    || place != nil && Int(place.unsafelyUnwrapped.pointee.struct_size) != outcomeDistance
                {
                    throw Failure(.structSize, "The struct_size of an element differs from that of the first.")
                }
                let outcome = try Outcome(place)
                var checkedRequest = try checked(request, shared: shared_count)
                let start = candidate_offsets[position]
                let count = candidate_offsets[position + 1] - start
                guard count > 0, let candidates, let values_out else {
                    outcome.fill(nil, snapshot)
                    continue
                }
                if shared_count > 0 { try common.add(to: &checkedRequest, target, snapshot) }
                let all = Candidates(candidates + start, count: count)
                Scorer.score(target, checkedRequest, all, into: values_out + start, snapshot)
                outcome.fill(target, snapshot)
            }
        }
    }
}

/// The distance of the elements of an array of growing structs: the first one's `struct_size`.
private func stride<Struct>(_ size: UInt32, of _: Struct.Type) throws(Failure) -> Int {
    if Int(size) % MemoryLayout<Struct>.alignment != 0 {
        throw Failure(.structSize, "The struct_size of an array's elements is no multiple of 8.")
    }
    return Int(size)
}

private func at<Struct>(_ position: Int, _ first: UnsafePointer<Struct>, _ distance: Int) -> UnsafePointer<Struct> {
    (UnsafeRawPointer(first) + position &* distance).assumingMemoryBound(to: Struct.self)
}

/// See valuation.h.
@c @implementation
public func valuation_score_flat(
    _ scorer: OpaquePointer!, _ request: UnsafePointer<valuation_request>!,
    _ features: UnsafePointer<valuation_feature>!, _ feature_count: Int, _ feature_offsets: UnsafePointer<UInt32>!,
    _ candidates: UnsafePointer<valuation_candidate>!, _ candidate_count: Int, _ maximum_count: Int,
    _ indices_out: UnsafeMutablePointer<Int>!, _ values_out: UnsafeMutablePointer<valuation_value>!,
    _ propensities_out: UnsafeMutablePointer<Double>!, _ chosen_out: UnsafeMutablePointer<Int>!,
    _ outcome: UnsafeMutablePointer<valuation_outcome>!, _ error: UnsafeMutablePointer<valuation_error>!
) -> valuation_status {
    call(error) { () throws(Failure) in
        let target = try Valuation.scorer(scorer)
        let outcome = try Outcome(outcome)
        var checkedRequest = try checked(request)
        try checkCandidates(candidate_count, candidates)
        try checkCount(feature_count, features == nil, "The features are NULL, or their count is out of range.")
        if checkedRequest.featureCount > 0 {
            throw Failure(.invalidArgument, "The request has features of its own; its first ones are in the array.")
        }
        let offsets = try checked(feature_offsets, candidate_count, last: feature_count)
        checkedRequest.features = UnsafePointer(features)
        checkedRequest.featureCount = Int(offsets[0])
        try checkFeatureCount(checkedRequest.featureCount)
        // A negative number is one above Int.max, such as SIZE_MAX.
        let capacity =
            indices_out == nil || maximum_count < 0 ? candidate_count : min(candidate_count, maximum_count)
        try checkCount(capacity, values_out == nil, "values_out is NULL.")
        if indices_out != nil && propensities_out != nil {
            throw Failure(.invalidArgument, "Either indices_out or propensities_out must be NULL.")
        }
        try Scorer.withSnapshot(target) { snapshot throws(Failure) in
            var (scored, chosen) = (UnsafeMutablePointer<Scorer>?.none, Int?.none)
            if capacity > 0, let candidates, let values_out {
                scored = target
                let all = Candidates(candidates, count: candidate_count, features: features, offsets: offsets)
                if let indices_out {
                    var ranking = Ranking(indices: indices_out, values: values_out, capacity: capacity)
                    Scorer.rankAll(target, checkedRequest, all, into: &ranking, snapshot)
                } else if let propensities_out {
                    chosen = try Scorer.explore(
                        target, checkedRequest, all, into: values_out, propensities_out, snapshot)
                } else {
                    Scorer.scoreAll(target, checkedRequest, all, into: values_out, snapshot)
                }
            }
            // VALUATION_NONE_CHOSEN is the greatest size_t.
            if let chosen_out { chosen_out.pointee = chosen ?? -1 }
            outcome.fill(scored, snapshot)
        }
    }
}

/// Checks the offsets of the candidates' features. - Parameter last: how many features there are.
private func checked(
    _ offsets: UnsafePointer<UInt32>?, _ count: Int, last: Int
) throws(Failure) -> UnsafePointer<UInt32> {
    guard let offsets else { throw Failure(.invalidArgument, "feature_offsets is NULL.") }
    if valuation_offsets_fall(offsets, count) != 0 { throw Failure(.invalidArgument, "feature_offsets must not fall.") }
    if Int(offsets[count]) > last {
        throw Failure(.invalidArgument, "feature_offsets ends behind the last feature.")
    }
    return offsets
}
