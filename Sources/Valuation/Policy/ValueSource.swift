// SPDX-License-Identifier: Apache-2.0
import CKernels

/// What values say that they are from: a number that stands for the names of predictor, experiment and variant.
extension PolicyDocument {
    /// The variant of those who are held out from an experiment.
    static let holdout: StaticString = "holdout"

    /// The lower half of the fingerprint of the three names with line feeds between them; 1 instead of 0, which stands for none.
    func source(predictor: Int, experiment: Text, variant: Text) throws(Failure) -> UInt32 {
        var names = Buffer<UInt8>()
        try names.append(text(predictors[predictor].name))
        try names.append("\n")
        try names.append(experiment)
        try names.append("\n")
        try names.append(variant)
        return max(1, UInt32(truncatingIfNeeded: fingerprint64(names.text)))
    }

    /// Numbers all sources. - Returns: the rule of which a number is another's, or nil.
    mutating func numberSources() throws(Failure) -> Int? {
        var known = SourceTable()
        defaultSource = try source(predictor: defaultPredictor, experiment: .empty, variant: .empty)
        _ = try known.insert(defaultSource, UInt64(defaultPredictor))
        for number in 0..<rules.count {
            let rule = rules[number]
            if rule.isOverride {
                let source = try source(predictor: rule.predictor, experiment: .empty, variant: .empty)
                rules[number].source = source
                if try !known.insert(source, UInt64(rule.predictor)) { return number }
            }
            for variant in rule.variants.range {
                let (predictor, name) = (predictor(ofVariant: variant), variants[variant].name)
                let source = try source(predictor: predictor, experiment: text(rule.name), variant: text(name))
                variants[variant].source = source
                let names = fingerprint64(text(rule.name), Text("\n"), text(name)) &+ UInt64(predictor)
                if try !known.insert(source, names) { return number }
            }
        }
        return nil
    }

    /// What values a candidate of a variant where nothing else does.
    func predictor(ofVariant number: Int) -> Int {
        let named = variants[number].predictor
        return named == Variant.none ? defaultPredictor : named
    }

    /// What stands behind a number: a predictor, and the rule and variant that chose it, `none` for the default.
    struct Origin {
        var predictor: Int
        var rule = Variant.none
        var variant = Variant.none
    }

    /// nil where the policy has no such source. - Complexity: O(sources).
    func origin(of source: UInt32) -> Origin? {
        if source == defaultSource { return Origin(predictor: defaultPredictor) }
        for number in 0..<rules.count {
            let rule = rules[number]
            if rule.isOverride && rule.source == source { return Origin(predictor: rule.predictor, rule: number) }
            for variant in rule.variants.range where variants[variant].source == source {
                return Origin(predictor: predictor(ofVariant: variant), rule: number, variant: variant)
            }
        }
        return nil
    }

    /// The name of what chose the predictor, and of the variant; empty where it was no experiment.
    func names(of origin: Origin) -> (experiment: Text, variant: Text) {
        if origin.variant == Variant.none { return (.empty, .empty) }
        return (text(rules[origin.rule].name), text(variants[origin.variant].name))
    }
}

/// The sources met so far, to find two that share a number.
private struct SourceTable: ~Copyable {
    private var numbers = KeyTable()
    private var names = Buffer<UInt64>()

    /// - Returns: false where other names have the number.
    mutating func insert(_ source: UInt32, _ name: UInt64) throws(Failure) -> Bool {
        let known = numbers.find(UInt64(source))
        if known != KeyTable.none { return names[Int(known)] == name }
        try numbers.insert(UInt64(source), UInt32(names.count))
        try names.append(name)
        return true
    }
}
