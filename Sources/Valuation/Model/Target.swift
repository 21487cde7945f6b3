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

    /// Its position in lists of both.
    @inline(__always)
    var position: Int { Int(rawValue) }

    /// The key of a campaign's model for this target in a table of both.
    func key(ofCampaign key: UInt64) -> UInt64 { self == .click ? key : ~key }
}

/// One value for each target. Values that cannot be copied would be lent by coroutines, which take memory without asking
/// whether there is some.
struct ByTarget<Value> {
    var click: Value
    var conversion: Value

    init(click: Value, conversion: Value) {
        (self.click, self.conversion) = (click, conversion)
    }

    @inline(__always)
    init(_ value: (Target) -> Value) {
        self.init(click: value(.click), conversion: value(.conversion))
    }

    subscript(target: Target) -> Value {
        @inline(__always) get { target == .click ? click : conversion }
        @inline(__always) set { if target == .click { click = newValue } else { conversion = newValue } }
    }
}

extension ByTarget: BitwiseCopyable where Value: BitwiseCopyable {}

/// The flags about a target's model.
extension Flags {
    static var noModel: ByTarget<Flags> { .init(click: .noClickModel, conversion: .noConversionModel) }
    static var defaultModel: ByTarget<Flags> { .init(click: .defaultClickModel, conversion: .defaultConversionModel) }
    static var baseModel: ByTarget<Flags> { .init(click: .baseClickModel, conversion: .baseConversionModel) }
    static var prior: ByTarget<Flags> { .init(click: .clickPrior, conversion: .conversionPrior) }
}
