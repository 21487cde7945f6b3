// SPDX-License-Identifier: Apache-2.0
// Reading the candidates of a block, and writing their values.
#ifndef VALUATION_CANDIDATES_H
#define VALUATION_CANDIDATES_H

#include <float.h>
#include <math.h>

#include "kernels.h"
#include "places.h"
#include "valuation.h"

// Assumptions of the loops for AVX-512.
_Static_assert(sizeof(valuation_candidate) == 32 && sizeof(valuation_campaign) == 24 && sizeof(valuation_value) == 24, "size");
_Static_assert(sizeof(valuation_feature) == VALUATION_FEATURE_WORDS * sizeof(uint64_t), "size");

enum { INVALID = VALUATION_FLAG_INVALID_BID | VALUATION_FLAG_INVALID_CANDIDATE };

static void read_baseline(const void *candidates, size_t count, const valuation_campaigns *campaigns, uint32_t request_flags,
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
        int is_cpa = candidate->pricing == VALUATION_PRICING_CPA;
        int is_priced = (uint32_t)candidate->pricing - VALUATION_PRICING_CPM <= VALUATION_PRICING_CPA - VALUATION_PRICING_CPM;
        uint32_t length = candidate->feature_count;
        int is_sound = is_priced & ((length == 0) | ((length <= VALUATION_MAXIMUM_FEATURES) & (candidate->features != NULL)));
        int is_bid = (candidate->bid >= 0) & (candidate->bid <= DBL_MAX);
        length = is_sound ? length : 0;
        out.click_models[i] = campaign->click_model;
        out.conversion_models[i] = is_cpa ? campaign->conversion_model : out.absent_conversion;
        out.flags[i] = request_flags | campaign->flags | (is_cpa ? campaign->conversion_flags : 0) |
                       (is_sound ? 0 : VALUATION_FLAG_INVALID_CANDIDATE) | (is_bid ? 0 : VALUATION_FLAG_INVALID_BID);
        out.features[i] = (const uint64_t *)(const void *)candidate->features;
        out.lengths[i] = length;
        clicks |= out.click_models[i] ^ out.absent_click;
        conversions |= out.conversion_models[i] ^ out.absent_conversion;
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

static void write_baseline(const void *candidates, const valuation_block *block, const float *clicks, const float *conversions,
                           size_t count, void *values) {
    const valuation_block in = *block;
    for (size_t i = 0; i < count; i++) {
        const valuation_candidate *candidate = (const valuation_candidate *)candidates + i;
        valuation_value value;
        value.pctr = in.click_models[i] == in.absent_click ? (float)NAN : clicks[i];
        value.pcvr = in.conversion_models[i] == in.absent_conversion ? (float)NAN : conversions[i];
        double revenue = candidate->pricing == VALUATION_PRICING_CPM ? candidate->bid / 1000 : candidate->bid * value.pctr;
        if (candidate->pricing == VALUATION_PRICING_CPA) revenue *= value.pcvr;
        // NaN if the model that the pricing needs is missing; -0 if the bid is -0.
        value.expected_revenue = !(in.flags[i] & INVALID) && revenue > 0 ? revenue : 0;
        value.flags = in.flags[i];
        value.source = in.source;
        ((valuation_value *)values)[i] = value;
    }
}

#if defined(__x86_64__)
#include <immintrin.h>

#define read_avx2 read_baseline
#define write_avx2 write_baseline

#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,bmi,bmi2,popcnt")))

// The lowest count bits of a mask, at most eight.
TARGET static inline __mmask8 first_of_eight(ptrdiff_t count) {
    return count >= 8 ? 0xff : count <= 0 ? 0 : (__mmask8)((1u << count) - 1);
}

// The members of eight candidates.
typedef struct {
    __m512i campaign, features, length, pricing;
    __m512d bid;
} eight_candidates;

TARGET static inline eight_candidates load_candidates(const valuation_candidate *candidates, size_t left) {
    const uint64_t *words = (const uint64_t *)(const void *)candidates;
    ptrdiff_t count = left > 8 ? 32 : 4 * (ptrdiff_t)left;
    __m512i a = _mm512_maskz_loadu_epi64(first_of_eight(count), words);
    __m512i b = _mm512_maskz_loadu_epi64(first_of_eight(count - 8), words + 8);
    __m512i c = _mm512_maskz_loadu_epi64(first_of_eight(count - 16), words + 16);
    __m512i d = _mm512_maskz_loadu_epi64(first_of_eight(count - 24), words + 24);
    const __m512i first_two = _mm512_setr_epi64(0, 4, 8, 12, 1, 5, 9, 13),
                  last_two = _mm512_setr_epi64(2, 6, 10, 14, 3, 7, 11, 15);
    const __m512i low = _mm512_setr_epi64(0, 1, 2, 3, 8, 9, 10, 11), high = _mm512_setr_epi64(4, 5, 6, 7, 12, 13, 14, 15);
    __m512i first_ab = _mm512_permutex2var_epi64(a, first_two, b), first_cd = _mm512_permutex2var_epi64(c, first_two, d);
    __m512i last_ab = _mm512_permutex2var_epi64(a, last_two, b), last_cd = _mm512_permutex2var_epi64(c, last_two, d);
    __m512i both = _mm512_permutex2var_epi64(last_ab, low, last_cd);
    return (eight_candidates){
        .campaign = _mm512_permutex2var_epi64(first_ab, low, first_cd),
        .features = _mm512_permutex2var_epi64(first_ab, high, first_cd),
        .length = _mm512_and_si512(both, _mm512_set1_epi64(UINT32_MAX)),
        .pricing = _mm512_srli_epi64(both, 32),
        .bid = _mm512_castsi512_pd(_mm512_permutex2var_epi64(last_ab, high, last_cd)),
    };
}

TARGET static inline __m512i only(__mmask8 mask, int64_t value) {
    return _mm512_maskz_set1_epi64(mask, value);
}

TARGET static void read_avx512(const void *candidates, size_t count, const valuation_campaigns *campaigns,
                               uint32_t request_flags, valuation_block *block) {
    const valuation_hash hash = campaigns->hash;
    const valuation_block out = *block;
    const valuation_campaign unknown = campaigns->slots[hash.slot_count];
    const __m512i unknown_models = _mm512_set1_epi64((int64_t)unknown.conversion_model << 32 | unknown.click_model);
    const __m512i unknown_flags = _mm512_set1_epi64((int64_t)((uint64_t)unknown.conversion_flags << 32 | unknown.flags));
    const __m512i absent_click = _mm512_set1_epi64(out.absent_click),
                  absent_conversion = _mm512_set1_epi64(out.absent_conversion);
    const __m512i lower = _mm512_set1_epi64(UINT32_MAX), none = _mm512_setzero_si512();
    const __m512i cpa = _mm512_set1_epi64(VALUATION_PRICING_CPA), cpm = _mm512_set1_epi64(VALUATION_PRICING_CPM);
    __m512i clicks = none, conversions = none, longest = none;
    for (size_t first = 0; first < count; first += 8) {
        const valuation_candidate *eight = (const valuation_candidate *)candidates + first;
        for (size_t i = 0; i < 8; i += 2) valuation_kernels_prefetch(eight + VALUATION_KERNELS_BLOCK + i);
        __mmask8 valid = first_of_eight((ptrdiff_t)(count - first));
        eight_candidates found = load_candidates(eight, count - first);
        // A campaign has three words.
        __m512i place = places_of(hash, campaigns->pilots, found.campaign);
        place = _mm512_add_epi64(place, _mm512_add_epi64(place, place));
        __m512i key = _mm512_i64gather_epi64(place, campaigns->slots, 8);
        __m512i models = _mm512_i64gather_epi64(place, &campaigns->slots->click_model, 8);
        __m512i flags = _mm512_i64gather_epi64(place, &campaigns->slots->flags, 8);
        __mmask8 is_unknown = _mm512_cmpneq_epi64_mask(key, found.campaign);
        models = _mm512_mask_mov_epi64(models, is_unknown, unknown_models);
        flags = _mm512_mask_mov_epi64(flags, is_unknown, unknown_flags);
        __mmask8 is_cpa = _mm512_cmpeq_epi64_mask(found.pricing, cpa);
        __mmask8 is_priced = _mm512_cmple_epu64_mask(_mm512_sub_epi64(found.pricing, cpm), _mm512_sub_epi64(cpa, cpm));
        __mmask8 has_features = _mm512_test_epi64_mask(found.length, found.length);
        __mmask8 is_fit = _mm512_cmple_epu64_mask(found.length, _mm512_set1_epi64(VALUATION_MAXIMUM_FEATURES)) &
                          _mm512_test_epi64_mask(found.features, found.features);
        __mmask8 is_sound = is_priced & (__mmask8)(~has_features | is_fit);
        __mmask8 is_bid = _mm512_cmp_pd_mask(found.bid, _mm512_setzero_pd(), _CMP_GE_OQ) &
                          _mm512_cmp_pd_mask(found.bid, _mm512_set1_pd(DBL_MAX), _CMP_LE_OQ);
        __m512i click = _mm512_and_si512(models, lower);
        __m512i conversion = _mm512_mask_srli_epi64(absent_conversion, is_cpa, models, 32);
        __m512i all = _mm512_or_si512(_mm512_and_si512(flags, lower), _mm512_maskz_srli_epi64(is_cpa, flags, 32));
        all = _mm512_or_si512(all, _mm512_set1_epi64(request_flags));
        all = _mm512_or_si512(all, only((__mmask8)~is_sound, VALUATION_FLAG_INVALID_CANDIDATE));
        all = _mm512_or_si512(all, only((__mmask8)~is_bid, VALUATION_FLAG_INVALID_BID));
        __m512i length = _mm512_maskz_mov_epi64(is_sound & valid, found.length);
        _mm256_storeu_si256((__m256i *)(out.click_models + first), _mm512_cvtepi64_epi32(click));
        _mm256_storeu_si256((__m256i *)(out.conversion_models + first), _mm512_cvtepi64_epi32(conversion));
        _mm256_storeu_si256((__m256i *)(out.flags + first), _mm512_cvtepi64_epi32(all));
        _mm256_storeu_si256((__m256i *)(out.lengths + first), _mm512_cvtepi64_epi32(length));
        _mm512_storeu_si512(out.features + first, found.features);
        clicks = _mm512_mask_or_epi64(clicks, valid, clicks, _mm512_xor_si512(click, absent_click));
        conversions = _mm512_mask_or_epi64(conversions, valid, conversions, _mm512_xor_si512(conversion, absent_conversion));
        longest = _mm512_max_epu64(longest, length);
        for (uint32_t left = has_features & is_sound & valid; left; left &= left - 1) {
            size_t i = first + (size_t)__builtin_ctz(left);
            valuation_kernels_prefetch(out.features[i]);
            valuation_kernels_prefetch(out.features[i] + VALUATION_FEATURE_WORDS * (out.lengths[i] - 1));
        }
    }
    for (size_t i = (count + 7) & ~(size_t)7; i % VALUATION_KERNELS_WIDTH; i++) out.lengths[i] = 0;
    block->wants_clicks = _mm512_test_epi64_mask(clicks, clicks) != 0;
    block->wants_conversions = _mm512_test_epi64_mask(conversions, conversions) != 0;
    block->longest = (uint32_t)_mm512_reduce_max_epu64(longest);
}

// The bits of eight probabilities, NaN where the model is the one that stands for none.
TARGET static inline __m512i known_probabilities(const float *probabilities, const uint32_t *models, uint32_t absent) {
    __mmask8 is_absent = _mm256_cmpeq_epi32_mask(_mm256_loadu_si256((const __m256i *)models), _mm256_set1_epi32((int)absent));
    __m256 known = _mm256_mask_mov_ps(_mm256_loadu_ps(probabilities), is_absent, _mm256_set1_ps((float)NAN));
    return _mm512_cvtepu32_epi64(_mm256_castps_si256(known));
}

TARGET static inline __m512d as_doubles(__m512i floats) {
    return _mm512_cvtps_pd(_mm256_castsi256_ps(_mm512_cvtepi64_epi32(floats)));
}

TARGET static void write_avx512(const void *candidates, const valuation_block *block, const float *clicks,
                                const float *conversions, size_t count, void *values) {
    const __m512i cpm = _mm512_set1_epi64(VALUATION_PRICING_CPM), cpa = _mm512_set1_epi64(VALUATION_PRICING_CPA);
    // A value has three words: its revenue, its probabilities, and its flags with its source. Eight values are three vectors,
    // each of which takes revenues and probabilities in one step and flags, with the source, in another.
    const __m512i pairs[3] = {_mm512_setr_epi64(0, 8, 0, 1, 9, 0, 2, 10), _mm512_setr_epi64(0, 3, 11, 0, 4, 12, 0, 5),
                              _mm512_setr_epi64(13, 0, 6, 14, 0, 7, 15, 0)};
    const __m512i flag_places[3] = {_mm512_setr_epi64(0, 0, 0, 0, 0, 1, 0, 0), _mm512_setr_epi64(2, 0, 0, 3, 0, 0, 4, 0),
                                    _mm512_setr_epi64(0, 5, 0, 0, 6, 0, 0, 7)};
    const __mmask8 are_flags[3] = {0x24, 0x49, 0x92};
    const __m512i source = _mm512_set1_epi64((int64_t)((uint64_t)block->source << 32));
    for (size_t first = 0; first < count; first += 8) {
        eight_candidates found = load_candidates((const valuation_candidate *)candidates + first, count - first);
        __m512i click = known_probabilities(clicks + first, block->click_models + first, block->absent_click);
        __m512i conversion =
            known_probabilities(conversions + first, block->conversion_models + first, block->absent_conversion);
        __m512i flags = _mm512_cvtepu32_epi64(_mm256_loadu_si256((const __m256i *)(block->flags + first)));
        flags = _mm512_or_si512(flags, source);
        __mmask8 is_cpm = _mm512_cmpeq_epi64_mask(found.pricing, cpm), is_cpa = _mm512_cmpeq_epi64_mask(found.pricing, cpa);
        __mmask8 is_valid = _mm512_testn_epi64_mask(flags, _mm512_set1_epi64(INVALID));
        __m512d revenue = _mm512_mask_div_pd(found.bid, is_cpm, found.bid, _mm512_set1_pd(1000));
        revenue = _mm512_mask_mul_pd(revenue, (__mmask8)~is_cpm, revenue, as_doubles(click));
        revenue = _mm512_mask_mul_pd(revenue, is_cpa, revenue, as_doubles(conversion));
        // Of NaN and 0, and of -0 and 0, the maximum is the second.
        revenue = _mm512_maskz_max_pd(is_valid, revenue, _mm512_setzero_pd());
        __m512i probabilities = _mm512_or_si512(click, _mm512_slli_epi64(conversion, 32));
        uint64_t *words = (uint64_t *)values + 3 * first;
        ptrdiff_t left = count - first > 8 ? 24 : 3 * (ptrdiff_t)(count - first);
        for (int part = 0; part < 3; part++) {
            __m512i both = _mm512_permutex2var_epi64(_mm512_castpd_si512(revenue), pairs[part], probabilities);
            both = _mm512_mask_permutexvar_epi64(both, are_flags[part], flag_places[part], flags);
            _mm512_mask_storeu_epi64(words + 8 * part, first_of_eight(left - 8 * part), both);
        }
    }
}

#undef TARGET
#endif
#endif
