// SPDX-License-Identifier: Apache-2.0
import CChecksum
import CKernels
import CValuation
import Foundation

@testable import Valuation

/// The bytes of a compiled file and the position of each number in it, so that a test can forge it: change it, with
/// matching checksums.
struct CompiledBytes {
    /// A number that each element of an array has, or one of the header's numbers.
    struct Field {
        let name: String
        let width: Int
        let first: Int
        let stride: Int
        let count: Int
        let isFloating: Bool

        func byte(_ element: Int) -> Int { first + element * stride }
    }

    private(set) var bytes: [UInt8]
    private(set) var fields: [Field] = []
    let counts: Index.Counts
    let hashes: Index.Hashes
    private let layout: Index.Layout

    private static let headerBytes = MemoryLayout<valuation_compiled_header>.size

    init(contentsOf path: String) throws {
        bytes = Array(try Data(contentsOf: URL(filePath: path)))
        let index = try LoadedModels(compiled: path).withIndex { ($0.pointee.counts, $0.pointee.hashes) }
        (counts, hashes) = index
        layout = Index.Layout(counts, hashes)
        addHeader()
        addModels()
        addLabels()
        addCampaigns()
        addDescriptions()
    }

    func number(_ byte: Int, width: Int) -> UInt64 {
        (0..<width).reduce(0) { $0 | UInt64(bytes[byte + $1]) << UInt64(8 * $1) }
    }

    mutating func put(_ number: UInt64, width: Int, at byte: Int) {
        for place in 0..<width { bytes[byte + place] = UInt8(truncatingIfNeeded: number >> UInt64(8 * place)) }
    }

    func field(_ name: String) -> Field { fields.first { $0.name == name }! }

    /// The byte at which an element's field starts in the file.
    func byte(_ name: String, _ element: Int = 0) -> Int { field(name).byte(element) }

    /// The elements of the label array that match a condition.
    func labels(where isWanted: (valuation_label) -> Bool) -> [Int] {
        (0..<hashes.labels.slotCount).filter { place in
            isWanted(
                bytes.withUnsafeBytes {
                    $0.loadUnaligned(fromByteOffset: byte("label.key", place), as: valuation_label.self)
                })
        }
    }

    /// The file with checksums that match its bytes.
    func summed() -> [UInt8] {
        var copy = self
        let index = Int(VALUATION_COMPILED_INDEX)
        let checksums = CompiledBytes.headerBytes - 16
        let contents = copy.bytes.withUnsafeBytes { valuation_checksum_of($0.baseAddress! + index, $0.count - index) }
        copy.put(contents.high, width: 8, at: 24)
        copy.put(contents.low, width: 8, at: 32)
        let header = copy.bytes.withUnsafeBytes { valuation_checksum_of($0.baseAddress!, checksums) }
        copy.put(header.high, width: 8, at: checksums)
        copy.put(header.low, width: 8, at: checksums + 8)
        return copy.bytes
    }

    // MARK: The position of every field

    private mutating func addHeader() {
        for word in stride(from: 16, to: CompiledBytes.headerBytes - 16, by: 8) where !(24..<40).contains(word) {
            fields.append(
                Field(name: "header[\(word)]", width: 8, first: word, stride: 8, count: 1, isFloating: false))
        }
    }

    private mutating func add<Element, Number>(
        _ name: String, _ start: Int, _ count: Int, _ path: KeyPath<Element, Number>
    ) {
        let field = Field(
            name: name, width: MemoryLayout<Number>.size,
            first: Int(VALUATION_COMPILED_INDEX) + start + MemoryLayout<Element>.offset(of: path)!,
            stride: MemoryLayout<Element>.stride, count: count,
            isFloating: Number.self == Double.self || Number.self == Float.self)
        if count > 0 { fields.append(field) }
    }

    private mutating func addModels() {
        for (name, target, scales, parameters, intercepts, campaigns) in [
            (
                "click", Target.click, layout.scales.click, layout.parameters.click, layout.intercepts.click,
                layout.campaigns.click
            ),
            (
                "conversion", .conversion, layout.scales.conversion, layout.parameters.conversion,
                layout.intercepts.conversion, layout.campaigns.conversion
            ),
        ] {
            let count = counts.width(target)
            add("\(name).constant", scales, count, \valuation_scale.constant)
            add("\(name).unit", scales, count, \valuation_scale.unit)
            add("\(name).base", parameters, count, \valuation_parameters.base)
            add("\(name).prior", parameters, count, \valuation_parameters.prior)
            add("\(name).intercept deviation", intercepts, count, \Float.self)
            add("\(name).campaign", campaigns, count, \UInt32.self)
        }
        add("number.mean", layout.numberParameters, counts.numbers, \valuation_number.mean)
        add("number.slope", layout.numberParameters, counts.numbers, \valuation_number.slope)
        add("number.model", layout.numberModels, counts.numbers, \UInt32.self)
        add("directory", layout.directory, counts.directoryEntries, \UInt64.self)
        add("list.model", layout.listModels, counts.listPlaces, \UInt16.self)
        add("weight", layout.weights, counts.listPlaces + counts.densePlaces, \Int32.self)
        if counts.variances == 0 { return }
        add("deviation", layout.deviations, counts.listPlaces + counts.densePlaces, \Float.self)
        add("number deviation", layout.numberDeviations, counts.numbers, \Float.self)
    }

