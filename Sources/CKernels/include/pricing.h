// SPDX-License-Identifier: Apache-2.0
// What a candidate is worth: the table of the pricing types, the formula of the expected revenue, and which bids are
// valid. The loops and Pricing.swift take all three from here.
#ifndef VALUATION_PRICING_H
#define VALUATION_PRICING_H

#include <float.h>
#include <stdint.h>

enum {
    // The bits of valuation_pricings.needs.
    VALUATION_IS_PRICING = 1,
    VALUATION_NEEDS_CLICK = 2,
    VALUATION_NEEDS_CONVERSION = 4,
    // The numbers of pricing types are below this: so many fit into one register of AVX-512.
    VALUATION_PRICINGS = 8,
};

// For each number of a pricing: how many impressions, clicks or conversions a bid is for, and what the revenue depends on.
// needs is 0 for a number that is no pricing.
typedef struct {
    double units[VALUATION_PRICINGS];
    uint64_t needs[VALUATION_PRICINGS];
} valuation_pricing_table;

// See pricing.c. Hidden: not part of the library's interface.
#pragma GCC visibility push(hidden)
extern const valuation_pricing_table valuation_pricings;
#pragma GCC visibility pop

// A valid bid is neither negative nor infinite nor NaN. For a vector of bids, too.
#define VALUATION_IS_VALID_BID(bid) (((bid) >= 0.0) & ((bid) <= DBL_MAX))

static inline int valuation_is_valid_bid(double bid) {
    return VALUATION_IS_VALID_BID(bid);
}

static inline uint64_t valuation_pricing_needs(int32_t pricing) {
    return valuation_pricings.needs[(uint32_t)pricing < VALUATION_PRICINGS ? pricing : 0];
}

// NaN if a probability that is needed is; -0 if the bid is; anything for an invalid pricing.
static inline double valuation_expected_revenue(int32_t pricing, double bid, double pctr, double pcvr) {
    uint32_t place = (uint32_t)pricing < VALUATION_PRICINGS ? (uint32_t)pricing : 0;
    uint64_t needs = valuation_pricings.needs[place];
    double revenue = bid / valuation_pricings.units[place];
    if (needs & VALUATION_NEEDS_CLICK) revenue *= pctr;
    if (needs & VALUATION_NEEDS_CONVERSION) revenue *= pcvr;
    return revenue;
}

#endif
