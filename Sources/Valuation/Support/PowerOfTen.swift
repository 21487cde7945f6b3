// SPDX-License-Identifier: Apache-2.0

/// 10^0 to 10^54, each as 128 bits, of which the highest is set, times a power of two. They are exact: 5^54 has 126
/// bits.
struct PowerOfTen {
    /// The largest exponent of the table.
    static let maximumExponent = 54

    private let high: UInt64
    private let low: UInt64

    /// - Precondition: `exponent` is 0 to `maximumExponent`.
    @inline(always)
    init(_ exponent: Int) {
        high = powersOfTen[unchecked: 2 &* exponent]
        low = powersOfTen[unchecked: 2 &* exponent &+ 1]
    }

    /// The upper 64 bits, which suffice up to 10^27.
    @inline(always)
    static func upper(_ exponent: Int) -> UInt64 { powersOfTen[unchecked: 2 &* exponent] }

    /// The largest power of two that is not above 10^`exponent`; 1741647 is 2^19 × log2(10), rounded.
    @inline(always)
    static func binaryExponent(_ exponent: Int) -> Int {
        (exponent &* 1_741_647) &>> 19
    }

    /// `factor` times the 128 bits, over 2^128; a remainder makes the result odd.
    ///
    /// - Parameter isShort: whether `factor` is that of a float and has at most 32 bits. Then 64 bits of the power,
    ///   rounded up, are enough: their excess adds less than 2^32 to the remainder, and no float has so small a
    ///   remainder (Giulietti proves it; all floats have been tried).
    @inline(always)
    func scale(_ factor: UInt64, isShort: Bool) -> UInt64 {
        if isShort {
            let product = (high &+ (low == 0 ? 0 : 1)).multipliedFullWidth(by: factor)
            return product.high | (product.low &>> 32 > 1 ? 1 : 0)
        }
        let under = low.multipliedFullWidth(by: factor)
        let over = high.multipliedFullWidth(by: factor)
        let (middle, carries) = over.low.addingReportingOverflow(under.high)
        return (over.high &+ (carries ? 1 : 0)) | (middle | under.low != 0 ? 1 : 0)
    }
}

/// The upper and the lower 64 bits of each power; a test compares them with 5^n.
private let powersOfTen: InlineArray<110, UInt64> = [
    0x8000_0000_0000_0000, 0x0000_0000_0000_0000,  // 0
    0xa000_0000_0000_0000, 0x0000_0000_0000_0000,  // 1
    0xc800_0000_0000_0000, 0x0000_0000_0000_0000,  // 2
    0xfa00_0000_0000_0000, 0x0000_0000_0000_0000,  // 3
    0x9c40_0000_0000_0000, 0x0000_0000_0000_0000,  // 4
    0xc350_0000_0000_0000, 0x0000_0000_0000_0000,  // 5
    0xf424_0000_0000_0000, 0x0000_0000_0000_0000,  // 6
    0x9896_8000_0000_0000, 0x0000_0000_0000_0000,  // 7
    0xbebc_2000_0000_0000, 0x0000_0000_0000_0000,  // 8
    0xee6b_2800_0000_0000, 0x0000_0000_0000_0000,  // 9
    0x9502_f900_0000_0000, 0x0000_0000_0000_0000,  // 10
    0xba43_b740_0000_0000, 0x0000_0000_0000_0000,  // 11
    0xe8d4_a510_0000_0000, 0x0000_0000_0000_0000,  // 12
    0x9184_e72a_0000_0000, 0x0000_0000_0000_0000,  // 13
    0xb5e6_20f4_8000_0000, 0x0000_0000_0000_0000,  // 14
    0xe35f_a931_a000_0000, 0x0000_0000_0000_0000,  // 15
    0x8e1b_c9bf_0400_0000, 0x0000_0000_0000_0000,  // 16
    0xb1a2_bc2e_c500_0000, 0x0000_0000_0000_0000,  // 17
    0xde0b_6b3a_7640_0000, 0x0000_0000_0000_0000,  // 18
    0x8ac7_2304_89e8_0000, 0x0000_0000_0000_0000,  // 19
    0xad78_ebc5_ac62_0000, 0x0000_0000_0000_0000,  // 20
    0xd8d7_26b7_177a_8000, 0x0000_0000_0000_0000,  // 21
    0x8786_7832_6eac_9000, 0x0000_0000_0000_0000,  // 22
    0xa968_163f_0a57_b400, 0x0000_0000_0000_0000,  // 23
    0xd3c2_1bce_cced_a100, 0x0000_0000_0000_0000,  // 24
    0x8459_5161_4014_84a0, 0x0000_0000_0000_0000,  // 25
    0xa56f_a5b9_9019_a5c8, 0x0000_0000_0000_0000,  // 26
    0xcecb_8f27_f420_0f3a, 0x0000_0000_0000_0000,  // 27
    0x813f_3978_f894_0984, 0x4000_0000_0000_0000,  // 28
    0xa18f_07d7_36b9_0be5, 0x5000_0000_0000_0000,  // 29
    0xc9f2_c9cd_0467_4ede, 0xa400_0000_0000_0000,  // 30
    0xfc6f_7c40_4581_2296, 0x4d00_0000_0000_0000,  // 31
    0x9dc5_ada8_2b70_b59d, 0xf020_0000_0000_0000,  // 32
    0xc537_1912_364c_e305, 0x6c28_0000_0000_0000,  // 33
    0xf684_df56_c3e0_1bc6, 0xc732_0000_0000_0000,  // 34
    0x9a13_0b96_3a6c_115c, 0x3c7f_4000_0000_0000,  // 35
    0xc097_ce7b_c907_15b3, 0x4b9f_1000_0000_0000,  // 36
    0xf0bd_c21a_bb48_db20, 0x1e86_d400_0000_0000,  // 37
    0x9676_9950_b50d_88f4, 0x1314_4480_0000_0000,  // 38
    0xbc14_3fa4_e250_eb31, 0x17d9_55a0_0000_0000,  // 39
    0xeb19_4f8e_1ae5_25fd, 0x5dcf_ab08_0000_0000,  // 40
    0x92ef_d1b8_d0cf_37be, 0x5aa1_cae5_0000_0000,  // 41
    0xb7ab_c627_0503_05ad, 0xf14a_3d9e_4000_0000,  // 42
    0xe596_b7b0_c643_c719, 0x6d9c_cd05_d000_0000,  // 43
    0x8f7e_32ce_7bea_5c6f, 0xe482_0023_a200_0000,  // 44
    0xb35d_bf82_1ae4_f38b, 0xdda2_802c_8a80_0000,  // 45
    0xe035_2f62_a19e_306e, 0xd50b_2037_ad20_0000,  // 46
    0x8c21_3d9d_a502_de45, 0x4526_f422_cc34_0000,  // 47
    0xaf29_8d05_0e43_95d6, 0x9670_b12b_7f41_0000,  // 48
    0xdaf3_f046_51d4_7b4c, 0x3c0c_dd76_5f11_4000,  // 49
    0x88d8_762b_f324_cd0f, 0xa588_0a69_fb6a_c800,  // 50
    0xab0e_93b6_efee_0053, 0x8eea_0d04_7a45_7a00,  // 51
    0xd5d2_38a4_abe9_8068, 0x72a4_9045_98d6_d880,  // 52
    0x85a3_6366_eb71_f041, 0x47a6_da2b_7f86_4750,  // 53
    0xa70c_3c40_a64e_6c51, 0x9990_90b6_5f67_d924,  // 54
]
