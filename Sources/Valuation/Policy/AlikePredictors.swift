// SPDX-License-Identifier: Apache-2.0
import CKernels

/// For each predictor of a policy the first one that computes the same values: by the models of the same release, which
/// may be LATEST and also be named by its id, with the same exploration. Candidates of such predictors are valued
/// together.
struct AlikePredictors: ~Copyable {
    private var first = Buffer<UInt32>()

    /// - Parameters:
    ///   - index: that of LATEST.
    ///   - others: those of the other releases, in the document's order.
    /// - Complexity: O(predictors + releases²).
    init(_ document: borrowing PolicyDocument, _ index: borrowing Index, _ others: borrowing IndexList) throws(Failure)
    {
        // The first release in the same memory.
        var releases = Buffer<Int>()
        try releases.append(PolicyDocument.latest)
        for number in 0..<others.count {
            var same = number + 1
            for other in (0..<number).reversed() where others[other].pointee.block == others[number].pointee.block {
                same = releases[other + 1]
            }
            if others[number].pointee.block == index.block { same = PolicyDocument.latest }
            try releases.append(same)
        }
        var known = KeyTable()
        for number in 0..<document.predictors.count {
            try first.append(UInt32(number))
            let predictor = document.predictors[number]
            if predictor.kind != .release { continue }
            let release = releases[Int(document.members[predictor.members.start])]
            // Hardly ever the key of two different pairs, which are then valued separately.
            let key = predictor.exploration.bitPattern &+ UInt64(release + 1)
            let found = known.find(key)
            if found == KeyTable.none {
                try known.insert(key, UInt32(number))
            } else {
                let other = document.predictors[Int(found)]
                let isSame = releases[Int(document.members[other.members.start])] == release
                if isSame && other.exploration == predictor.exploration { first[number] = found }
            }
        }
    }

    @inline(__always)
    subscript(predictor: Int) -> UInt32 { first[predictor] }
}
