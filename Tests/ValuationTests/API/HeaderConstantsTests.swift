// SPDX-License-Identifier: Apache-2.0
import CKernels
import CValuation
import Foundation
import Testing

@testable import Valuation

/// Swift's copies of valuation.h's constants agree with the text of the header.
@Suite struct HeaderConstantsTests {
    private static let header: String = {
        let tests = URL(filePath: #filePath).deletingLastPathComponent()
        let path = tests.appending(path: "../../../Include/valuation.h")
        return (try? String(contentsOf: path, encoding: .utf8)) ?? ""
    }()

    @Test func everyStatusAgreesWithTheHeader() throws {
        let statuses = Self.header.matches(of: /(VALUATION_OK|VALUATION_ERROR_\w+) = (\d+)/)
        try #require(statuses.count == 32)
        for status in statuses {
            let number = try #require(Int32(status.2))
            #expect(Status(rawValue: number) != nil, "\(status.1)")
            #expect(String(cString: valuation_status_name(number)) == status.1)
        }
        for unknown in [-1, 32, Int32.max, Int32.min] {
            #expect(Status(rawValue: unknown) == nil)
            #expect(String(cString: valuation_status_name(unknown)) == "VALUATION_ERROR_UNKNOWN")
        }
    }

    @Test func eachStatusHasItsMeaning() {
        let pairs: [(Status, Int)] = [
            (.ok, Int(VALUATION_OK)), (.invalidArgument, Int(VALUATION_ERROR_INVALID_ARGUMENT)),
            (.structSize, Int(VALUATION_ERROR_STRUCT_SIZE)), (.outOfMemory, Int(VALUATION_ERROR_OUT_OF_MEMORY)),
            (.fileNotFound, Int(VALUATION_ERROR_FILE_NOT_FOUND)), (.readFailed, Int(VALUATION_ERROR_READ_FAILED)),
            (.gzip, Int(VALUATION_ERROR_GZIP)), (.jsonSyntax, Int(VALUATION_ERROR_JSON_SYNTAX)),
            (.duplicateKey, Int(VALUATION_ERROR_DUPLICATE_KEY)), (.format, Int(VALUATION_ERROR_FORMAT)),
            (.invalidValue, Int(VALUATION_ERROR_INVALID_VALUE)), (.nonFinite, Int(VALUATION_ERROR_NON_FINITE)),
            (.duplicateModel, Int(VALUATION_ERROR_DUPLICATE_MODEL)),
            (.unknownModel, Int(VALUATION_ERROR_UNKNOWN_MODEL)), (.keyCollision, Int(VALUATION_ERROR_KEY_COLLISION)),
            (.selfTest, Int(VALUATION_ERROR_SELF_TEST)), (.limitExceeded, Int(VALUATION_ERROR_LIMIT_EXCEEDED)),
            (.nothingLoaded, Int(VALUATION_ERROR_NOTHING_LOADED)), (.checksum, Int(VALUATION_ERROR_CHECKSUM)),
            (.writeFailed, Int(VALUATION_ERROR_WRITE_FAILED)),
            (.unknownRelease, Int(VALUATION_ERROR_UNKNOWN_RELEASE)),
            (.releaseExists, Int(VALUATION_ERROR_RELEASE_EXISTS)), (.busy, Int(VALUATION_ERROR_BUSY)),
            (.secret, Int(VALUATION_ERROR_SECRET)),
            (.noPrevious, Int(VALUATION_ERROR_NO_PREVIOUS)),
            (.nothingFollowed, Int(VALUATION_ERROR_NOTHING_FOLLOWED)),
            (.nothingPrepared, Int(VALUATION_ERROR_NOTHING_PREPARED)),
            (.stale, Int(VALUATION_ERROR_STALE)),
            (.notCompiled, Int(VALUATION_ERROR_NOT_COMPILED)),
            (.unknownGeneration, Int(VALUATION_ERROR_UNKNOWN_GENERATION)),
            (.unknownSource, Int(VALUATION_ERROR_UNKNOWN_SOURCE)),
            (.noPolicy, Int(VALUATION_ERROR_NO_POLICY)),
        ]
        for (status, number) in pairs { #expect(Int(status.rawValue) == number) }
    }

    @Test func everyFlagAgreesWithTheHeader() throws {
        let flags = Self.header.matches(of: /VALUATION_FLAG_(\w+) = 1 << (\d+)/)
        try #require(flags.count == 20)
        for flag in flags {
            let bit = try #require(UInt32(flag.2))
            let name = try #require(valuation_flag_name(1 << bit), "\(flag.1)")
            #expect(String(cString: name) == flag.1.lowercased())
        }
        for unknown in [0, 3, 1 << 5, 1 << 21, 1 << 31, UInt32.max] { #expect(valuation_flag_name(unknown) == nil) }
    }

    @Test func eachFlagHasItsMeaning() {
        let pairs: [(Flags, Int)] = [
            (.unknownCampaign, Int(VALUATION_FLAG_UNKNOWN_CAMPAIGN)),
            (.defaultClickModel, Int(VALUATION_FLAG_DEFAULT_CLICK_MODEL)),
            (.defaultConversionModel, Int(VALUATION_FLAG_DEFAULT_CONVERSION_MODEL)),
            (.noClickModel, Int(VALUATION_FLAG_NO_CLICK_MODEL)),
            (.noConversionModel, Int(VALUATION_FLAG_NO_CONVERSION_MODEL)),
            (.unknownField, Int(VALUATION_FLAG_UNKNOWN_FIELD)),
            (.wrongType, Int(VALUATION_FLAG_WRONG_TYPE)), (.invalidNumber, Int(VALUATION_FLAG_INVALID_NUMBER)),
            (.invalidBid, Int(VALUATION_FLAG_INVALID_BID)),
            (.invalidCandidate, Int(VALUATION_FLAG_INVALID_CANDIDATE)), (.clamped, Int(VALUATION_FLAG_CLAMPED)),
            (.budgetExceeded, Int(VALUATION_FLAG_BUDGET_EXCEEDED)),
            (.clickPrior, Int(VALUATION_FLAG_CLICK_PRIOR)),
            (.conversionPrior, Int(VALUATION_FLAG_CONVERSION_PRIOR)),
            (.baseClickModel, Int(VALUATION_FLAG_BASE_CLICK_MODEL)),
            (.baseConversionModel, Int(VALUATION_FLAG_BASE_CONVERSION_MODEL)),
            (.noUnit, Int(VALUATION_FLAG_NO_UNIT)), (.overridden, Int(VALUATION_FLAG_OVERRIDDEN)),
            (.adjusted, Int(VALUATION_FLAG_ADJUSTED)), (.explored, Int(VALUATION_FLAG_EXPLORED)),
        ]
        for (flag, number) in pairs { #expect(Int(flag.rawValue) == number) }
    }

    @Test func everyPricingAgreesWithTheHeader() {
        #expect(Int(Pricing.cpm.rawValue) == Int(VALUATION_PRICING_CPM))
        #expect(Int(Pricing.cpc.rawValue) == Int(VALUATION_PRICING_CPC))
        #expect(Int(Pricing.cpa.rawValue) == Int(VALUATION_PRICING_CPA))
        for number in -1..<valuation_pricing(VALUATION_PRICINGS) + 2 {
            let candidate = valuation_candidate(
                campaign: 0, features: nil, feature_count: 0, pricing: number, bid: 1)
            #expect(candidate.hasPricing == (Pricing(rawValue: number) != nil))
        }
    }

    @Test func theVersionAgreesWithTheHeader() {
        #expect(String(cString: valuation_version()) == VALUATION_VERSION)
        #expect(
            VALUATION_VERSION
                == "\(VALUATION_VERSION_MAJOR).\(VALUATION_VERSION_MINOR).\(VALUATION_VERSION_PATCH)")
        #expect(valuation_abi_version() == UInt32(VALUATION_ABI_VERSION))
        let info = String(cString: valuation_build_info())
        #expect(info.hasPrefix("valuation \(VALUATION_VERSION), ABI \(VALUATION_ABI_VERSION), "))
        #expect(info.contains("model format \(VALUATION_MODEL_FORMAT_VERSION)"))
        #expect(
            String(decoding: ModelDecoder.formatBytes, as: UTF8.self)
                == "valuation-model/\(VALUATION_MODEL_FORMAT_VERSION)")
        #expect("\(PolicyDocument.format)" == "valuation-policy/\(VALUATION_POLICY_FORMAT_VERSION)")
        #expect(info.contains("compiled format \(VALUATION_COMPILED_FORMAT_VERSION)"))
    }

    /// valuation.h says how many bytes each of these has.
    @Test func theStructsHaveTheirSizes() {
        #expect(MemoryLayout<valuation_feature>.size == 16)
        #expect(MemoryLayout<valuation_candidate>.size == 32)
        #expect(MemoryLayout<valuation_value>.size == 24)
        #expect(MemoryLayout<valuation_request>.size == 64)
        #expect(MemoryLayout<valuation_outcome>.size == 56)
    }
}

extension ModelDecoder {
    fileprivate static var formatBytes: UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: format.utf8Start, count: format.utf8CodeUnitCount)
    }
}
