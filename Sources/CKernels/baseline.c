// SPDX-License-Identifier: Apache-2.0
// The loops for every machine: plain C. Sets that have nothing better for one of them take it from here (sets.h).
//
// A fused multiplication and addition rounds once instead of twice: the bits would depend on the machine.
#pragma STDC FP_CONTRACT OFF

#include <math.h>

#include "kernels.h"
#include "pricing.h"
#include "sets.h"
#include "valuation.h"

#define LOOP(name) name##_baseline
enum { WIDTH = 16 };
#define BYTE_SUMS(x) ((x & 255) * 7936 + (x >> 8 & 255) * 8064 + (x >> 16 & 255) * 8128 + (x >> 24) * 7747)

#include "vector_loops.inc"
#include "labels.inc"
#include "look_up_queue.inc"

// Built once for candidates that point to their features and once for those that do not.
static inline __attribute__((always_inline)) void read_candidates(const void *candidates, size_t count,
                                                                  const valuation_campaigns *campaigns, uint32_t request_flags,
                                                                  valuation_block *block, int is_flat) {
    // Copies, because the compiler must assume that writes through pointers change the originals.
    const valuation_campaigns table = *campaigns;
    const valuation_block out = *block;
    uint32_t clicks = 0, conversions = 0, longest = 0;
    for (size_t i = 0; i < count; i++) {
        const valuation_candidate *candidate = (const valuation_candidate *)candidates + i;
        valuation_kernels_prefetch(candidate + VALUATION_KERNELS_BLOCK);
        uint64_t place = place_of(table.hash, table.pilots, candidate->campaign);
        int is_known = table.slots[place].key == candidate->campaign;
        const valuation_campaign *campaign = table.slots + (is_known ? place : table.hash.slot_count);
        uint64_t needs = valuation_pricing_needs(candidate->pricing);
        int needs_conversion = (needs & VALUATION_NEEDS_CONVERSION) != 0, is_priced = (needs & VALUATION_IS_PRICING) != 0;
        const valuation_feature *features = candidate->features;
        uint32_t length = candidate->feature_count;
        if (is_flat) features = valuation_take_features(candidate, out.array, out.offsets + i, &length);
        int is_sound = is_priced & ((length == 0) | ((length <= VALUATION_MAXIMUM_FEATURES) & (features != NULL)));
        length = is_sound ? length : 0;
        uint32_t click = campaign->click_model;
        uint32_t conversion = needs_conversion ? campaign->conversion_model : out.absent_conversion;
        out.click_models[i] = click;
        out.conversion_models[i] = conversion;
        uint32_t flags = request_flags | campaign->flags | (needs_conversion ? campaign->conversion_flags : 0);
        if (!is_sound) flags |= VALUATION_FLAG_INVALID_CANDIDATE;
        if (!valuation_is_valid_bid(candidate->bid)) flags |= VALUATION_FLAG_INVALID_BID;
        out.flags[i] = flags;
        out.features[i] = (const uint64_t *)(const void *)features;
        out.lengths[i] = length;
        clicks |= click ^ out.absent_click;
        conversions |= conversion ^ out.absent_conversion;
        longest = length > longest ? length : longest;
        if (length) {
            valuation_kernels_prefetch(features);
            valuation_kernels_prefetch(features + length - 1);
        }
    }
    for (size_t i = count; i % VALUATION_KERNELS_WIDTH; i++) out.lengths[i] = 0;
    block->wants_clicks = clicks != 0;
    block->wants_conversions = conversions != 0;
    block->longest = longest;
}

static __attribute__((noinline)) void read_flat(const void *candidates, size_t count, const valuation_campaigns *campaigns,
                                                uint32_t request_flags, valuation_block *block) {
    read_candidates(candidates, count, campaigns, request_flags, block, 1);
}

void read_baseline(const void *candidates, size_t count, const valuation_campaigns *campaigns, uint32_t request_flags,
                   valuation_block *block) {
    if (block->offsets) {
        read_flat(candidates, count, campaigns, request_flags, block);
    } else {
        read_candidates(candidates, count, campaigns, request_flags, block, 0);
    }
}

void write_baseline(const void *candidates, const valuation_block *block, const float *clicks, const float *conversions,
                    size_t count, void *values) {
    const valuation_block in = *block;
    for (size_t i = 0; i < count; i++) {
        const valuation_candidate *candidate = (const valuation_candidate *)candidates + i;
        valuation_value value;
        value.pctr = in.click_models[i] == in.absent_click ? (float)NAN : clicks[i];
        value.pcvr = in.conversion_models[i] == in.absent_conversion ? (float)NAN : conversions[i];
        double revenue = valuation_expected_revenue(candidate->pricing, candidate->bid, value.pctr, value.pcvr);
        if (in.flags[i] & INVALID) revenue = 0;
        value.expected_revenue = revenue > 0 ? revenue : 0;
        value.flags = in.flags[i];
        value.source = in.source;
        ((valuation_value *)values)[i] = value;
    }
}

static inline uint32_t add_eight(const valuation_rows *rows, const valuation_row *list, const uint32_t *models, int are_alike,
                                 int64_t *sums) {
    (void)are_alike;
    uint32_t bits = 0;
    for (uint32_t i = 0; i < 8; i++) {
        const valuation_row row = list[i];
        // Branches on a row cost less than tests of all kinds; none depends on what is read from it.
        if (row.shape == 0) continue;
        if (valuation_row_kind(row) == VALUATION_ROW_DENSE) {
            sums[i] += rows->weights[row.start + (size_t)valuation_row_dense_place(row, models[i])];
            continue;
        }
        const int is_short = valuation_row_kind(row) == VALUATION_ROW_SHORT;
        const uint64_t entry = rows->directory[is_short ? 0 : valuation_row_bucket(row, models[i])];
        const int may_be_listed = (entry & valuation_row_mark(row, models[i])) != 0;
        const int may_be_short = (row.shape & valuation_row_short_mark(models[i])) != 0;
        bits |= (uint32_t)(is_short ? may_be_short : may_be_listed) << i;
    }
    return bits;
}

#include "lookups.inc"

const valuation_kernels valuation_kernels_baseline = {
    .read = read_baseline,
    .sum_rows = LOOP(sum_rows),
    .resolve = LOOP(resolve),
    .look_up = LOOP(look_up),
    .add_rows = LOOP(add_rows),
    .add_pair = LOOP(add_pair),
    .scale = LOOP(scale),
    .sigmoid = LOOP(sigmoid),
    .draw = LOOP(draw),
    .average = LOOP(average),
    .write = write_baseline,
    .prices = valuation_prices_baseline,
};
