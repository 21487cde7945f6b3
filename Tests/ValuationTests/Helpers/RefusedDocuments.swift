// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Valuation

/// A document that a load must refuse, and the error that it must give.
struct Refusal: CustomTestStringConvertible {
    var what: String
    var document: String
    var status: Status
    var jsonPath: String
    var line: UInt32 = 0

    var testDescription: String { what }

    init(_ what: String, _ document: String, _ status: Status, _ jsonPath: String, line: UInt32 = 0) {
        (self.what, self.document, self.status, self.jsonPath, self.line) = (what, document, status, jsonPath, line)
    }

    init(_ what: String, _ members: Members, _ status: Status, _ jsonPath: String, line: UInt32 = 0) {
        self.init(what, members.json, status, jsonPath, line: line)
    }
}

/// One document for every error of the model format.
enum RefusedDocuments {
    /// Uses every member.
    static let sound: Members = [
        "format": #""valuation-model/1""#, "kind": #""logistic""#, "campaign": #""1042""#, "target": #""click""#,
        "version": #""2026-11-21T03:00:00Z""#, "intercept": "-1.93", "negative_sampling_rate": "0.02",
        "categorical": #"{"slot": {"12": 0.31, "77": -0.2}, "os": {"ios": 0.11}, "creative": {}}"#,
        "numeric": #"{"age": {"mean": 3.2, "std": 1.1, "weight": 0.05}}"#,
        "crosses": #"[{"fields": ["slot", "creative"], "weights": [["12", "55", 0.4]]}]"#,
        "training": """
        {"rows": 124878, "positives": 512, "base_rate": 0.0041, "from": "a", "to": "b", "trainer": "by hand", \
        "auc": 0.71, "log_loss": 0.021}
        """,
        "self_test": "[]", "advertiser": #""77""#,
        "variance": """
        {"intercept": 0.01, "categorical": {"slot": {"12": 0.002}, "os": {}}, "numeric": {"age": 0}, \
        "crosses": [{"fields": ["slot", "creative"], "weights": [["12", "55", 0.003]]}]}
        """,
    ]