    private mutating func addLabels() {
        let count = hashes.labels.slotCount
        add("label.key", layout.labelSlots, count, \valuation_label.key)
        add("label.bits", layout.labelSlots, count, \valuation_label.bits)
        add("label.click.start", layout.labelSlots, count, \valuation_label.click.start)
        add("label.click.shape", layout.labelSlots, count, \valuation_label.click.shape)
        add("label.conversion.start", layout.labelSlots, count, \valuation_label.conversion.start)
        add("label.conversion.shape", layout.labelSlots, count, \valuation_label.conversion.shape)
        add("field.key", layout.fieldSlots, hashes.fields.slotCount, \valuation_field.key)
        add("field.kinds", layout.fieldSlots, hashes.fields.slotCount, \valuation_field.kinds)
        add("label pilot", layout.labelPilots, hashes.labels.pilotCount, \UInt16.self)
        add("field pilot", layout.fieldPilots, hashes.fields.pilotCount, \UInt16.self)
        add("campaign pilot", layout.campaignPilots, hashes.campaigns.pilotCount, \UInt16.self)
    }

    private mutating func addCampaigns() {
        let count = hashes.campaigns.slotCount + 1
        add("campaign.key", layout.campaignSlots, count, \valuation_campaign.key)
        add("campaign.click", layout.campaignSlots, count, \valuation_campaign.click_model)
        add("campaign.conversion", layout.campaignSlots, count, \valuation_campaign.conversion_model)
        add("campaign.flags", layout.campaignSlots, count, \valuation_campaign.flags)
        add("campaign.conversion_flags", layout.campaignSlots, count, \valuation_campaign.conversion_flags)
        add("observed.advertiser", layout.observedSlots, counts.observed, \valuation_observed.advertiser)
        add("observed.impressions", layout.observedSlots, counts.observed, \valuation_observed.impressions)
        add("observed.clicks", layout.observedSlots, counts.observed, \valuation_observed.clicks)
        add("observed.conversions", layout.observedSlots, counts.observed, \valuation_observed.conversions)
        add("advertiser.impressions", layout.observedSlots, counts.observed, \valuation_observed.advertiser_impressions)
        add("advertiser.clicks", layout.observedSlots, counts.observed, \valuation_observed.advertiser_clicks)
        add("advertiser.conversions", layout.observedSlots, counts.observed, \valuation_observed.advertiser_conversions)
    }

    private mutating func addDescriptions() {
        let (start, count) = (layout.descriptions, counts.modelCount)
        add("campaign name.start", start, count, \valuation_description.campaign.start)
        add("campaign name.end", start, count, \valuation_description.campaign.end)
        add("version.start", start, count, \valuation_description.version.start)
        add("version.end", start, count, \valuation_description.version.end)
        add("trainer.start", start, count, \valuation_description.trainer.start)
        add("trainer.end", start, count, \valuation_description.trainer.end)
        add("description.base", start, count, \valuation_description.base)
        add("description.is_conversion", start, count, \valuation_description.is_conversion)
        add("description.has_training", start, count, \valuation_description.has_training)
        add("description.is_prior", start, count, \valuation_description.is_prior)
        add("description.weights", start, count, \valuation_description.categorical_weights)
        add("description.intercept", start, count, \valuation_description.intercept)
        add("description.rate", start, count, \valuation_description.negative_sampling_rate)
        add("description.rows", start, count, \valuation_description.rows)
        add("description.positives", start, count, \valuation_description.positives)
        add("description.base_rate", start, count, \valuation_description.base_rate)
        add("description.auc", start, count, \valuation_description.auc)
        add("description.log_loss", start, count, \valuation_description.log_loss)
        add("order", layout.order, count, \UInt32.self)
        add("name", layout.names, counts.nameBytes, \UInt8.self)
    }
}
