// SPDX-License-Identifier: Apache-2.0
import CKernels
import CPlatform
import CValuation

/// The predictions of an ensemble's members for a block of candidates, and the values for their means (bagging: Breiman,
/// "Bagging predictors", 1996).
///
/// Members that have no model for a candidate do not count.
struct EnsembleMeans: ~Copyable {
    /// The arrays of each member, with one element for each candidate, and the number that stands for no model.
    private struct Members: ~Copyable {
        var probabilities = Buffer<UnsafePointer<Float>?>()
        var models = Buffer<UnsafePointer<UInt32>?>()
        var absent = Buffer<UInt32>()
        var means = Buffer<Float>()

        mutating func reserve() throws(Failure) {
            try probabilities.reserve(PolicyDocument.maximumReleases)
            try models.reserve(PolicyDocument.maximumReleases)
            try absent.reserve(PolicyDocument.maximumReleases)
            try means.resize(Scratch.blockSize, filling: 0)
        }

        mutating func removeAll() {
            probabilities.removeAll()
            models.removeAll()
            absent.removeAll()
        }

        mutating func add(_ target: TargetScoring) {
            (probabilities.spare.pointee, models.spare.pointee) = (
                UnsafePointer(target.probabilities), UnsafePointer(target.models)
            )
            absent.spare.pointee = target.absentModel
            probabilities.appendWritten(1)
            models.appendWritten(1)
            absent.appendWritten(1)
        }

        mutating func average(_ count: Int, ofLogits: Bool, _ kernels: UnsafePointer<valuation_kernels>) {
            if ofLogits { return averageLogits(count) }
            kernels.pointee.average(
                probabilities.base, models.base, absent.base, absent.count, RowPlaces.roundedUp(count), means.base)
        }

        private mutating func averageLogits(_ count: Int) {
            for place in 0..<count {
                var (sum, known) = (0.0, 0)
                for member in 0..<absent.count {
                    let probability = Double(probabilities[member].unsafelyUnwrapped[place])
                    if models[member].unsafelyUnwrapped[place] == absent[member] || probability.isNaN { continue }
                    sum += log(probability / (1 - min(probability, 1 - 0x1p-40)))
                    known &+= 1
                }
                means[place] = known == 0 ? .nan : Float(1 / (1 + exp(-sum / Double(known))))
            }
        }
    }

    private var click = Members()
    private var conversion = Members()
    private var flags = Buffer<UInt32>()

    mutating func reserve() throws(Failure) {
        try click.reserve()
        try conversion.reserve()
        try flags.resize(Scratch.blockSize, filling: 0)
    }

    /// Starts with other candidates.
    mutating func begin(count: Int) {
        click.removeAll()
        conversion.removeAll()
        let flags = flags.base.unsafelyUnwrapped
        for place in 0..<count { flags[place] = 0 }
    }

    /// Adds the predictions of a member, whose arrays must stay until `write`.
    mutating func add(_ member: UnsafeMutablePointer<Scoring>, count: Int) {
        click.add(member.pointee.click)
        conversion.add(member.pointee.conversion)
        let (flags, own) = (flags.base.unsafelyUnwrapped, member.pointee.scratch.pointee.flagBits)
        for place in 0..<count { flags[place] |= own[place] }
    }

    /// Writes the candidates' values for the means of the probabilities, or of the logits.
    mutating func write(
        _ candidates: UnsafePointer<valuation_candidate>, count: Int, ofLogits: Bool,
        _ kernels: UnsafePointer<valuation_kernels>, into values: UnsafeMutablePointer<valuation_value>
    ) {
        click.average(count, ofLogits: ofLogits, kernels)
        conversion.average(count, ofLogits: ofLogits, kernels)
        let (flags, clicks, conversions) = (
            flags.base.unsafelyUnwrapped, click.means.base.unsafelyUnwrapped, conversion.means.base.unsafelyUnwrapped
        )
        let (noClick, noConversion) = (Flags.noClickModel.rawValue, Flags.noConversionModel.rawValue)
        for place in 0..<count {
            var own = flags[place] & ~(noClick | noConversion)
            if clicks[place].isNaN { own |= noClick }
            if conversions[place].isNaN && candidates[place].needs(.conversion) { own |= noConversion }
            flags[place] = own
        }
        // No candidate lacks a model of these: where there is none, the mean is NaN.
        let models = UnsafeMutablePointer(mutating: click.models[0])
        var block = valuation_block(
            absent_click: Index.none, absent_conversion: Index.none, click_models: models, conversion_models: models,
            flags: flags, features: nil, lengths: nil, source: 0, wants_clicks: 0, wants_conversions: 0, longest: 0,
            offsets: nil, array: nil)
        kernels.pointee.write(candidates, &block, clicks, conversions, count, values)
    }
}