    static let header: [Refusal] = [
        Refusal("no object", "[1]", .invalidValue, "$"),
        Refusal("format missing", sound.without("format"), .invalidValue, "$.format"),
        Refusal("format a number", sound.with("format", "1"), .invalidValue, "$.format"),
        Refusal("format of the future", sound.with("format", #""valuation-model/2""#), .format, "$.format"),
        Refusal("kind missing", sound.without("kind"), .invalidValue, "$.kind"),
        Refusal("kind unknown", sound.with("kind", #""forest""#), .invalidValue, "$.kind"),
        Refusal("campaign missing", sound.without("campaign"), .invalidValue, "$.campaign"),
        Refusal("campaign a number", sound.with("campaign", "1042"), .invalidValue, "$.campaign"),
        Refusal("campaign empty", sound.with("campaign", #""""#), .invalidValue, "$.campaign"),
        Refusal("campaign of 256 bytes", sound.with("campaign", long(256)), .invalidValue, "$.campaign"),
        Refusal("target missing", sound.without("target"), .invalidValue, "$.target"),
        Refusal("target unknown", sound.with("target", #""clicks""#), .invalidValue, "$.target"),
        Refusal("extends a number", sound.with("extends", "1"), .invalidValue, "$.extends"),
        Refusal("extends empty", sound.with("extends", #""""#), .invalidValue, "$.extends"),
        Refusal("extends nothing there", sound.with("extends", #""7""#), .unknownModel, "$.extends"),
        Refusal("advertiser a number", sound.with("advertiser", "1"), .invalidValue, "$.advertiser"),
        Refusal("advertiser empty", sound.with("advertiser", #""""#), .invalidValue, "$.advertiser"),
        Refusal("advertiser of 256 bytes", sound.with("advertiser", long(256)), .invalidValue, "$.advertiser"),
        Refusal("version missing", sound.without("version"), .invalidValue, "$.version"),
        Refusal("version of 256 bytes", sound.with("version", long(256)), .limitExceeded, "$.version"),
        Refusal("intercept missing", sound.without("intercept"), .invalidValue, "$.intercept"),
        Refusal("intercept misspelt", sound.without("intercept").with("intercpt", "1"), .invalidValue, "$.intercept"),
        Refusal("intercept a text", sound.with("intercept", #""1""#), .invalidValue, "$.intercept"),
        Refusal("intercept too large", sound.with("intercept", "100.001"), .invalidValue, "$.intercept"),
        Refusal("rate missing", sound.without("negative_sampling_rate"), .invalidValue, "$.negative_sampling_rate"),
        Refusal("rate zero", sound.with("negative_sampling_rate", "0"), .invalidValue, "$.negative_sampling_rate"),
        Refusal(
            "rate negative", sound.with("negative_sampling_rate", "-0.1"), .invalidValue, "$.negative_sampling_rate"),
        Refusal(
            "rate above 1", sound.with("negative_sampling_rate", "1.001"), .invalidValue, "$.negative_sampling_rate"),
    ]

    static let weights: [Refusal] = [
        Refusal("categorical missing", sound.without("categorical"), .invalidValue, "$.categorical"),
        Refusal("categorical an array", sound.with("categorical", "[]"), .invalidValue, "$.categorical"),
        Refusal(
            "a field not an object", sound.with("categorical", #"{"slot": 1}"#), .invalidValue, "$.categorical.slot"),
        Refusal("a field without name", sound.with("categorical", #"{"": {}}"#), .invalidValue, #"$.categorical[""]"#),
        Refusal("a field with =", sound.with("categorical", #"{"a=b": {}}"#), .invalidValue, #"$.categorical["a=b"]"#),
        Refusal(
            "a field of 256 bytes", sound.with("categorical", "{\(long(256)): {}}"), .invalidValue,
            String(("$.categorical." + String(repeating: "x", count: 256)).prefix(255))),
        Refusal(
            "a value of 1,025 bytes", sound.with("categorical", "{\"slot\": {\(long(1025)): 1}}"), .limitExceeded,
            String(("$.categorical.slot." + String(repeating: "x", count: 1025)).prefix(255))),
        Refusal(
            "a weight of text", sound.with("categorical", #"{"slot": {"12": "1"}}"#), .invalidValue,
            #"$.categorical.slot["12"]"#),
        Refusal(
            "a weight null", sound.with("categorical", #"{"slot": {"12": null}}"#), .invalidValue,
            #"$.categorical.slot["12"]"#),
        Refusal(
            "a weight too large", sound.with("categorical", #"{"slot": {"12": -101}}"#), .invalidValue,
            #"$.categorical.slot["12"]"#),
        Refusal("numeric an array", sound.with("numeric", "[]"), .invalidValue, "$.numeric"),
        Refusal("numeric null", sound.with("numeric", "null"), .invalidValue, "$.numeric"),
        Refusal("a number's field with =", sound.with("numeric", #"{"a=": {}}"#), .invalidValue, #"$.numeric["a="]"#),
        Refusal("a number not an object", sound.with("numeric", #"{"age": 1}"#), .invalidValue, "$.numeric.age"),
        Refusal("no mean", numeric(#""std": 1, "weight": 1"#), .invalidValue, "$.numeric.age.mean"),
        Refusal("no std", numeric(#""mean": 1, "weight": 1"#), .invalidValue, "$.numeric.age.std"),
        Refusal("no weight", numeric(#""mean": 1, "std": 1"#), .invalidValue, "$.numeric.age.weight"),
        Refusal(
            "mean too large", numeric(#""mean": 1.1e18, "std": 1, "weight": 1"#), .invalidValue, "$.numeric.age.mean"),
        Refusal(
            "std too large", numeric(#""mean": 1, "std": 1.1e18, "weight": 1"#), .invalidValue, "$.numeric.age.std"),
        Refusal(
            "weight too large", numeric(#""mean": 1, "std": 1, "weight": -101"#), .invalidValue, "$.numeric.age.weight"),
        Refusal("std zero", numeric(#""mean": 1, "std": 0, "weight": 1"#), .invalidValue, "$.numeric.age.std"),
        Refusal("std negative", numeric(#""mean": 1, "std": -1, "weight": 1"#), .invalidValue, "$.numeric.age.std"),
        Refusal("std tiny", numeric(#""mean": 1, "std": 1e-310, "weight": 1"#), .invalidValue, "$.numeric.age.std"),
        Refusal(
            "a field of both kinds", sound.with("numeric", #"{"os": {"mean": 1, "std": 1, "weight": 1}}"#),
            .invalidValue,
            "$.numeric.os"),
        Refusal("crosses an object", sound.with("crosses", "{}"), .invalidValue, "$.crosses"),
        Refusal("a cross not an object", sound.with("crosses", "[1]"), .invalidValue, "$.crosses[0].fields"),
        Refusal("a cross of one field", cross(#"["slot"]"#, "[]"), .invalidValue, "$.crosses[0].fields"),
        Refusal("a cross of three fields", cross(#"["a", "b", "c"]"#, "[]"), .invalidValue, "$.crosses[0].fields"),
        Refusal("a cross of a field with itself", cross(#"["a", "a"]"#, "[]"), .invalidValue, "$.crosses[0].fields"),
        Refusal("a cross with a number", cross(#"["slot", "age"]"#, "[]"), .invalidValue, "$.crosses[0].fields"),
        Refusal("a cross of a field with =", cross(#"["slot", "a="]"#, "[]"), .invalidValue, "$.crosses[0].fields"),
        Refusal("a cross without weights", cross(#"["a", "b"]"#, "null"), .invalidValue, "$.crosses[0].weights"),
        Refusal("a cross's weight a number", cross(#"["a", "b"]"#, "[0.4]"), .invalidValue, "$.crosses[0].weights[0]"),
        Refusal(
            "a cross's weight too short", cross(#"["a", "b"]"#, #"[["1", 0.4]]"#), .invalidValue,
            "$.crosses[0].weights[0]"),
        Refusal(
            "a cross's value a number", cross(#"["a", "b"]"#, #"[["1", 2, 0.4]]"#), .invalidValue,
            "$.crosses[0].weights[0]"),
        Refusal(
            "a cross's weight text", cross(#"["a", "b"]"#, #"[["1", "2", 0], ["1", "3", "x"]]"#), .invalidValue,
            "$.crosses[0].weights[1][2]"),
        Refusal(
            "a cross's weight too large", cross(#"["a", "b"]"#, #"[["1", "2", 100.5]]"#), .invalidValue,
            "$.crosses[0].weights[0][2]"),
        Refusal(
            "a cross twice", cross(#"["a", "b"]"#, #"[["1", "2", 1], ["2", "1", 1], ["1", "2", 1]]"#), .duplicateKey,
            "$.crosses[0].weights[2]"),
        Refusal(
            "two values with one key",
            sound.without("variance").with("categorical", #"{"k": {"blX8D9hZBuj1Tb": 1, "Nwzw89hwv1P0Tb": 1}}"#),
            .keyCollision, "$.categorical.k.Nwzw89hwv1P0Tb"),
        Refusal(
            "a cross's value too long", cross(#"["a", "b"]"#, "[[\(long(1025)), \"2\", 0]]"), .limitExceeded,
            "$.crosses[0].weights[0]"),
    ]

    static let variances: [Refusal] = [
        Refusal("variance an array", sound.with("variance", "[]"), .invalidValue, "$.variance"),
        Refusal("a variance of text", variance(#""intercept": "1""#), .invalidValue, "$.variance.intercept"),
        Refusal("a variance of null", variance(#""intercept": null"#), .invalidValue, "$.variance.intercept"),
        Refusal("a variance below 0", variance(#""intercept": -1e-9"#), .invalidValue, "$.variance.intercept"),
        Refusal("a variance too large", variance(#""intercept": 10000.1"#), .invalidValue, "$.variance.intercept"),
        Refusal("categories' an array", variance(#""categorical": []"#), .invalidValue, "$.variance.categorical"),
        Refusal(
            "a field's a number", variance(#""categorical": {"slot": 1}"#), .invalidValue,
            "$.variance.categorical.slot"),
        Refusal(
            "a category's below 0", variance(#""categorical": {"slot": {"12": -1}}"#), .invalidValue,
            #"$.variance.categorical.slot["12"]"#),
        Refusal(
            "of an unknown category", variance(#""categorical": {"slot": {"13": 1}}"#), .invalidValue,
            #"$.variance.categorical.slot["13"]"#),
        Refusal(
            "of an unknown field", variance(#""categorical": {"age": {"12": 1}}"#), .invalidValue,
            #"$.variance.categorical.age["12"]"#),
        Refusal("numbers' an array", variance(#""numeric": []"#), .invalidValue, "$.variance.numeric"),
        Refusal("a number's text", variance(#""numeric": {"age": "1"}"#), .invalidValue, "$.variance.numeric.age"),
        Refusal("of an unknown number", variance(#""numeric": {"os": 1}"#), .invalidValue, "$.variance.numeric.os"),
        Refusal(
            "a number's beyond a float",
            sound.with("numeric", #"{"age": {"mean": 1, "std": 1e-30, "weight": 0}}"#)
                .with("variance", #"{"numeric": {"age": 1}}"#), .invalidValue, "$.variance.numeric.age"),
        Refusal("crosses' an object", variance(#""crosses": {}"#), .invalidValue, "$.variance.crosses"),
        Refusal(
            "a cross's without fields", variance(#""crosses": [{"weights": []}]"#), .invalidValue,
            "$.variance.crosses[0].fields"),
        Refusal(
            "a cross's without weights", variance(#""crosses": [{"fields": ["slot", "creative"]}]"#), .invalidValue,
            "$.variance.crosses[0].weights"),
        Refusal("a cross's too short", crossVariance(#"["12", 0.1]"#), .invalidValue, crossVariancePath),
        Refusal(
            "a cross's below 0", crossVariance(#"["12", "55", -1]"#), .invalidValue, crossVariancePath + "[2]"),
        Refusal("of an unknown cross", crossVariance(#"["55", "12", 0.1]"#), .invalidValue, crossVariancePath),
        Refusal(
            "a cross's twice", crossVariance(#"["12", "55", 0.1], ["12", "55", 0.1]"#), .duplicateKey,
            "$.variance.crosses[0].weights[1]"),
        Refusal(
            "categories' misspelt", variance(#""categories": {}, "categorial": {}"#), .invalidValue,
            "$.variance.categorial"),
        Refusal("variance misspelt", sound.with("variances", "{}"), .invalidValue, "$.variances"),
        Refusal("advertiser misspelt", sound.with("advertizer", #""1""#), .invalidValue, "$.advertizer"),
    ]

    static let evidence: [Refusal] = [
        Refusal("training an array", sound.with("training", "[]"), .invalidValue, "$.training"),
        Refusal("rows negative", sound.with("training", #"{"rows": -1}"#), .invalidValue, "$.training.rows"),
        Refusal(
            "more positives than rows", sound.with("training", #"{"rows": 10, "positives": 11}"#), .invalidValue,
            "$.training.positives"),
        Refusal(
            "base rate of other rows", sound.with("training", #"{"rows": 1000, "positives": 100, "base_rate": 0.106}"#),
            .invalidValue, "$.training.base_rate"),
        Refusal(
            "base rate without positives", sound.with("training", #"{"rows": 999, "positives": 0, "base_rate": 0.01}"#),
            .invalidValue, "$.training.base_rate"),
        Refusal(
            "negative positives", sound.with("training", #"{"rows": 10, "positives": -1}"#), .invalidValue,
            "$.training.positives"),
        Refusal(
            "base rate above 1", sound.with("training", #"{"base_rate": 2}"#), .invalidValue, "$.training.base_rate"),
        Refusal(
            "more than 1e15 impressions", sound.with("training", #"{"positives": 1, "base_rate": 1e-16}"#),
            .invalidValue, "$.training.base_rate"),
        Refusal(
            "clicks at no rate", sound.with("training", #"{"positives": 1, "base_rate": 0}"#), .invalidValue,
            "$.training.base_rate"),
        Refusal("auc a text", sound.with("training", #"{"auc": "high"}"#), .invalidValue, "$.training.auc"),
        Refusal("trainer a number", sound.with("training", #"{"trainer": 1}"#), .invalidValue, "$.training.trainer"),
        Refusal(
            "trainer long", sound.with("training", "{\"trainer\": \(long(256))}"), .invalidValue, "$.training.trainer"),
        Refusal("self_test an object", sound.with("self_test", "{}"), .invalidValue, "$.self_test"),
        Refusal(
            "an example not an object", sound.with("self_test", "[1]"), .invalidValue, "$.self_test[0].features"),
        Refusal(
            "an example without features", sound.with("self_test", #"[{"probability": 0.5}]"#), .invalidValue,
            "$.self_test[0].features"),
        Refusal(
            "an example without probability", sound.with("self_test", #"[{"features": {}}]"#), .invalidValue,
            "$.self_test[0].probability"),
        Refusal(
            "a probability of 0", sound.with("self_test", #"[{"features": {}, "probability": 0}]"#), .invalidValue,
            "$.self_test[0].probability"),
        Refusal(
            "a probability above 1", sound.with("self_test", #"[{"features": {}, "probability": 1.5}]"#), .invalidValue,
            "$.self_test[0].probability"),
        Refusal(
            "1,001 examples",
            sound.with("self_test", "[" + String(repeating: "1,", count: 1000) + "1]"), .limitExceeded, "$.self_test"),
        Refusal("extends misspelt", sound.with("extend", #""*""#), .invalidValue, "$.extend"),
        Refusal("numeric misspelt", sound.with("numerics", "{}"), .invalidValue, "$.numerics"),
        Refusal("crosses misspelt", sound.with("cross", "[]"), .invalidValue, "$.cross"),
        Refusal("training misspelt", sound.with("trainin", "{}"), .invalidValue, "$.trainin"),
        Refusal("self_test misspelt", sound.with("self-tests", "[]"), .invalidValue, #"$["self-tests"]"#),
    ]

    static let text: [Refusal] = [
        Refusal("nothing", "", .jsonSyntax, "", line: 1),
        Refusal("not JSON", "{\n\"format\": valuation\n}", .jsonSyntax, "", line: 2),
        Refusal("two documents in one", sound.json + "\n" + sound.json, .jsonSyntax, "", line: 2),
        Refusal("NaN", sound.with("intercept", "NaN"), .jsonSyntax, "", line: 1),
        Refusal("Infinity", sound.with("intercept", "Infinity"), .jsonSyntax, "", line: 1),
        Refusal("a byte order mark", "\u{feff}" + sound.json, .jsonSyntax, "", line: 1),
        Refusal("a number beyond double", sound.with("intercept", "1e999"), .nonFinite, "", line: 1),
        Refusal("a weight beyond double", sound.with("categorical", #"{"a": {"b": -1e400}}"#), .nonFinite, "", line: 1),
        Refusal("a member twice", sound.adding("intercept", "-1.93"), .duplicateKey, "", line: 1),
        Refusal("a value twice", sound.with("categorical", #"{"a": {"b": 1, "b": 1}}"#), .duplicateKey, "", line: 1),
        Refusal("a field twice", sound.with("categorical", #"{"a": {}, "a": {}}"#), .duplicateKey, "", line: 1),
        Refusal("a NUL in a name", sound.with("categorical", #"{"a\u0000b": {}}"#), .jsonSyntax, "", line: 1),
        Refusal(
            "nesting of 3,000",
            sound.with("x", String(repeating: "[", count: 3000) + String(repeating: "]", count: 3000)), .limitExceeded,
            "",
            line: 1),
    ]

    private static func long(_ count: Int) -> String {
        "\"\(String(repeating: "x", count: count))\""
    }

    private static func numeric(_ parameters: String) -> Members {
        sound.without("variance").with("numeric", "{\"age\": {\(parameters)}}")
    }

    private static func variance(_ members: String) -> Members {
        sound.with("variance", "{\(members)}")
    }

    private static func crossVariance(_ entries: String) -> Members {
        variance("\"crosses\": [{\"fields\": [\"slot\", \"creative\"], \"weights\": [\(entries)]}]")
    }

    private static let crossVariancePath = "$.variance.crosses[0].weights[0]"

    private static func cross(_ fields: String, _ weights: String) -> Members {
        sound.without("variance").with("crosses", "[{\"fields\": \(fields), \"weights\": \(weights)}]")
    }
}
