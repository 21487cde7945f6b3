// SPDX-License-Identifier: Apache-2.0
import CValuation

@testable import Valuation

/// A feature by its name, as a person or a JSON request gives it.
enum NamedFeature: Hashable {
    case category(String, String)
    case number(String, Double)

    /// In the form of the C interface.
    var feature: valuation_feature {
        switch self {
        case .category(let field, let value):
            valuation_feature(
                key: valuation_feature_key(nil, field, field.utf8.count, value, value.utf8.count), number: 1)
        case .number(let field, let number):
            valuation_feature(key: valuation_number_key(nil, field, field.utf8.count), number: number)
        }
    }
}

/// A candidate by its names.
struct Ad {
    var campaign = "1"
    var features: [NamedFeature] = []
    var pricing = Pricing.cpa
    var bid = 1.0
}

/// Features as the JSON object of a request: several categories of one field become an array.
func json(of features: [NamedFeature]) -> String {
    var fields: [(name: String, values: [String])] = []
    for feature in features {
        let (field, value) =
            switch feature {
            case .category(let field, let value): (field, quoted(value))
            case .number(let field, let number): (field, "\(number)")
            }
        if let place = fields.firstIndex(where: { $0.name == field }) {
            fields[place].values.append(value)
        } else {
            fields.append((name: field, values: [value]))
        }
    }
    let members = fields.map { field in
        let values = field.values.count == 1 ? field.values[0] : "[\(field.values.joined(separator: ", "))]"
        return "\(quoted(field.name)): \(values)"
    }
    return "{" + members.joined(separator: ", ") + "}"
}

/// A whole request as JSON. - Parameter more: further members, each with a comma in front.
func json(request: [NamedFeature], ads: [Ad], more: String = "") -> String {
    let candidates = ads.map { ad in
        "{\"campaign\": \(quoted(ad.campaign)), \"pricing\": \"\(ad.pricing)\", \"bid\": \(ad.bid), "
            + "\"features\": \(json(of: ad.features))}"
    }
    return "{\"features\": \(json(of: request)), \"candidates\": [\(candidates.joined(separator: ", "))]\(more)}"
}
