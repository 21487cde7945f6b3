// SPDX-License-Identifier: Apache-2.0
import CKernels

/// Campaigns for which the same rules hold, taken together: a request asks each rule once for a class, not for every candidate.
struct CampaignClasses: ~Copyable {
    /// Class after class, the rules that may hold for its campaigns, in their order.
    private var rules = Buffer<UInt32>()
    private var starts = Buffer<Int>()
    /// How many rules hold for campaigns that no rule names.
    private var everyonesCount = 0

    var count: Int { starts.count &- 1 }

    /// - Complexity: O(campaigns + names in scopes + classes × rules that hold for them).
    init(_ document: borrowing PolicyDocument, _ table: inout CampaignTable, _ index: borrowing Index) throws(Failure) {
        try starts.append(0)
        try addEveryone(document)
        let held = try HeldRules(document, table, index)
        var known = KeyTable()
        for slot in 0..<table.slotCount where held.mark(slot) != 0 {
            var found = known.find(held.mark(slot))
            if found == KeyTable.none {
                found = UInt32(count)
                try known.insert(held.mark(slot), found)
                try addRules(held, slot)
            }
            table.setClass(slot, found)
        }
    }

    /// The rules that may hold for a class.
    @inline(__always)
    func rules(_ number: UInt32) -> UnsafeMutableBufferPointer<UInt32> {
        let (start, end) = (starts[Int(number)], starts[Int(number) &+ 1])
        return UnsafeMutableBufferPointer(rebasing: rules.elements[start..<end])
    }

    /// The class of campaigns that no rule names.
    private mutating func addEveryone(_ document: borrowing PolicyDocument) throws(Failure) {
        for number in 0..<document.rules.count where !document.rule(number).pointee.scope.hasCampaigns {
            try rules.append(UInt32(number))
        }
        try starts.append(rules.count)
        everyonesCount = rules.count
    }

    /// Everyone's rules and those that hold for a campaign, in their order.
    private mutating func addRules(_ held: borrowing HeldRules, _ slot: Int) throws(Failure) {
        let own = held.rules(slot)
        try rules.reserve(rules.count + everyonesCount + own.count)
        var (everyones, position) = (0, 0)
        while everyones < everyonesCount || position < own.count {
            if position == own.count || everyones < everyonesCount && rules[everyones] < own[position] {
                try rules.append(rules[everyones])
                everyones += 1
            } else {
                try rules.append(own[position])
                position += 1
            }
        }
        try starts.append(rules.count)
    }
}

/// Which of the rules that name campaigns or advertisers hold for each campaign.
private struct HeldRules: ~Copyable {
    /// Campaign after campaign, in the order of the rules.
    private var numbers = Buffer<UInt32>()
    private var starts = Buffer<Int>()
    /// Of each campaign, a number that tells its rules from those of others; 0 where there are none.
    private var marks = Buffer<UInt64>()

    /// - Complexity: O(campaigns + names in scopes + rules held by campaigns).
    init(
        _ document: borrowing PolicyDocument, _ table: borrowing CampaignTable, _ index: borrowing Index
    ) throws(Failure) {
        let ads = try AdvertiserCampaigns(table, index)
        try starts.resize(table.slotCount + 1, filling: 0)
        try marks.resize(table.slotCount, filling: 0)
        for number in 0..<document.rules.count {
            HeldRules.forEachCampaign(document.rule(number).pointee.scope, document, table, ads, index) { slot in
                starts[slot + 1] += 1
                marks[slot] = max(1, (marks[slot] ^ UInt64(number + 1)) &* 0x9e37_79b9_7f4a_7c15)
            }
        }
        for slot in 0..<table.slotCount { starts[slot + 1] += starts[slot] }
        try numbers.resize(starts[table.slotCount], filling: 0)
        var next = Buffer<Int>()
        try next.append(starts.base.unsafelyUnwrapped, count: table.slotCount)
        for number in 0..<document.rules.count {
            HeldRules.forEachCampaign(document.rule(number).pointee.scope, document, table, ads, index) { slot in
                numbers[next[slot]] = UInt32(number)
                next[slot] += 1
            }
        }
    }

    func mark(_ slot: Int) -> UInt64 { marks[slot] }

    func rules(_ slot: Int) -> UnsafeMutableBufferPointer<UInt32> {
        UnsafeMutableBufferPointer(rebasing: numbers.elements[starts[slot]..<starts[slot + 1]])
    }

    /// Hands out each campaign for which a scope holds that names campaigns or advertisers, once.
    private static func forEachCampaign(
        _ scope: PolicyDocument.Scope, _ document: borrowing PolicyDocument, _ table: borrowing CampaignTable,
        _ ads: borrowing AdvertiserCampaigns, _ index: borrowing Index, _ body: (Int) -> Void
    ) {
        if scope.campaigns.isEmpty {
            for position in scope.advertisers.range { ads.forEachCampaign(of: document.keys[position], body) }
            return
        }
        for position in scope.campaigns.range {
            let key = document.keys[position]
            guard let slot = table.slot(key) else { continue }
            if document.holds(scope, advertiser: index.observed(key).advertiser) { body(slot) }
        }
    }
}

/// The campaigns of each advertiser.
private struct AdvertiserCampaigns: ~Copyable {
    /// The first campaign's slot of each advertiser, and of each slot the next one of its advertiser, -1 behind the last.
    private var firsts = KeyTable()
    private var nexts = Buffer<Int>()
    private var lasts = Buffer<Int>()

    init(_ table: borrowing CampaignTable, _ index: borrowing Index) throws(Failure) {
        try nexts.resize(table.slotCount, filling: -1)
        try lasts.resize(table.slotCount, filling: -1)
        for slot in 0..<table.slotCount {
            let key = table.key(slot) == 0 ? 0 : index.observed(table.key(slot)).advertiser
            if key == 0 { continue }
            let first = firsts.find(key)
            if first == KeyTable.none {
                try firsts.insert(key, UInt32(slot))
            } else {
                nexts[lasts[Int(first)]] = slot
            }
            lasts[first == KeyTable.none ? slot : Int(first)] = slot
        }
    }

    func forEachCampaign(of advertiser: UInt64, _ body: (Int) -> Void) {
        let first = firsts.find(advertiser)
        var slot = first == KeyTable.none ? -1 : Int(first)
        while slot >= 0 {
            body(slot)
            slot = nexts[slot]
        }
    }
}

extension PolicyDocument {
    /// Whether a scope holds for a campaign, whatever the placement. - Complexity: O(names in the scope).
    func holds(_ scope: Scope, campaign: UInt64, advertiser: UInt64) -> Bool {
        if !scope.campaigns.isEmpty && !contains(scope.campaigns, campaign) { return false }
        return holds(scope, advertiser: advertiser)
    }

    func holds(_ scope: Scope, advertiser: UInt64) -> Bool {
        scope.advertisers.isEmpty || advertiser != 0 && contains(scope.advertisers, advertiser)
    }

    @inline(__always)
    func contains(_ part: Part, _ key: UInt64) -> Bool {
        for position in part.range where keys[position] == key { return true }
        return false
    }
}
