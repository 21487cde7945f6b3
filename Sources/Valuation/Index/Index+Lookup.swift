// SPDX-License-Identifier: Apache-2.0
import CKernels

/// Lookups in the index.
extension Index {
    /// - Complexity: O(1): about one cache miss.
    @inline(__always)
    func label(_ key: UInt64) -> UnsafePointer<LabelSlot>? {
        let slot = UnsafePointer(labelSlots + hashes.labels.place(of: key, labelPilots))
        return slot.pointee.key != key || slot.pointee.isVacant ? nil : slot
    }

    /// The weights of a cross of two labels, if any model may have one. - Complexity: O(1).
    @inline(__always)
    func cross(_ first: UnsafePointer<LabelSlot>, _ second: UnsafePointer<LabelSlot>) -> UnsafePointer<LabelSlot>? {
        if !first.pointee.mayCross(second.pointee) { return nil }
        guard let slot = label(secret.cross(first.pointee.key, second.pointee.key)), slot.pointee.isCross else {
            return nil
        }
        return slot
    }

    /// The table of labels as `CKernels` takes it.
    @inline(__always)
    var labelTable: valuation_labels {
        valuation_labels(hash: hashes.labels.function, pilots: labelPilots, slots: labelSlots)
    }

    /// The table of campaigns as `CKernels` takes it.
    @inline(__always)
    var campaignTable: valuation_campaigns {
        valuation_campaigns(hash: hashes.campaigns.function, pilots: campaignPilots, slots: campaignSlots)
    }

    /// The models of a campaign; for a campaign without any, those of an unknown one. - Complexity: O(1).
    @inline(__always)
    func campaign(_ key: UInt64) -> UnsafePointer<CampaignSlot> {
        let slot = campaignSlots + hashes.campaigns.place(of: key, campaignPilots)
        return UnsafePointer(slot.pointee.key == key ? slot : campaignSlots + hashes.campaigns.slotCount)
    }

    /// - Complexity: O(1).
    @inline(__always)
    func field(_ key: UInt64) -> UnsafePointer<FieldSlot>? {
        let slot = UnsafePointer(fieldSlots + hashes.fields.place(of: key, fieldPilots))
        return slot.pointee.key != key || slot.pointee.isVacant ? nil : slot
    }
}
