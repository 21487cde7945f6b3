// SPDX-License-Identifier: Apache-2.0
import CValuation

/// The features that the requests of a batch share. Each release looks them up once.
struct SharedFeatures {
    private let features: UnsafeBufferPointer<valuation_feature>
    private let batch: UInt64

    init(_ features: UnsafeBufferPointer<valuation_feature>, _ scorer: UnsafeMutablePointer<Scorer>) {
        self.features = features
        scorer.pointee.batches &+= 1
        batch = scorer.pointee.batches
    }

    /// Adds them before the request's own. - Complexity: O(1), or O(features) if draws need a seed.
    func add(
        to request: inout Request, _ scorer: UnsafeMutablePointer<Scorer>, _ snapshot: UnsafeMutablePointer<Snapshot>
    ) throws(Failure) {
        (request.shared, request.batch) = (features, batch)
        if request.seed != 0 || snapshot.pointee.policy?.pointee.explores != true { return }
        request.seed = try seed(request, scorer)
    }

    /// The seed that all features make in one piece.
    @inline(never)
    private func seed(_ request: Request, _ scorer: UnsafeMutablePointer<Scorer>) throws(Failure) -> UInt64 {
        scorer.pointee.seeding.removeAll()
        if let start = features.baseAddress { try scorer.pointee.seeding.append(start, count: features.count) }
        if let start = request.features { try scorer.pointee.seeding.append(start, count: request.featureCount) }
        return Draw.seed(UnsafeBufferPointer(scorer.pointee.seeding.elements))
    }
}
