// SPDX-License-Identifier: Apache-2.0

/// What a model predicts.
enum Target: UInt8, CaseIterable {
    case click = 0
    case conversion = 1

    /// The name in documents and answers.
    var name: StaticString { self == .click ? "click" : "conversion" }

    /// The target of a name in documents.
    init?(name: Text) {
        if name == Text(Target.click.name) {
            self = .click
        } else if name == Text(Target.conversion.name) {
            self = .conversion
        } else {
            return nil
        }
    }

    var other: Target { self == .click ? .conversion : .click }
}

/// One value for each target. Values that cannot be copied would be lent by coroutines, which take memory without asking
/// whether there is some.
struct ByTarget<Value> {
    var click: Value
    var conversion: Value

    subscript(target: Target) -> Value {
        @inline(__always) get { target == .click ? click : conversion }
        @inline(__always) set { if target == .click { click = newValue } else { conversion = newValue } }
    }
}

extension ByTarget: BitwiseCopyable where Value: BitwiseCopyable {}
