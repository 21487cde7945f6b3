// SPDX-License-Identifier: Apache-2.0
import CValuation

/// The flags of valuation.h. The header is the source of the bits; a test compares them.
struct Flags: OptionSet {
    var rawValue: valuation_flags

    static let unknownCampaign = Flags(rawValue: 1 << 0)
    static let defaultClickModel = Flags(rawValue: 1 << 1)
    static let defaultConversionModel = Flags(rawValue: 1 << 2)
    static let noClickModel = Flags(rawValue: 1 << 3)
    static let noConversionModel = Flags(rawValue: 1 << 4)
    static let unknownField = Flags(rawValue: 1 << 6)
    static let wrongType = Flags(rawValue: 1 << 7)
    static let invalidNumber = Flags(rawValue: 1 << 8)
    static let invalidBid = Flags(rawValue: 1 << 9)
    static let invalidCandidate = Flags(rawValue: 1 << 10)
    static let clamped = Flags(rawValue: 1 << 11)
    static let budgetExceeded = Flags(rawValue: 1 << 12)
    static let clickPrior = Flags(rawValue: 1 << 13)
    static let conversionPrior = Flags(rawValue: 1 << 14)
    static let baseClickModel = Flags(rawValue: 1 << 15)
    static let baseConversionModel = Flags(rawValue: 1 << 16)
    static let noUnit = Flags(rawValue: 1 << 17)
    static let overridden = Flags(rawValue: 1 << 18)
    static let adjusted = Flags(rawValue: 1 << 19)
    static let explored = Flags(rawValue: 1 << 20)

    /// That another's model or an observed rate values a campaign.
    static let standIns: Flags = [
        .defaultClickModel, .defaultConversionModel, .clickPrior, .conversionPrior, .baseClickModel,
        .baseConversionModel,
    ]

    /// Names as JSON answers print them, in the order of their bits.
    @inline(never)
    static func name(ofBit bit: Int) -> StaticString? {
        switch bit {
        case 0: "unknown_campaign"
        case 1: "default_click_model"
        case 2: "default_conversion_model"
        case 3: "no_click_model"
        case 4: "no_conversion_model"
        case 6: "unknown_field"
        case 7: "wrong_type"
        case 8: "invalid_number"
        case 9: "invalid_bid"
        case 10: "invalid_candidate"
        case 11: "clamped"
        case 12: "budget_exceeded"
        case 13: "click_prior"
        case 14: "conversion_prior"
        case 15: "base_click_model"
        case 16: "base_conversion_model"
        case 17: "no_unit"
        case 18: "overridden"
        case 19: "adjusted"
        case 20: "explored"
        default: nil
        }
    }
}
