// SPDX-License-Identifier: Apache-2.0
import CKernels

/// The fields that a policy's releases know in addition to those of LATEST: a feature that only one of them knows must
/// reach it.
struct PolicyFields {
    let policy: UnsafeMutablePointer<Policy>
    let snapshot: UnsafeMutablePointer<Snapshot>

    /// nil without a policy.
    init?(_ snapshot: UnsafeMutablePointer<Snapshot>) {
        guard let policy = snapshot.pointee.policy else { return nil }
        (self.policy, self.snapshot) = (policy, snapshot)
    }

    /// The use of a field in any release; the placement is always a category.
    ///
    /// - Parameter own: its use in LATEST.
    /// - Complexity: O(releases).
    func field(_ key: UInt64, own: UnsafePointer<Index.FieldSlot>?) -> Index.FieldSlot? {
        var found = own?.pointee ?? Index.FieldSlot(key: key, isCategory: false, isNumber: false)
        for number in 0..<snapshot.pointee.others.count {
            guard let slot = snapshot.pointee.others[number].pointee.field(key) else { continue }
            found.formUnion(isCategory: slot.pointee.isCategory, isNumber: slot.pointee.isNumber)
        }
        if key == policy.pointee.placementField { found.formUnion(isCategory: true, isNumber: false) }
        return found.isVacant ? nil : found
    }
}
