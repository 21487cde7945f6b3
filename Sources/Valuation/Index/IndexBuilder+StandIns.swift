// SPDX-License-Identifier: Apache-2.0
import CKernels

/// The stand-in for a campaign without a model for a target: the model of a campaign that it extends, that of campaign
/// "*", its observed rate, or the overall rate, whichever comes first.
extension IndexBuilder {
    /// The largest number of "extends" that are followed.
    private static let maximumSteps = 4

    /// A model that values a campaign, by its number in the order of adding (or `Index.none`), and the flag of its
    /// values.
    struct StandIn {
        var model: UInt32
        var flags: Flags
    }

    func standIn(for campaign: Campaign, _ target: Target) -> StandIn {
        let base = modelOfBase(of: campaign, target)
        if base != Index.none && added[Int(base)].campaignKey != secret.defaultCampaign {
            return StandIn(model: base, flags: Flags.baseModel[target])
        }
        let naive = campaign.naiveModels[target]
        if naive != Index.none {
            return StandIn(model: naive, flags: Flags.prior[target])
        }
        return standInForUnknown(target)
    }

    /// The stand-in for an unknown campaign.
    func standInForUnknown(_ target: Target) -> StandIn {
        let model = find(secret.defaultCampaign, target)
        if model == Index.none {
            return StandIn(model: model, flags: Flags.noModel[target])
        }
        if added[Int(model)].description.is_prior != 0 {
            return StandIn(model: model, flags: Flags.prior[target])
        }
        return StandIn(model: model, flags: Flags.defaultModel[target])
    }

    /// The first model among those of the campaigns that a campaign extends, directly or indirectly. The campaign's
    /// document says what it extends, or else its model for the other target.
    func modelOfBase(of campaign: Campaign, _ target: Target) -> UInt32 {
        var current = campaign
        for _ in 0..<IndexBuilder.maximumSteps {
            guard let base = base(of: current, without: target) else { return Index.none }
            current = campaigns[base]
            let model = current.models[target]
            if model != Index.none && added[Int(model)].description.is_prior == 0 { return model }
        }
        return Index.none
    }

    /// The number of the campaign that a campaign without a model for a target extends.
    private func base(of campaign: Campaign, without target: Target) -> Int? {
        var found = KeyTable.none
        if campaign.hasBase {
            found = campaignTable.find(secret.campaign(text(campaign.base)))
        } else {
            let other = campaign.models[target.other]
            if other != Index.none && added[Int(other)].hasBase {
                found = campaignTable.find(added[Int(other)].baseKey)
            }
        }
        return found == KeyTable.none ? nil : Int(found)
    }

    func placeCampaigns(in index: borrowing Index, _ numbering: borrowing ModelNumbering) {
        let unknown = ByTarget(click: standInForUnknown(.click), conversion: standInForUnknown(.conversion))
        // An unknown campaign, and vacant slots.
        var slot = Index.CampaignSlot()
        slot.click_model = number(unknown.click.model, .click, in: index, numbering)
        slot.conversion_model = number(unknown.conversion.model, .conversion, in: index, numbering)
        slot.flags = Flags.unknownCampaign.union(unknown.click.flags).rawValue
        slot.conversion_flags = unknown.conversion.flags.rawValue
        for position in 0...index.hashes.campaigns.slotCount { index.campaignSlots[position] = slot }
        for position in 0..<campaigns.count {
            let campaign = campaigns[position]
            let isEveryone = campaign.key == secret.defaultCampaign
            slot.key = campaign.key
            // A model published for "*" is its own model; a prior is nobody's.
            let hasClick = hasModel(campaign.models.click)
            let hasConversion = hasModel(campaign.models.conversion)
            let click = hasClick || isEveryone ? unknown.click : standIn(for: campaign, .click)
            let conversion = hasConversion || isEveryone ? unknown.conversion : standIn(for: campaign, .conversion)
            slot.click_model = number(hasClick ? campaign.models.click : click.model, .click, in: index, numbering)
            slot.conversion_model = number(
                hasConversion ? campaign.models.conversion : conversion.model, .conversion, in: index, numbering)
            var flags: Flags = hasClick ? [] : click.flags
            if !hasClick && !hasConversion && !isEveryone { flags.formUnion(.unknownCampaign) }
            slot.flags = flags.rawValue
            slot.conversion_flags = hasConversion ? 0 : conversion.flags.rawValue
            index.campaignSlots[index.hashes.campaigns.place(of: campaign.key, index.campaignPilots)] = slot
        }
    }

    private func hasModel(_ number: UInt32) -> Bool {
        number != Index.none && added[Int(number)].description.is_prior == 0
    }

    /// A model's number in its target, or the number that stands for no model.
    private func number(
        _ added: UInt32, _ target: Target, in index: borrowing Index, _ numbering: borrowing ModelNumbering
    ) -> UInt32 {
        added == Index.none ? UInt32(index.counts.models[target]) : numbering.local(ofAdded: added)
    }
}
