// SPDX-License-Identifier: Apache-2.0

/// A JSON string, escaped by the tests' own code.
func quoted(_ text: String) -> String {
    var json = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": json += "\\\""
        case "\\": json += "\\\\"
        case "\u{0}"..<" ":
            let digits = String(scalar.value, radix: 16)
            json += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        default: json.unicodeScalars.append(scalar)
        }
    }
    return json + "\""
}

/// The members of a JSON object in order, each with raw JSON, so that a test can omit, replace or repeat one.
struct Members: ExpressibleByDictionaryLiteral {
    private(set) var list: [(name: String, json: String)]

    init(dictionaryLiteral elements: (String, String)...) {
        list = elements.map { (name: $0.0, json: $0.1) }
    }

    /// A copy with another value for a member; a new member comes last.
    func with(_ name: String, _ json: String) -> Members {
        var changed = self
        if let place = list.firstIndex(where: { $0.name == name }) {
            changed.list[place].json = json
        } else {
            changed.list.append((name: name, json: json))
        }
        return changed
    }

    /// A copy with a further member, even if that name exists.
    func adding(_ name: String, _ json: String) -> Members {
        var changed = self
        changed.list.append((name: name, json: json))
        return changed
    }

    func without(_ name: String) -> Members {
        var changed = self
        changed.list.removeAll { $0.name == name }
        return changed
    }

    var json: String {
        "{" + list.map { "\(quoted($0.name)): \($0.json)" }.joined(separator: ", ") + "}"
    }
}
