// SPDX-License-Identifier: Apache-2.0

/// The index's numbers of the added models. Click models come first. In each target, the models of campaigns with own
/// models for both targets come first, in one order, so that both models of such a campaign have the same number in
/// their targets. Thus paired rows have the two weights of a campaign on one cache line.
struct ModelNumbering: ~Copyable {
    /// From the order of adding to that of the index.
    private(set) var indexNumber = Buffer<UInt32>()
    /// From the order of the index to that of adding.
    private(set) var addedNumber = Buffer<UInt32>()
    private var clickModels = 0

    /// - Complexity: O(models).
    init(_ builder: borrowing IndexBuilder) throws(Failure) {
        try addedNumber.reserve(builder.added.count)
        try append(.click, ofBoth: true, builder)
        let pairs = addedNumber.count
        try append(.click, ofBoth: false, builder)
        clickModels = addedNumber.count
        for number in 0..<pairs {
            let key = builder.added[Int(addedNumber[number])].campaignKey
            try addedNumber.append(builder.find(key, .conversion))
        }
        try append(.conversion, ofBoth: false, builder)
        try indexNumber.resize(builder.added.count, filling: 0)
        for number in 0..<addedNumber.count { indexNumber[Int(addedNumber[number])] = UInt32(number) }
    }

    /// Appends the models of a target whose campaigns also have (or do not have) one for the other target, in the order
    /// of adding.
    private mutating func append(
        _ target: Target, ofBoth: Bool, _ builder: borrowing IndexBuilder
    ) throws(Failure) {
        let other = target.other
        for number in 0..<builder.added.count {
            let model = builder.added[number]
            if model.target != target { continue }
            let hasOther = !model.isNaive && builder.find(model.campaignKey, other) != Index.none
            if hasOther != ofBoth { continue }
            try addedNumber.append(UInt32(number))
        }
    }

    /// The number of an added model in its target.
    @inline(__always)
    func local(ofAdded number: UInt32) -> UInt32 {
        let found = indexNumber[Int(number)]
        return Int(found) < clickModels ? found : found &- UInt32(truncatingIfNeeded: clickModels)
    }
}
