// SPDX-License-Identifier: Apache-2.0
import CKernels
import CValuation

/// The features of the ads themselves, and their crosses.
extension Scoring {
    /// Adds what the candidates' own features, and their crosses with each other and with the request's, weigh.
    mutating func addAds(
        _ candidates: UnsafePointer<valuation_candidate>, _ count: Int, _ wanted: Wanted,
        _ flags: UnsafeMutablePointer<Flags>
    ) {
        let places = scratch.pointee.adPlaces.base.unsafelyUnwrapped
        let labelSlots = UnsafePointer(index.pointee.labelSlots)
        var start = 0
        while start < count {
            // As many candidates as there is room for their features.
            var end = start
            var found = 0
            while end < count {
                let length = flags[end].contains(.invalidCandidate) ? 0 : Int(candidates[end].feature_count)
                if found &+ length > Scratch.maximumFeatures { break }
                for position in 0..<length {
                    let place = index.pointee.labelPlace(candidates[end].features[position].key)
                    places[found &+ position] = UInt32(truncatingIfNeeded: place)
                    valuation_kernels_prefetch(labelSlots + place)
                }
                found &+= length
                end &+= 1
            }
            add(candidates, start..<end, UnsafePointer(places), wanted, flags)
            start = end
        }
    }

    private mutating func add(
        _ candidates: UnsafePointer<valuation_candidate>, _ range: Range<Int>, _ places: UnsafePointer<UInt32>,
        _ wanted: Wanted, _ flags: UnsafeMutablePointer<Flags>
    ) {
        let labelSlots = UnsafePointer(index.pointee.labelSlots)
        let hasCrosses = index.pointee.hasCrosses
        var next = places
        for place in range {
            let length = Int(candidates[place].feature_count)
            guard length > 0, !flags[place].contains(.invalidCandidate), let features = candidates[place].features
            else { continue }
            if deadline.check() { return }
            var unusual = Flags()
            scratch.pointee.adCrossing.removeAll()
            for position in 0..<length {
                let slot = labelSlots + Int(next[position])
                let term = Term(slot: slot, number: features[position].number)
                if slot.pointee.key != features[position].key || slot.pointee.isVacant || slot.pointee.isCross {
                    unusual.insert(.unknownFeature)
                } else if slot.pointee.isNumber && !term.number.isFinite {
                    unusual.insert(.invalidNumber)
                } else {
                    add(term, to: place, wanted)
                    if hasCrosses && slot.pointee.isCrossing {
                        scratch.pointee.adCrossing.spare.pointee = slot
                        scratch.pointee.adCrossing.appendWritten(1)
                    }
                }
            }
            next += length
            flags[place].formUnion(unusual)
            if hasCrosses { addCrosses(to: place, wanted) }
        }
    }

    @inline(__always)
    private mutating func add(_ term: Term, to place: Int, _ wanted: Wanted) {
        if wanted.click { click.add(term, to: place) }
        if wanted.conversion { conversion.add(term, to: place) }
    }

    /// Adds the crosses of the ad's crossing features with the request's and with each other.
    private mutating func addCrosses(to place: Int, _ wanted: Wanted) {
        let crossing = scratch.pointee.adCrossing.elements
        for position in 0..<crossing.count {
            if deadline.check() { return }
            for second in terms.crossing {
                guard let slot = index.pointee.cross(crossing[position], second) else { continue }
                add(Term(slot: slot, number: 1), to: place, wanted)
            }
            for other in (position &+ 1)..<crossing.count {
                guard let slot = index.pointee.cross(crossing[position], crossing[other]) else { continue }
                add(Term(slot: slot, number: 1), to: place, wanted)
            }
        }
    }
}
