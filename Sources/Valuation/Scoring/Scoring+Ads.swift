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
            // As many candidates as have features that are looked up together.
            var end = start
            var found = 0
            while end < count {
                let length = flags[end].contains(.invalidCandidate) ? 0 : Int(candidates[end].feature_count)
                if found > 0 && found &+ length > AdLookups.capacity { break }
                // The next ads' features, which nothing else announces to the processor.
                if end &+ Scratch.ahead < count {
                    let features = UnsafeRawPointer(candidates[end &+ Scratch.ahead].features)
                    if let features { valuation_kernels_prefetch(features) }
                }
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
        var lookups = Notes(scratch)
        var next = places
        for place in range {
            let length = Int(candidates[place].feature_count)
            guard length > 0, !flags[place].contains(.invalidCandidate), let features = candidates[place].features
            else { continue }
            if deadline.check() { return }
            var unusual = Flags()
            for position in 0..<length {
                let slot = labelSlots + Int(next[position])
                if slot.pointee.key == features[position].key && slot.pointee.isCategory {
                    if lookups.isFull { look(&lookups, wanted) }
                    lookups.add(slot, for: place)
                } else {
                    unusual.formUnion(addUnusual(slot, features[position], to: place, wanted))
                }
            }
            flags[place].formUnion(unusual)
            if hasCrosses { addCrosses(next, features, length, to: place, wanted, &lookups) }
            next += length
        }
        look(&lookups, wanted)
    }

    /// Adds the weights that were noted.
    private func look(_ lookups: inout Notes, _ wanted: Wanted) {
        if wanted.click { click.addWeights(lookups.clickRows, of: lookups.places, count: lookups.count) }
        if wanted.conversion {
            conversion.addWeights(lookups.conversionRows, of: lookups.places, count: lookups.count)
        }
        lookups.count = 0
    }

    /// Adds a number; says what is wrong with anything else.
    private func addUnusual(
        _ slot: UnsafePointer<Index.LabelSlot>, _ feature: valuation_feature, to place: Int, _ wanted: Wanted
    ) -> Flags {
        if slot.pointee.key != feature.key || !slot.pointee.isNumber { return .unknownFeature }
        if !feature.number.isFinite { return .invalidNumber }
        let term = Term(slot: slot, number: feature.number)
        if wanted.click { click.addNumber(term, toAdOf: place) }
        if wanted.conversion { conversion.addNumber(term, toAdOf: place) }
        return []
    }

    /// Adds the crosses of the ad's features with the request's and with each other.
    private mutating func addCrosses(
        _ places: UnsafePointer<UInt32>, _ features: UnsafePointer<valuation_feature>, _ length: Int, to place: Int,
        _ wanted: Wanted, _ lookups: inout Notes
    ) {
        scratch.pointee.adCrossing.removeAll()
        for position in 0..<length {
            let slot = UnsafePointer(index.pointee.labelSlots) + Int(places[position])
            if slot.pointee.key != features[position].key || !slot.pointee.isCrossing { continue }
            scratch.pointee.adCrossing.spare.pointee = slot
            scratch.pointee.adCrossing.appendWritten(1)
        }
        let crossing = scratch.pointee.adCrossing.elements
        for position in 0..<crossing.count {
            if deadline.check() { return }
            for second in terms.crossing {
                guard let slot = index.pointee.cross(crossing[position], second) else { continue }
                note(slot, for: place, wanted, &lookups)
            }
            for other in (position &+ 1)..<crossing.count {
                guard let slot = index.pointee.cross(crossing[position], crossing[other]) else { continue }
                note(slot, for: place, wanted, &lookups)
            }
        }
    }

    private func note(
        _ slot: UnsafePointer<Index.LabelSlot>, for place: Int, _ wanted: Wanted, _ lookups: inout Notes
    ) {
        if lookups.isFull { look(&lookups, wanted) }
        lookups.add(slot, for: place)
    }
}

/// What `AdLookups` holds so far.
private struct Notes {
    let places: UnsafeMutablePointer<UInt32>
    let clickRows: UnsafeMutablePointer<Index.Row>
    let conversionRows: UnsafeMutablePointer<Index.Row>
    var count = 0

    init(_ scratch: UnsafeMutablePointer<Scratch>) {
        places = scratch.pointee.adLookups.places.base.unsafelyUnwrapped
        clickRows = scratch.pointee.adLookups.clickRows.base.unsafelyUnwrapped
        conversionRows = scratch.pointee.adLookups.conversionRows.base.unsafelyUnwrapped
    }

    @inline(__always)
    var isFull: Bool { count == AdLookups.capacity }

    /// Notes a category or a cross of a candidate's ad. - Precondition: not full.
    @inline(__always)
    mutating func add(_ slot: UnsafePointer<Index.LabelSlot>, for place: Int) {
        places[count] = UInt32(truncatingIfNeeded: place)
        clickRows[count] = slot.pointee.click
        conversionRows[count] = slot.pointee.conversion
        count &+= 1
    }
}
