// SPDX-License-Identifier: Apache-2.0
import CKernels

/// The draw of one weight of a candidate's logit.
struct WeightDraw {
    /// How far one standard deviation moves the logit; negative for a number below its mean.
    let deviation: Double
    let z: Double

    var moved: Double { deviation * z }
}

/// The draws of a value that explores, as `PolicyScoring.explore` made them.
extension ExplainAnswer {
    /// Moves the logits of the current candidate by all of its draws.
    mutating func move() {
        move(.click)
        move(.conversion)
    }

    private mutating func move(_ target: Target) {
        guard let model = explanation.model(target) else { return }
        var (current, level, moved) = (model, 0, 0.0)
        repeat {
            moved += interceptDraw(current, target, level)?.moved ?? 0
            for position in 0..<explanation.terms.count {
                moved += draw(explanation.terms[position], current, target, level)?.moved ?? 0
            }
            current = index.pointee.description(of: current).base
            level += 1
        } while current != Index.none
        explanation.move(target, by: moved)
    }

    /// The draw of a model's intercept; nil if it has no variance. - Parameter level: how often the models before it
    /// were extended.
    func interceptDraw(_ model: UInt32, _ target: Target, _ level: Int) -> WeightDraw? {
        let own = index.pointee.local(model).number
        let deviation = index.pointee.interceptDeviation(own, target, explanation.campaign)
        return draw(Double(deviation), Draw.intercept, target, level)
    }

    /// The draw of a feature's or a cross's weight; nil if it has no variance.
    func draw(_ term: Explanation.Term, _ model: UInt32, _ target: Target, _ level: Int) -> WeightDraw? {
        let deviation = index.pointee.deviation(of: term.slot, number: term.number, model: model)
        return draw(Double(deviation), term.slot.pointee.key, target, level)
    }

    private func draw(_ deviation: Double, _ label: UInt64, _ target: Target, _ level: Int) -> WeightDraw? {
        guard exploration > 0, deviation != 0 else { return nil }
        let label = Draw.label(draw.half(ofLabel: label), target, level: level)
        let z = Draw.coldZ(label, UInt32(truncatingIfNeeded: explanation.campaign))
        return WeightDraw(deviation: deviation * exploration, z: Double(z))
    }
}
