// SPDX-License-Identifier: Apache-2.0
import CKernels
import CValuation

/// The terms of one request that the models know: its features and the crosses between them.
struct RequestTerms {
    /// The number of features that are looked up between two reads of the clock.
    private static let together = 256

    private let index: UnsafePointer<Index>
    /// Features, then crosses.
    private(set) var list: UnsafeMutableBufferPointer<Term>
    /// The features that crosses are made of.
    private(set) var crossing: UnsafeMutableBufferPointer<UnsafePointer<Index.LabelSlot>>
    /// The crosses of the features from this position of `crossing` on are not in `list`, which was full.
    private(set) var firstUnlisted: Int
    /// Whether crosses are missing in `list`.
    var isIncomplete: Bool { firstUnlisted < crossing.count }
    private(set) var flags: Flags
    let hasNumbers: Bool

    /// Looks features up: those that its batch shares, unless that is done, the request's own, then `ad`.
    ///
    /// Counts them in the scratch's coverage. - Complexity: O(features + crossing²).
    @_optimize(speed)
    init(
        _ request: Request, _ ad: UnsafeBufferPointer<valuation_feature>, index: UnsafePointer<Index>,
        scratch: UnsafeMutablePointer<Scratch>, _ deadline: inout Deadline
    ) {
        self.index = index
        scratch.pointee.crossing.removeAll()
        var found = valuation_resolved()
        var ofRequest = 0
        if request.shared.count == 0 {
            scratch.pointee.terms.removeAll()
        } else {
            ofRequest = RequestTerms.resolveShared(request, index, scratch, &found, &deadline)
        }
        let own = UnsafeBufferPointer(start: request.features, count: request.featureCount)
        ofRequest &+= RequestTerms.resolve(own, index, &scratch.pointee.terms, &found, &deadline)
        let known = scratch.pointee.terms.count
        let ofAd = RequestTerms.resolve(ad, index, &scratch.pointee.terms, &found, &deadline)
        scratch.pointee.coverage = Coverage(
            requestFeatures: ofRequest, knownRequestFeatures: known, candidateFeatures: ofAd,
            knownCandidateFeatures: scratch.pointee.terms.count &- known)
        flags = found.has_invalid != 0 ? .invalidNumber : []
        hasNumbers = found.has_numbers != 0
        firstUnlisted = 0
        list = scratch.pointee.terms.elements
        crossing = scratch.pointee.crossing.elements
        if index.pointee.hasCrosses { addCrosses(&scratch.pointee.terms, &scratch.pointee.crossing, &deadline) }
    }

    /// Looks up the features that a batch shares, or takes what an earlier request of it has found. - Returns: how many
    /// have been looked up.
    @inline(never)
    private static func resolveShared(
        _ request: Request, _ index: UnsafePointer<Index>, _ scratch: UnsafeMutablePointer<Scratch>,
        _ found: inout valuation_resolved, _ deadline: inout Deadline
    ) -> Int {
        if scratch.pointee.shared.batch == request.batch {
            scratch.pointee.terms.truncate(scratch.pointee.shared.termCount)
            found = scratch.pointee.shared.found
            return request.shared.count
        }
        scratch.pointee.terms.removeAll()
        let count = resolve(request.shared, index, &scratch.pointee.terms, &found, &deadline)
        if count == request.shared.count {
            scratch.pointee.shared = SharedTerms(
                batch: request.batch, termCount: scratch.pointee.terms.count, found: found)
        }
        return count
    }

    /// - Returns: how many have been looked up: all, unless the time was over before.
    @inline(__always)
    private static func resolve(
        _ features: UnsafeBufferPointer<valuation_feature>, _ index: UnsafePointer<Index>, _ terms: inout Buffer<Term>,
        _ found: inout valuation_resolved, _ deadline: inout Deadline
    ) -> Int {
        guard let first = features.baseAddress else { return 0 }
        var table = index.pointee.labelTable
        var start = 0
        while start < features.count && !deadline.check() {
            let length = min(together, features.count &- start)
            let words = UnsafeRawPointer(first + start).assumingMemoryBound(to: UInt64.self)
            terms.appendWritten(valuation_resolve(&table, words, length, terms.spare, &found))
            start &+= length
        }
        return start
    }

    private mutating func addCrosses(
        _ terms: inout Buffer<Term>, _ crossing: inout Buffer<UnsafePointer<Index.LabelSlot>>,
        _ deadline: inout Deadline
    ) {
        for term in list where term.slot.pointee.isCrossing {
            crossing.spare.pointee = term.slot
            crossing.appendWritten(1)
        }
        self.crossing = crossing.elements
        var position = 0
        while position < crossing.count && !deadline.check() {
            if terms.count &+ crossing.count > Scratch.maximumTerms { break }
            forEachCross(of: position, &deadline) { slot in
                terms.spare.pointee = Term(slot: slot, number: 1)
                terms.appendWritten(1)
            }
            position &+= 1
        }
        firstUnlisted = position
        list = terms.elements
    }

    /// Passes `body` the crosses of a crossing feature with those after it, as long as there is time.
    @inline(__always)
    func forEachCross(
        of position: Int, _ deadline: inout Deadline, _ body: (UnsafePointer<Index.LabelSlot>) -> Void
    ) {
        for other in (position &+ 1)..<max(position &+ 1, crossing.count) {
            if deadline.check(after: 1) { return }
            guard let slot = index.pointee.cross(crossing[position], crossing[other]) else { continue }
            body(slot)
        }
    }
}

/// What the features that a batch shares have come to: the first terms of its requests.
struct SharedTerms {
    /// The number of the batch; 0 for none.
    var batch: UInt64 = 0
    var termCount = 0
    var found = valuation_resolved()
}
