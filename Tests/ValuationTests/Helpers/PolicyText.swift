// SPDX-License-Identifier: Apache-2.0

/// A policy's JSON. - Parameters:
///   - predictors: members beside "production".
///   - more: further members of the policy, each with a comma in front.
func policy(_ predictors: String = "", default fallback: String = "production", _ more: String = "") -> String {
    let others = predictors.isEmpty ? "" : ", \(predictors)"
    return """
        {"format": "valuation-policy/1", "placement": "slot", "default": \(quoted(fallback)),
         "predictors": {"production": {"release": "LATEST"}\(others)}\(more)}
        """
}

/// Two predictors whose values show which of them they come from.
let constants = #""one": {"constant": {"pctr": 0.125, "pcvr": 0.5}}, "two": {"constant": {"pctr": 0.25, "pcvr": 0.5}}"#

/// An experiment's JSON. - Parameter more: further members, each with a comma in front.
func experiment(
    _ name: String, layer: String = "default", scope: String = "{}",
    _ variants: [(name: String, share: Int, predictor: String?)],
    holdout: Int = 0, _ more: String = ""
) -> String {
    let list = variants.map { variant in
        let predictor = variant.predictor.map { ", \"predictor\": \(quoted($0))" } ?? ""
        return "{\"name\": \(quoted(variant.name)), \"share\": \(variant.share)\(predictor)}"
    }
    return """
        {"name": \(quoted(name)), "layer": \(quoted(layer)), "salt": \(quoted("salt of " + name)), "unit": "user",
         "scope": \(scope), "variants": [\(list.joined(separator: ", "))], "holdout": \(holdout)\(more)}
        """
}

/// An override's JSON. - Parameter more: further members, each with a comma in front.
func override(_ predictor: String, scope: String = "{}", _ more: String = "") -> String {
    "{\"scope\": \(scope), \"predictor\": \(quoted(predictor)), \"reason\": \"a test\"\(more)}"
}
