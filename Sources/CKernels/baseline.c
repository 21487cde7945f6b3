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

#include "look_up_queue.inc"
#include "vector_loops.inc"

static inline uint64_t place_of(valuation_hash hash, const uint16_t *pilots, uint64_t key) {
    return valuation_hash_place(hash, key, pilots[valuation_hash_bucket(hash, key)]);
}

void read_baseline(const void *candidates, size_t count, const valuation_campaigns *campaigns, uint32_t request_flags,
                   valuation_block *block) {
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
        uint32_t length = candidate->feature_count;
        int is_sound = is_priced & ((length == 0) | ((length <= VALUATION_MAXIMUM_FEATURES) & (candidate->features != NULL)));
        length = is_sound ? length : 0;
        uint32_t click = campaign->click_model;
        uint32_t conversion = needs_conversion ? campaign->conversion_model : out.absent_conversion;
        out.click_models[i] = click;
        out.conversion_models[i] = conversion;
        uint32_t flags = request_flags | campaign->flags | (needs_conversion ? campaign->conversion_flags : 0);
        if (!is_sound) flags |= VALUATION_FLAG_INVALID_CANDIDATE;
        if (!valuation_is_valid_bid(candidate->bid)) flags |= VALUATION_FLAG_INVALID_BID;
        out.flags[i] = flags;
        out.features[i] = (const uint64_t *)(const void *)candidate->features;
        out.lengths[i] = length;
        clicks |= click ^ out.absent_click;
        conversions |= conversion ^ out.absent_conversion;
        longest = length > longest ? length : longest;
        if (length) {
            valuation_kernels_prefetch(candidate->features);
            valuation_kernels_prefetch(candidate->features + length - 1);
        }
    }
    for (size_t i = count; i % VALUATION_KERNELS_WIDTH; i++) out.lengths[i] = 0;
    block->wants_clicks = clicks != 0;
    block->wants_conversions = conversions != 0;
    block->longest = longest;
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

int resolve_baseline(const valuation_labels *labels, const uint64_t *const *features, const uint32_t *lengths, size_t position,
                     size_t width, valuation_row *click, valuation_row *conversion, uint16_t *unusual) {
    uint32_t any = 0;
    for (size_t first = 0; first < width; first += 16) {
        uint32_t bits = 0;
        for (size_t i = first; i < first + 16; i++) {
            click[i] = conversion[i] = (valuation_row){0, 0};
            if (lengths[i] <= position) continue;
            uint64_t key = features[i][VALUATION_FEATURE_WORDS * position];
            const valuation_label *label = labels->slots + place_of(labels->hash, labels->pilots, key);
            if (label->key == key && label->bits >> VALUATION_LABEL_KIND == VALUATION_LABEL_CATEGORY) {
                click[i] = label->click;
                conversion[i] = label->conversion;
            } else {
                bits |= 1u << (i - first);
            }
        }
        unusual[first / 16] = (uint16_t)bits;
        any |= bits;
    }
    return any != 0;
}

// Enqueues a list; branches depend only on its row.
static inline void enqueue(const valuation_rows *rows, valuation_row row, uint32_t model, uint32_t sum, lookups *queue) {
    int is_short = valuation_row_kind(row) == VALUATION_ROW_SHORT;
    const uint64_t *bucket = rows->directory + (is_short ? 0 : valuation_row_bucket(row, model));
    uint64_t entry = bucket[0], next = bucket[1];
    int may_have =
        is_short ? (row.shape & valuation_row_short_mark(model)) != 0 : (entry & valuation_row_mark(row, model)) != 0;
    queue->start[queue->count] = row.start + (is_short ? 0 : valuation_directory_start(entry));
    queue->end[queue->count] = row.start + (is_short ? valuation_row_short_length(row) : valuation_directory_start(next));
    queue->model[queue->count] = model;
    queue->sum[queue->count] = sum;
    queue->count += (size_t)may_have;
}

void look_up_baseline(const valuation_rows *rows, const valuation_row *list, size_t depth, const uint32_t *models, size_t width,
                      int64_t *sums, valuation_found *found) {
    uint32_t listed[VALUATION_KERNELS_BLOCK];
    lookups queue;
    queue.count = 0;
    for (size_t level = 0; level < depth; level++) {
        const valuation_row *level_rows = list + level * VALUATION_KERNELS_BLOCK;
        const uint32_t base = (uint32_t)level * VALUATION_KERNELS_BLOCK;
        if (found) note_dense(level_rows, models, width, base, found);
        size_t listed_count = 0;
        for (size_t i = 0; i < width; i++) {
            valuation_row row = level_rows[i];
            int is_dense = valuation_row_kind(row) == VALUATION_ROW_DENSE;
            int32_t weight = rows->weights[is_dense ? row.start + (size_t)valuation_row_dense_place(row, models[i]) : 0];
            sums[i] += is_dense ? weight : 0;
            listed[listed_count] = (uint32_t)i;
            listed_count += !is_dense && row.shape != 0;
        }
        for (size_t i = 0; i < listed_count; i++)
            enqueue(rows, level_rows[listed[i]], models[listed[i]], base + listed[i], &queue);
        if (queue.count > QUEUE - VALUATION_KERNELS_BLOCK) complete(rows, &queue, sums, found);
    }
    complete(rows, &queue, sums, found);
}

void add_row_baseline(const valuation_rows *rows, valuation_row row, const uint32_t *models, size_t count, int64_t *sums) {
    if (valuation_row_kind(row) == VALUATION_ROW_DENSE) {
        const int32_t *weights = rows->weights + row.start;
        for (size_t i = 0; i < count; i++) sums[i] += weights[valuation_row_dense_place(row, models[i])];
    } else {
        for (size_t i = 0; i < count; i++) sums[i] += valuation_rows_weight(rows, row, models[i]);
    }
}

const valuation_kernels valuation_kernels_baseline = {
    .lane_bits = 0,
    .read = read_baseline,
    .sum_rows = LOOP(sum_rows),
    .resolve = resolve_baseline,
    .look_up = look_up_baseline,
    .add_row = add_row_baseline,
    .scale = LOOP(scale),
    .sigmoid = LOOP(sigmoid),
    .draw = LOOP(draw),
    .write = write_baseline,
};
