// SPDX-License-Identifier: Apache-2.0
import CKernels

/// Suspicious parts of a policy, in view of its models.
extension PolicyDocument {
    func review(_ findings: inout PolicyFindings, _ index: borrowing Index, _ note: Note) throws(Failure) {
        let field = text(placement)
        if field.count > 0 && index.field(index.secret.number(field: field)) == nil {
            try findings.warn(note, "$.placement", "No model knows the field \"\(field)\"; is it misspelt?")
        }
        for number in 0..<predictors.count
        where predictors[number].exploration > 0 && predictors[number].kind == .release && !index.isAnyUncertain
            && members[predictors[number].members.start] == PolicyDocument.latest
        {
            note.setJSONPath(
                try JSONPath.of(Text("predictors"), text(predictors[number].name), Text("exploration")))
            note.setMessage(
                "The models do not say how uncertain their weights are, so only observed rates are explored; give variances."
            )
            try findings.warn(note)
        }
        let advertisers = try index.advertisers()
        let hold = newcomersOfAll(index)
        for number in 0..<rules.count {
            let rule = rules[number]
            if rule.scope.newcomers & hold != 0 {
                note.setJSONPath(try path(rule, "newcomers"))
                note.setMessage(
                    "By it all campaigns that the models know are newcomers; do documents say what was counted of them?"
                )
                try findings.warn(note)
            }
            for position in rule.scope.campaigns.range where !index.knows(campaign: keys[position]) {
                note.setJSONPath(try path(rule, "campaigns", position - rule.scope.campaigns.start))
                note.setMessage(
                    "No model is for campaign \"\(text(keyNames[position]))\"; is it misspelt, new or over?")
                try findings.warn(note)
            }
            for position in rule.scope.advertisers.range where advertisers.find(keys[position]) == KeyTable.none {
                note.setJSONPath(try path(rule, "advertisers", position - rule.scope.advertisers.start))
                note.setMessage(
                    "No campaign is of advertiser \"\(text(keyNames[position]))\", as far as the models say.")
                try findings.warn(note)
            }
        }
        for number in 0..<adjustments.count where !index.knows(campaign: adjustments[number].campaign) {
            note.setJSONPath(try JSONPath.of(Text("campaigns"), text(adjustments[number].name)))
            note.setMessage("No model is for this campaign; is it misspelt, new or over?")
            try findings.warn(note)
        }
    }

    /// The bits of the conditions that hold for all campaigns except "*"; none if there are no such campaigns.
    private func newcomersOfAll(_ index: borrowing Index) -> UInt8 {
        var (bits, isAny) = (allNewcomers, false)
        for place in 0..<index.hashes.campaigns.slotCount {
            let key = index.campaignSlots[place].key
            if key == 0 || key == index.secret.defaultCampaign { continue }
            bits &= newcomers(key, index)
            isAny = true
        }
        return isAny ? bits : 0
    }

    private func path(_ rule: Rule, _ member: StaticString, _ index: Int? = nil) throws(Failure) -> JSONPath {
        var path = JSONPath()
        try path.push(Text(rule.isOverride ? "overrides" : "experiments"))
        try path.push(index: rule.position)
        try path.push(Text("scope"))
        try path.push(Text(member))
        if let index { try path.push(index: index) }
        return path
    }
}

extension Index {
    /// Whether the variance of any weight or intercept is known.
    fileprivate var isAnyUncertain: Bool {
        for number in 0..<counts.modelCount where descriptions[number].variances > 0 { return true }
        return false
    }

    fileprivate func knows(campaign: UInt64) -> Bool {
        campaignSlots[hashes.campaigns.place(of: campaign, campaignPilots)].key == campaign
    }

    /// The keys of the advertisers with known campaigns.
    fileprivate func advertisers() throws(Failure) -> KeyTable {
        var found = KeyTable()
        for place in 0..<hashes.campaigns.slotCount {
            let key = observed(campaignSlots[place].key).advertiser
            if key != 0 && found.find(key) == KeyTable.none { try found.insert(key, 0) }
        }
        return found
    }
}
