// SPDX-License-Identifier: Apache-2.0
import CValuation
import Testing

@testable import Valuation

/// The keys of valuation.h are fingerprints of texts that SQL and Python can form as well.
@Suite struct KeyTests {
    private func fingerprint(_ text: String) -> UInt64 {
        withText(text) { fingerprint64($0) }
    }

    @Test(arguments: [("slot", "12"), ("os", "ios"), ("os", ""), ("größe", "mittel=groß"), ("f", "a=b=c")])
    func aCategoryIsTheFingerprintOfFieldEqualsValue(field: String, value: String) {
        let key = valuation_feature_key(field, field.utf8.count, value, value.utf8.count)
        #expect(key == fingerprint("\(field)=\(value)"))
    }

    @Test func aNumberIsTheFingerprintOfItsField() {
        #expect(valuation_number_key("age", 3) == fingerprint("age"))
    }

    @Test func aCampaignIsTheFingerprintOfItsName() {
        #expect(valuation_campaign_key("1042", 4) == fingerprint("1042"))
        #expect(valuation_campaign_key("*", 1) == Key.defaultCampaign)
    }

    @Test func aCrossIsTheFingerprintOfBothKeysTheSmallerFirst() {
        let (small, large): (UInt64, UInt64) = (0x0123_4567_89ab_cdef, 0xfedc_ba98_7654_3210)
        let bytes: [UInt8] = [
            0xef, 0xcd, 0xab, 0x89, 0x67, 0x45, 0x23, 0x01, 0x10, 0x32, 0x54, 0x76, 0x98, 0xba, 0xdc, 0xfe,
        ]
        let expected = withText(bytes) { fingerprint64($0) }
        #expect(valuation_cross_key(small, large) == expected)
        #expect(valuation_cross_key(large, small) == expected)
    }

    @Test func noTextAtAllIsTheEmptyText() {
        #expect(valuation_number_key(nil, 0) == fingerprint(""))
        #expect(valuation_feature_key(nil, 0, nil, 0) == fingerprint("="))
    }
}
