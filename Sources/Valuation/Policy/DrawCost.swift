// SPDX-License-Identifier: Apache-2.0

/// The costs of the paths of `PolicyScoring.drawShared`, in hundredths of a nanosecond. They determine only the
/// path, never a result.
struct DrawCost {
    /// One draw from a dense row: of all models side by side, and of one campaign's somewhere in it.
    private static let dense = (all: 60, one: 190)
    /// One draw from a list that is read through, and a list whatever its length.
    private static let list = 250
    private static let listStart = 2_000
    /// Setting the sum of a model's draws to 0.
    private static let model = 50
    /// Looking up the weight of one campaign's model in a list.
    private static let lookup = 500

    let models: Int
    /// About how many campaigns draw at most.
    let campaigns: Int
    private(set) var denseRows = 0
    private(set) var lists = 0
    private var listed = 0

    init(models: Int, candidates: Int) {
        (self.models, campaigns) = (models, min(models, candidates))
    }

    mutating func addDenseRow() { denseRows &+= 1 }

    mutating func addList(_ length: Int) {
        lists &+= 1
        listed &+= length
    }

    /// Whether it is cheaper for all models to draw from the dense rows, or from the lists.
    var favorsDenseRows: Bool { denseRows > 0 && models &* DrawCost.dense.all < campaigns &* DrawCost.dense.one }

    var favorsLists: Bool {
        let all = listed &* DrawCost.list &+ lists &* DrawCost.listStart &+ models &* DrawCost.model
        return lists > 0 && all < campaigns &* lists &* DrawCost.lookup
    }
}
