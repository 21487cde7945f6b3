// SPDX-License-Identifier: Apache-2.0
import CKernels

/// The fields that a policy's releases know beside those of LATEST: what only one of them knows must reach it, too.
struct PolicyFields {
    let policy: UnsafeMutablePointer<Policy>
    let snapshot: UnsafeMutablePointer<Snapshot>

    /// nil without a policy.
    init?(_ snapshot: UnsafeMutablePointer<Snapshot>) {
        guard let policy = snapshot.pointee.policy else { return nil }
        (self.policy, self.snapshot) = (policy, snapshot)
    }

    /// What any release takes a field for; the placement is a category, whoever knows it.
    ///
    /// - Parameter own: what LATEST takes it for.
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
