// SPDX-License-Identifier: Apache-2.0
import CKernels

/// The sources of values: a number that stands for the names of predictor, experiment and variant.
extension PolicyDocument {
    /// The variant of units that are held out from an experiment.
    static let holdout: StaticString = "holdout"

    /// The lower half of the fingerprint of the three names with line feeds between them; 1 instead of 0, which stands
    /// for none.
    func source(predictor: Int, experiment: Text, variant: Text) throws(Failure) -> UInt32 {
        var names = Buffer<UInt8>()
        try names.append(text(predictors[predictor].name))
        try names.append("\n")
        try names.append(experiment)
        try names.append("\n")
        try names.append(variant)
        return max(1, UInt32(truncatingIfNeeded: fingerprint64(names.text)))
    }

    /// Numbers all sources. - Returns: a rule whose number is also another's, or nil.
    mutating func numberSources() throws(Failure) -> Int? {
        defaultSource = try source(predictor: defaultPredictor, experiment: .empty, variant: .empty)
        _ = try add(Origin(predictor: defaultPredictor), defaultSource)
        for number in 0..<rules.count {
            let rule = rules[number]
            if rule.isOverride {
                let source = try source(predictor: rule.predictor, experiment: .empty, variant: .empty)
                rules[number].source = source
                if try !add(Origin(predictor: rule.predictor, rule: number), source) { return number }
            }
            for variant in rule.variants.range {
                let (predictor, name) = (predictor(ofVariant: variant), variants[variant].name)
                let source = try source(predictor: predictor, experiment: text(rule.name), variant: text(name))
                variants[variant].source = source
                if try !add(Origin(predictor: predictor, rule: number, variant: variant), source) { return number }
            }
        }
        return nil
    }

    /// - Returns: false if other names have the number.
    private mutating func add(_ origin: Origin, _ source: UInt32) throws(Failure) -> Bool {
        if let known = self.origin(of: source) {
            let (names, others) = (names(of: known), names(of: origin))
            return known.predictor == origin.predictor && names.experiment == others.experiment
                && names.variant == others.variant
        }
        try sources.insert(UInt64(source), UInt32(origins.count))
        try origins.append(origin)
        return true
    }

    /// The predictor of a candidate with a variant, if nothing else decides.
    func predictor(ofVariant number: Int) -> Int {
        let named = variants[number].predictor
        return named == Variant.none ? defaultPredictor : named
    }

    /// The names behind a number: a predictor, and the rule and variant that chose it, `none` for the default.
    struct Origin {
        var predictor: Int
        var rule = Variant.none
        var variant = Variant.none
    }

    /// nil if the policy has no such source. - Complexity: O(1).
    func origin(of source: UInt32) -> Origin? {
        let number = sources.find(UInt64(source))
        return number == KeyTable.none ? nil : origins[Int(number)]
    }

    /// The name of what chose the predictor, and of the variant; empty if it was not an experiment.
    func names(of origin: Origin) -> (experiment: Text, variant: Text) {
        if origin.variant == Variant.none { return (.empty, .empty) }
        return (text(rules[origin.rule].name), text(variants[origin.variant].name))
    }
}
