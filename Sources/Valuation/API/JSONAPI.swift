// SPDX-License-Identifier: Apache-2.0
import CValuation

// JSON: see valuation.h.

/// Runs a call that answers with a text owned by the scorer.
func answer(
    _ scorer: OpaquePointer?, _ text_out: UnsafeMutablePointer<UnsafePointer<CChar>?>?,
    _ length_out: UnsafeMutablePointer<Int>?, _ error: UnsafeMutablePointer<valuation_error>?,
    _ body: (UnsafeMutablePointer<Scorer>) throws(Failure) -> Text
) -> valuation_status {
    call(error) { () throws(Failure) in
        let target = try Valuation.scorer(scorer)
        let textOut = try required(text_out, "text_out is NULL.")
        let lengthOut = try required(length_out, "length_out is NULL.")
        (textOut.pointee, lengthOut.pointee) = (nil, 0)
        let text = try body(target)
        textOut.pointee = text.characters
        lengthOut.pointee = text.count
    }
}

/// See valuation.h.
@c @implementation
public func valuation_score_json(
    _ scorer: OpaquePointer!, _ request: UnsafePointer<CChar>!, _ length: Int,
    _ text_out: UnsafeMutablePointer<UnsafePointer<CChar>?>!, _ length_out: UnsafeMutablePointer<Int>!,
    _ error: UnsafeMutablePointer<valuation_error>!
) -> valuation_status {
    answer(scorer, text_out, length_out, error) { target throws(Failure) in
        try ScoreAnswer.write(try text(request, length), scorer: target)
    }
}

/// See valuation.h.
@c @implementation
public func valuation_explain_json(
    _ scorer: OpaquePointer!, _ request: UnsafePointer<CChar>!, _ length: Int,
    _ text_out: UnsafeMutablePointer<UnsafePointer<CChar>?>!, _ length_out: UnsafeMutablePointer<Int>!,
    _ error: UnsafeMutablePointer<valuation_error>!
) -> valuation_status {
    answer(scorer, text_out, length_out, error) { target throws(Failure) in
        try ExplainAnswer.write(try text(request, length), scorer: target)
    }
}
