// SPDX-License-Identifier: Apache-2.0
import CKernels
import CPlatform

@_silgen_name("LLVMFuzzerMutate")
func mutateBlindly(_ start: UnsafeMutablePointer<UInt8>, _ count: Int, _ room: Int) -> Int

/// Half of the time it changes bytes blindly; otherwise it changes numbers of the index and corrects the checksums.
/// Each array is then equally likely, however few bytes it has.
func mutateCompiled(_ start: UnsafeMutablePointer<UInt8>, _ count: Int, _ room: Int, _ seed: UInt32) -> Int {
    var chance = Chance(state: UInt64(seed))
    let before = 1 + CompiledInput.headerBytes
    guard chance.next(2) == 1, count > before, let arrays = arrays(UnsafeRawPointer(start + 1), count - before) else {
        return mutateBlindly(start, count, room)
    }
    start[0] = start[0] & ~CompiledInput.trusts.rawValue
    start[0] |= CompiledInput([.mendsSize, .mendsIndexChecksum, .mendsHeaderChecksum]).rawValue
    for _ in 0...chance.next(3) {
        let array = arrays[chance.next(arrays.count)]
        // Models of lists and pilots have two bytes; everything else is at multiples of four.
        let width = chance.next(4) == 0 ? 2 : 4
        if array.count < width { continue }
        let place = UnsafeMutableRawPointer(
            start + before + array.lowerBound + chance.next(array.count / width) * width)
        if width == 2 {
            let old = UInt64(place.loadUnaligned(as: UInt16.self))
            place.storeBytes(of: UInt16(truncatingIfNeeded: chance.number(insteadOf: old)), as: UInt16.self)
        } else {
            let old = UInt64(place.loadUnaligned(as: UInt32.self))
            place.storeBytes(of: UInt32(truncatingIfNeeded: chance.number(insteadOf: old)), as: UInt32.self)
        }
    }
    return count
}

/// Where the arrays of an index begin and end; nil if the header contradicts the contents.
private func arrays(_ start: UnsafeRawPointer, _ count: Int) -> [Range<Int>]? {
    var header = valuation_compiled_header()
    memcpy(&header, start, CompiledInput.headerBytes)
    guard let counts = Index.Counts(stored: header.counts, fileBytes: count), let hashes = Index.Hashes(header) else {
        return nil
    }
    let at = Index.Layout(counts, hashes)
    if at.byteCount != count { return nil }
    let starts = [
        at.scales.click, at.scales.conversion, at.parameters.click, at.parameters.conversion, at.intercepts.click,
        at.intercepts.conversion, at.campaigns.click, at.campaigns.conversion, at.labelSlots, at.fieldSlots,
        at.labelPilots, at.campaignPilots, at.fieldPilots, at.campaignSlots, at.numberParameters, at.numberModels,
        at.directory, at.listModels, at.weights, at.observedSlots, at.deviations, at.numberDeviations,
        at.descriptions,
        at.order, at.names, at.byteCount,
    ]
    return zip(starts, starts.dropFirst()).map { $0..<$1 }
}

/// Splitmix64 (Steele et al., "Fast splittable pseudorandom number generators", 2014).
private struct Chance {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = (state ^ state >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }

    mutating func next(_ count: Int) -> Int { Int(next() % UInt64(count)) }

    /// A neighbour, a small or a large number, one with another bit, or any.
    mutating func number(insteadOf old: UInt64) -> UInt64 {
        switch next(6) {
        case 0: old &+ UInt64(next(9)) &- 4
        case 1: UInt64(next(64))
        case 2: UInt64.max &- UInt64(next(64))
        case 3: old ^ 1 << UInt64(next(32))
        case 4: old &* 2
        default: next()
        }
    }
}
