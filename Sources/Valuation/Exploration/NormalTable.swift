// SPDX-License-Identifier: Apache-2.0

/// The middles, by probability, of equally likely parts of the standard normal distribution: one of them is drawn for each weight.
///
/// They are so many that a sum of a few is as good as normal, and so few that they stay in the first cache. Not beyond ±3.84.
struct NormalTable: ~Copyable {
    static let count = 8192

    /// Those above 0; the others are their negatives.
    private var upper = Buffer<Float>()

    /// - Parameter isNeeded: otherwise it is empty.
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
    /// Those above 0, for `CKernels`.
    let upper: UnsafeMutablePointer<Float>?

    /// - Parameter part: from 0 to `NormalTable.count` - 1, rising with z.
    @inline(__always)
    subscript(part: Int) -> Double {
        let (half, upper) = (NormalTable.count / 2, upper.unsafelyUnwrapped)
        return part < half ? -Double(upper[half &- 1 &- part]) : Double(upper[part &- half])
    }
}
