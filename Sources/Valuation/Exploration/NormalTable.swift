// SPDX-License-Identifier: Apache-2.0

/// The medians of equally likely parts of the standard normal distribution, each of which a `Hypercube` takes equally
/// often. None is beyond ±3.84.
struct NormalTable: ~Copyable {
    static let count = 8192

    /// Those above 0; the others are their negatives.
    private var upper = Buffer<Float>()

    /// - Parameter isNeeded: if false, it is empty.
    init(isNeeded: Bool) throws(Failure) {
        if !isNeeded { return }
        let half = NormalTable.count / 2
        try upper.reserve(half)
        for part in half..<NormalTable.count {
            try upper.append(Float(NormalDistribution.quantile((Double(part) + 0.5) / Double(NormalTable.count))))
        }
    }

    /// Valid as long as the table.
    var normals: Normals { Normals(upper: upper.base) }
}

/// The numbers of a `NormalTable`.
struct Normals {
    /// Those above 0.
    fileprivate let upper: UnsafeMutablePointer<Float>?

    /// - Parameter part: from 0 to `NormalTable.count` - 1, rising with z.
    @inline(__always)
    subscript(part: Int) -> Double {
        // Without a branch, which the processor would mispredict.
        let half = NormalTable.count / 2
        let isLower = part < half
        let z = upper.unsafelyUnwrapped[(isLower ? ~part : part) & (half &- 1)]
        return Double(Float(bitPattern: z.bitPattern ^ (isLower ? 1 &<< 31 : 0)))
    }
}
