// SPDX-License-Identifier: Apache-2.0
import CValuation

/// Fuzz target of `valuation_score_flat`: any offsets, lengths and outputs, with and without draws.
///
/// It must refuse exactly the offsets that fall or end behind the features, and otherwise give the bits of the calls with
/// pointers. Arrays are of their exact size, so that the sanitizer sees what is read beyond them.
func fuzzFlat(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    var bytes = Bytes(UnsafeBufferPointer(start: start, count: count))
    let wishes = bytes.next()
    let call = FlatCall(&bytes, timeBudget: wishes & 4 == 0 ? 0 : 1)
    (wishes & 1 == 0 ? plain : exploring).check(call, wishes)
    return 0
}

/// The bytes of an input; zeros after its end.
private struct Bytes {
    private let all: UnsafeBufferPointer<UInt8>
    private var position = 0

    init(_ all: UnsafeBufferPointer<UInt8>) {
        self.all = all
    }

    mutating func next() -> UInt8 {
        if position == all.count { return 0 }
        position += 1
        return all[position - 1]
    }

    /// Mostly small: one byte, or, after 255, four.
    mutating func number() -> UInt32 {
        let first = next()
        return first < 255 ? UInt32(first) : (0..<4).reduce(0) { number, _ in number << 8 | UInt32(next()) }
    }
}

/// The arguments of a call.
private struct FlatCall {
    let features: [valuation_feature]
    let offsets: [UInt32]
    var candidates: [valuation_candidate] = []
    var request = valuation_request()

    init(_ bytes: inout Bytes, timeBudget: UInt64) {
        let labels: [(StaticString, StaticString)] = [
            ("slot", "12"), ("slot", "77"), ("os", "ios"), ("segments", "sports"), ("creative", "55"), ("no", "such"),
        ]
        let count = Int(bytes.next()) * 2
        features = (0..<Int(bytes.number() % 20_000)).map { _ in
            let byte = Int(bytes.next())
            if byte % 4 == 3 {
                return valuation_feature(
                    key: Secret.standard.number(field: Text("age")), number: byte == 255 ? .nan : Double(byte))
            }
            let label = labels[byte % labels.count]
            return valuation_feature(
                key: Secret.standard.category(field: Text(label.0), value: Text(label.1)), number: 1)
        }
        var offset = bytes.number()
        var offsets = [offset]
        for _ in 0..<count {
            let campaigns: [StaticString] = ["1042", "*", "7"]
            let kind = bytes.next()
            candidates.append(
                valuation_candidate(
                    campaign: Secret.standard.campaign(Text(campaigns[Int(kind) % 3])), features: nil,
                    feature_count: kind == 255 ? 1 : 0, pricing: valuation_pricing(kind >> 2 & 3), bid: Double(kind)))
            offset &+= bytes.number()
            offsets.append(offset)
        }
        self.offsets = offsets
        request.struct_size = UInt32(MemoryLayout<valuation_request>.size)
        request.candidate_size = UInt32(MemoryLayout<valuation_candidate>.size)
        request.value_size = UInt32(MemoryLayout<valuation_value>.size)
        request.time_budget_ns = timeBudget
    }

    /// Whether the offsets neither fall nor end behind the features.
    var isSound: Bool {
        zip(offsets, offsets.dropFirst()).allSatisfy { $0 <= $1 } && Int(offsets.last ?? 0) <= features.count
    }
}

/// Values, and the best or the propensities if they were asked for.
private struct Result: Equatable {
    var status: valuation_status = 0
    var values: [[UInt64]] = []
    var indices: [Int] = []
    var propensities: [UInt64] = []
    var chosen = -1
    var known: [UInt64] = []

    mutating func take(_ found: [valuation_value], _ outcome: valuation_outcome) {
        values = found.map { value in
            let bits = [value.pctr.bitPattern, value.pcvr.bitPattern, value.flags, value.source].map(UInt64.init)
            return [value.expected_revenue.bitPattern] + bits
        }
        known = [
            outcome.request_features, outcome.request_features_known, outcome.candidate_features,
            outcome.candidate_features_known, UInt64(outcome.budget_exceeded), outcome.generation,
        ]
    }
}

extension Harness {
    fileprivate func check(_ call: FlatCall, _ wishes: UInt8) {
        let best = wishes & 2 != 0 ? Int(wishes >> 4) : nil
        let explores = best == nil && wishes & 8 != 0
        let flat = flat(call, best, explores)
        if !call.isSound {
            return precondition(flat.status == Status.invalidArgument.rawValue, "unsound, but accepted")
        }
        if call.offsets[0] > 10_000 {
            return precondition(flat.status == Status.limitExceeded.rawValue, "too many features, but accepted")
        }
        precondition(flat.status == 0, "sound, but refused")
        precondition(flat == pointed(call, best, explores), "other bits than with pointers")
    }

