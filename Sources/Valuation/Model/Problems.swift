// SPDX-License-Identifier: Apache-2.0

/// What becomes of a problem with a model: a load ends at the first, a validation hears of every one.
struct Problems: ~Copyable {
    /// nil to end at the first problem. Returns whether to go on.
    private let listener: ((Failure) -> Bool)?
    private(set) var first: Failure?
    private(set) var count = 0
    /// Whether `report` has thrown, so that what is being thrown has been reported already.
    private(set) var hasEnded = false

    init(listener: ((Failure) -> Bool)?) {
        self.listener = listener
    }

    /// Throws if the work is to end; returns if it is to go on without what is wrong.
    mutating func report(_ failure: Failure) throws(Failure) {
        if count == 0 { first = failure }
        count &+= 1
        if let listener, listener(failure) { return }
        hasEnded = true
        throw failure
    }
}
