// SPDX-License-Identifier: Apache-2.0
import CValuation

/// What the advertiser pays for, as in valuation.h. What an impression is worth by it is computed in `CKernels`, `write`.
enum Pricing: valuation_pricing {
    case cpm = 1
    case cpc = 2
    case cpa = 3
}