    private func flat(_ call: FlatCall, _ best: Int?, _ explores: Bool) -> Result {
        var result = Result()
        var values = [valuation_value](repeating: valuation_value(), count: best ?? call.candidates.count)
        var indices = [Int](repeating: 0, count: best ?? 0)
        var propensities = [Double](repeating: 0, count: explores ? call.candidates.count : 0)
        var (request, outcome) = (call.request, valuation_outcome())
        outcome.struct_size = UInt32(MemoryLayout<valuation_outcome>.size)
        indices.withUnsafeMutableBufferPointer { indices in
            propensities.withUnsafeMutableBufferPointer { propensities in
                result.status = valuation_score_flat(
                    handle, &request, call.features, call.features.count, call.offsets, call.candidates,
                    call.candidates.count, best ?? 0, best == nil ? nil : indices.baseAddress, &values,
                    explores ? propensities.baseAddress : nil, &result.chosen, &outcome, nil)
            }
        }
        let count = min(values.count, call.candidates.count)
        result.take(Array(values.prefix(count)), outcome)
        result.indices = Array(indices.prefix(count))
        result.propensities = propensities.map(\.bitPattern)
        return result
    }

    /// The same with pointers.
    private func pointed(_ call: FlatCall, _ best: Int?, _ explores: Bool) -> Result {
        call.features.withUnsafeBufferPointer { features in
            var result = Result()
            var candidates = call.candidates
            for place in candidates.indices {
                let length = call.offsets[place + 1] - call.offsets[place]
                // One with features of its own is invalid.
                let isInvalid = candidates[place].feature_count != 0
                let own = features.baseAddress.map { $0 + Int(call.offsets[place]) }
                candidates[place].features = isInvalid ? nil : own
                candidates[place].feature_count = isInvalid ? 1 : length
            }
            var values = [valuation_value](repeating: valuation_value(), count: best ?? candidates.count)
            var indices = [Int](repeating: 0, count: best ?? 0)
            var propensities = [Double](repeating: 0, count: explores ? candidates.count : 0)
            var (request, outcome, count) = (call.request, valuation_outcome(), candidates.count)
            (request.features, request.feature_count) = (features.baseAddress, call.offsets[0])
            outcome.struct_size = UInt32(MemoryLayout<valuation_outcome>.size)
            if let best {
                result.status = valuation_rank(
                    handle, &request, candidates, candidates.count, best, &indices, &values, &count, &outcome, nil)
            } else if explores {
                result.status = valuation_explore(
                    handle, &request, candidates, candidates.count, &values, &propensities, &result.chosen, &outcome,
                    nil)
            } else {
                result.status = valuation_score(
                    handle, &request, candidates, candidates.count, &values, &outcome, nil)
            }
            result.take(Array(values.prefix(count)), outcome)
            result.indices = Array(indices.prefix(best == nil ? 0 : count))
            result.propensities = propensities.map(\.bitPattern)
            return result
        }
    }
}

private let policy: StaticString = """
    {"format":"valuation-policy/1","predictors":{"p":{"release":"LATEST","exploration":1},"q":{"constant":{"pctr":0.5}}},\
    "default":"p","overrides":[{"scope":{"campaigns":["7"]},"predictor":"q","reason":"r"}]}
    """

nonisolated(unsafe) private let plain = harness(hasPolicy: false)
nonisolated(unsafe) private let exploring = harness(hasPolicy: true)

private func harness(hasPolicy: Bool) -> Harness {
    var description = valuation_error()
    let harness = withUnsafeMutablePointer(to: &description) { error -> Harness? in
        let note = Note(error: error)
        guard let kind = FileKind(name: Text("a.jsonl")) else { return nil }
        if !hasPolicy { return try? Harness(Text(fuzzedModels), kind, note) }
        var loader = Loader(Loader.Wishes(secret: .standard), note: note)
        guard let index = try? loader.index(of: Text(fuzzedModels), kind: kind),
            let document = try? PolicyDecoder.decode(Text(policy), under: .standard, note: note),
            let decided = try? Memory.place(try Policy(document, index: index, others: IndexList())),
            let origin = try? Snapshot.Origin(path: Text("memory"))
        else { return nil }
        return try? Harness(Snapshot(index: index, origin: origin, policy: decided))
    }
    guard let harness else { fatalError("the models of the fuzz target do not load") }
    return harness
}
