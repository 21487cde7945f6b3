// SPDX-License-Identifier: Apache-2.0
#include "pricing.h"

#include "valuation.h"

const valuation_pricing_table valuation_pricings = {
    .units = {[VALUATION_PRICING_CPM] = 1000, [VALUATION_PRICING_CPC] = 1, [VALUATION_PRICING_CPA] = 1},
    .needs = {[VALUATION_PRICING_CPM] = VALUATION_IS_PRICING,
              [VALUATION_PRICING_CPC] = VALUATION_IS_PRICING | VALUATION_NEEDS_CLICK,
              [VALUATION_PRICING_CPA] = VALUATION_IS_PRICING | VALUATION_NEEDS_CLICK | VALUATION_NEEDS_CONVERSION},
};
