// SPDX-License-Identifier: Apache-2.0
// The loops for AVX-512: F, BW, DQ and VL.
//
// A fused multiplication and addition rounds once instead of twice: the bits would depend on the machine.
#pragma STDC FP_CONTRACT OFF

#if defined(__x86_64__)
#include <immintrin.h>
#include <math.h>

#include "kernels.h"
#include "pricing.h"
#include "sets.h"
#include "valuation.h"

// Assumptions of the loops for AVX-512.
_Static_assert(sizeof(valuation_candidate) == 32 && sizeof(valuation_campaign) == 24 && sizeof(valuation_value) == 24, "size");
_Static_assert(sizeof(valuation_feature) == VALUATION_FEATURE_WORDS * sizeof(uint64_t), "size");
_Static_assert(sizeof(valuation_pricings.needs) == sizeof(__m512i), "size");

#include "look_up_queue.inc"

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,bmi,bmi2,popcnt"))), apply_to = function)

#define LOOP(name) name##_avx512
enum { WIDTH = 64 };
// Bytes times 62, 63, 64 and 61 are added up in pairs, and these times 128 and 127.
#define BYTE_SUMS(x) \
    _mm256_madd_epi16(_mm256_maddubs_epi16((__m256i)x, _mm256_set1_epi32(0x3d403f3e)), _mm256_set1_epi32(0x007f0080))

#include "vector_loops.inc"

// The slots of eight keys.
static inline __m512i places_of(valuation_hash hash, const uint16_t *pilots, __m512i keys) {
    __m512i hashed = _mm512_mullo_epi64(keys, _mm512_set1_epi64((int64_t)hash.multiplier));
    __m512i bucket = _mm512_srl_epi64(hashed, _mm_cvtsi64_si128((int64_t)hash.bucket_shift));
    // Two bytes more than a pilot are read; they exist after the last one, too.
    __m512i pilot = _mm512_cvtepu32_epi64(_mm512_i64gather_epi32(bucket, pilots, 2));
    pilot = _mm512_and_si512(pilot, _mm512_set1_epi64(UINT16_MAX));
    __m512i moved = _mm512_xor_si512(hashed, _mm512_mul_epu32(pilot, _mm512_set1_epi64((int64_t)VALUATION_HASH_PILOT)));
    __m512i mixed = _mm512_mullo_epi64(moved, _mm512_set1_epi64((int64_t)VALUATION_HASH_MIX));
    __m512i slot_count = _mm512_set1_epi64((int64_t)hash.slot_count);
    return _mm512_srli_epi64(_mm512_mul_epu32(_mm512_srli_epi64(mixed, 32), slot_count), 32);
}

// MARK: Candidates

// Reading and writing fewer candidates one by one is faster.
enum { FEW_CANDIDATES = 4 };

// The lowest count bits of a mask, at most eight.
static inline __mmask8 first_of_eight(ptrdiff_t count) {
    return count >= 8 ? 0xff : count <= 0 ? 0 : (__mmask8)((1u << count) - 1);
}

// The members of eight candidates.
typedef struct {
    __m512i campaign, features, length, pricing;
    __m512d bid;
} eight_candidates;

static inline eight_candidates load_candidates(const valuation_candidate *candidates, size_t left) {
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

// What eight pricings need; see pricing.h.
static inline __m512i load_needs(__m512i pricing) {
    __mmask8 may_be_known = _mm512_cmplt_epu64_mask(pricing, _mm512_set1_epi64(VALUATION_PRICINGS));
    return _mm512_maskz_permutexvar_epi64(may_be_known, pricing, _mm512_loadu_si512(valuation_pricings.needs));
}

static inline __mmask8 need(__m512i needs, int64_t bit) {
    return _mm512_test_epi64_mask(needs, _mm512_set1_epi64(bit));
}

static inline __m512i only(__mmask8 mask, int64_t value) {
    return _mm512_maskz_set1_epi64(mask, value);
}

// The features of eight candidates are those of an array; one that has some already becomes invalid.
static inline void take_from_array(eight_candidates *found, const valuation_block *block, size_t first, __mmask8 valid) {
    const uint32_t *const offsets = block->offsets + first;
    __mmask8 is_bare =
        _mm512_testn_epi64_mask(found->features, found->features) & _mm512_testn_epi64_mask(found->length, found->length);
    __m256i start = _mm256_maskz_loadu_epi32(valid, offsets), end = _mm256_maskz_loadu_epi32(valid, offsets + 1);
    __m512i own = _mm512_slli_epi64(_mm512_cvtepu32_epi64(start), 4);
    own = _mm512_add_epi64(own, _mm512_set1_epi64((int64_t)(uintptr_t)block->array));
    found->features = _mm512_maskz_mov_epi64(is_bare, own);
    found->length = _mm512_mask_cvtepu32_epi64(_mm512_set1_epi64(1), is_bare, _mm256_sub_epi32(end, start));
}

static void read_avx512(const void *candidates, size_t count, const valuation_campaigns *campaigns, uint32_t request_flags,
                        valuation_block *block) {
    if (count < FEW_CANDIDATES) {
        read_baseline(candidates, count, campaigns, request_flags, block);
        return;
    }
    const valuation_hash hash = campaigns->hash;
    const valuation_block out = *block;
    const valuation_campaign unknown = campaigns->slots[hash.slot_count];
    const __m512i unknown_models = _mm512_set1_epi64((int64_t)unknown.conversion_model << 32 | unknown.click_model);
    const __m512i unknown_flags = _mm512_set1_epi64((int64_t)((uint64_t)unknown.conversion_flags << 32 | unknown.flags));
    const __m512i absent_click = _mm512_set1_epi64(out.absent_click),
                  absent_conversion = _mm512_set1_epi64(out.absent_conversion);
    const __m512i lower = _mm512_set1_epi64(UINT32_MAX), none = _mm512_setzero_si512();
    __m512i clicks = none, conversions = none, longest = none;
    for (size_t first = 0; first < count; first += 8) {
        const valuation_candidate *eight = (const valuation_candidate *)candidates + first;
        for (size_t i = 0; i < 8; i += 2) valuation_kernels_prefetch(eight + VALUATION_KERNELS_BLOCK + i);
        __mmask8 valid = first_of_eight((ptrdiff_t)(count - first));
        eight_candidates found = load_candidates(eight, count - first);
        if (out.offsets) take_from_array(&found, &out, first, valid);
        // A campaign has three words.
        __m512i place = places_of(hash, campaigns->pilots, found.campaign);
        place = _mm512_add_epi64(place, _mm512_add_epi64(place, place));
        __m512i key = _mm512_i64gather_epi64(place, campaigns->slots, 8);
        __m512i models = _mm512_i64gather_epi64(place, &campaigns->slots->click_model, 8);
        __m512i flags = _mm512_i64gather_epi64(place, &campaigns->slots->flags, 8);
        __mmask8 is_unknown = _mm512_cmpneq_epi64_mask(key, found.campaign);
        models = _mm512_mask_mov_epi64(models, is_unknown, unknown_models);
        flags = _mm512_mask_mov_epi64(flags, is_unknown, unknown_flags);
        __m512i needs = load_needs(found.pricing);
        __mmask8 needs_conversion = need(needs, VALUATION_NEEDS_CONVERSION), is_priced = need(needs, VALUATION_IS_PRICING);
        __mmask8 has_features = _mm512_test_epi64_mask(found.length, found.length);
        __mmask8 is_fit = _mm512_cmple_epu64_mask(found.length, _mm512_set1_epi64(VALUATION_MAXIMUM_FEATURES)) &
                          _mm512_test_epi64_mask(found.features, found.features);
        __mmask8 is_sound = is_priced & (__mmask8)(~has_features | is_fit);
        __mmask8 is_bid = _mm512_movepi64_mask((__m512i)VALUATION_IS_VALID_BID((eight_doubles)found.bid));
        __m512i click = _mm512_and_si512(models, lower);
        __m512i conversion = _mm512_mask_srli_epi64(absent_conversion, needs_conversion, models, 32);
        __m512i all = _mm512_or_si512(_mm512_and_si512(flags, lower), _mm512_maskz_srli_epi64(needs_conversion, flags, 32));
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
static inline __m512i known_probabilities(const float *probabilities, const uint32_t *models, uint32_t absent) {
    __mmask8 is_absent = _mm256_cmpeq_epi32_mask(_mm256_loadu_si256((const __m256i *)models), _mm256_set1_epi32((int)absent));
    __m256 known = _mm256_mask_mov_ps(_mm256_loadu_ps(probabilities), is_absent, _mm256_set1_ps((float)NAN));
    return _mm512_cvtepu32_epi64(_mm256_castps_si256(known));
}

static inline __m512d as_doubles(__m512i floats) {
    return _mm512_cvtps_pd(_mm256_castsi256_ps(_mm512_cvtepi64_epi32(floats)));
}

static void write_avx512(const void *candidates, const valuation_block *block, const float *clicks, const float *conversions,
                         size_t count, void *values) {
    if (count < FEW_CANDIDATES) {
        write_baseline(candidates, block, clicks, conversions, count, values);
        return;
    }
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
        __m512i needs = load_needs(found.pricing);
        __mmask8 is_valid = _mm512_testn_epi64_mask(flags, _mm512_set1_epi64(INVALID));
        // As valuation_expected_revenue.
        __m512d revenue =
            _mm512_div_pd(found.bid, _mm512_permutexvar_pd(found.pricing, _mm512_loadu_pd(valuation_pricings.units)));
        revenue = _mm512_mask_mul_pd(revenue, need(needs, VALUATION_NEEDS_CLICK), revenue, as_doubles(click));
        revenue = _mm512_mask_mul_pd(revenue, need(needs, VALUATION_NEEDS_CONVERSION), revenue, as_doubles(conversion));
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

// MARK: Ads' features

_Static_assert(sizeof(valuation_label) == 32, "eight_labels counts on it");

// The members of eight labels.
typedef struct {
    __m512i key, bits, click, conversion;
} eight_labels;

static inline __m512i two_labels(const valuation_label *low, const valuation_label *high) {
    __m512i half = _mm512_castsi256_si512(_mm256_loadu_si256((const __m256i *)low));
    return _mm512_inserti64x4(half, _mm256_loadu_si256((const __m256i *)high), 1);
}

static inline eight_labels load_labels(const valuation_label *slots, const uint64_t *at) {
    __m512i a = two_labels(slots + at[0], slots + at[4]), b = two_labels(slots + at[1], slots + at[5]);
    __m512i c = two_labels(slots + at[2], slots + at[6]), d = two_labels(slots + at[3], slots + at[7]);
    // Keys and clicks of two labels, bits and conversions of two labels.
    __m512i even_ab = _mm512_unpacklo_epi64(a, b), odd_ab = _mm512_unpackhi_epi64(a, b);
    __m512i even_cd = _mm512_unpacklo_epi64(c, d), odd_cd = _mm512_unpackhi_epi64(c, d);
    const __m512i first = _mm512_setr_epi64(0, 1, 8, 9, 4, 5, 12, 13), second = _mm512_setr_epi64(2, 3, 10, 11, 6, 7, 14, 15);
    return (eight_labels){
        .key = _mm512_permutex2var_epi64(even_ab, first, even_cd),
        .bits = _mm512_permutex2var_epi64(odd_ab, first, odd_cd),
        .click = _mm512_permutex2var_epi64(even_ab, second, even_cd),
        .conversion = _mm512_permutex2var_epi64(odd_ab, second, odd_cd),
    };
}

// Which of eight ads have a feature at a position.
static inline __mmask8 have_position(const uint32_t *lengths, size_t position) {
    return _mm256_cmpgt_epu32_mask(_mm256_loadu_si256((const __m256i *)lengths), _mm256_set1_epi32((int)position));
}

// The features at some positions: as many at once as there are keys in a block.
static uint32_t resolve_together(const valuation_labels *labels, const uint64_t *const *features, const uint32_t *lengths,
                                 size_t position, size_t depth, size_t width, valuation_row *click, valuation_row *conversion,
                                 uint16_t *unusual) {
    const valuation_hash hash = labels->hash;
    const uint16_t *pilots = labels->pilots;
    const valuation_label *slots = labels->slots;
    uint64_t keys[VALUATION_KERNELS_BLOCK], places[VALUATION_KERNELS_BLOCK];
    for (size_t level = 0; level < depth; level++) {
        const __m512i offset = _mm512_set1_epi64((int64_t)((position + level) * VALUATION_FEATURE_WORDS * sizeof(uint64_t)));
        for (size_t first = 0; first < width; first += 8) {
            const size_t own = level * width + first;
            __m512i address = _mm512_add_epi64(_mm512_loadu_si512(features + first), offset);
            __mmask8 present = have_position(lengths + first, position + level);
            __m512i key = _mm512_mask_i64gather_epi64(_mm512_setzero_si512(), present, address, NULL, 1);
            _mm512_storeu_si512(keys + own, key);
            _mm512_storeu_si512(places + own, places_of(hash, pilots, key));
            for (size_t i = own; i < own + 8; i++) valuation_kernels_prefetch(slots + places[i]);
        }
    }
    const __m512i category = _mm512_set1_epi64(VALUATION_LABEL_CATEGORY);
    uint32_t any = 0;
    for (size_t level = 0; level < depth; level++) {
        const size_t base = level * VALUATION_KERNELS_BLOCK;
        uint8_t *const bits = (uint8_t *)(unusual + base / 16);
        for (size_t first = 0; first < width; first += 8) {
            const size_t own = level * width + first;
            __mmask8 present = have_position(lengths + first, position + level);
            eight_labels found = load_labels(slots, places + own);
            __m512i kind = _mm512_srli_epi64(found.bits, VALUATION_LABEL_KIND);
            __mmask8 same = _mm512_mask_cmpeq_epi64_mask(present, found.key, _mm512_loadu_si512(keys + own));
            __mmask8 usual = _mm512_mask_cmpeq_epi64_mask(same, kind, category);
            _mm512_storeu_si512(click + base + first, _mm512_maskz_mov_epi64(usual, found.click));
            _mm512_storeu_si512(conversion + base + first, _mm512_maskz_mov_epi64(usual, found.conversion));
            bits[first / 8] = (uint8_t)(present & ~usual);
            any |= bits[first / 8];
        }
    }
    return any;
}

static int resolve_avx512(const valuation_labels *labels, const uint64_t *const *features, const uint32_t *lengths,
                          size_t position, size_t depth, size_t count, valuation_row *click, valuation_row *conversion,
                          uint16_t *unusual) {
    const size_t width = (count + 15) / 16 * 16, most = VALUATION_KERNELS_BLOCK / (width ? width : 16);
    uint32_t any = 0;
    for (size_t level = 0; level < depth; level += most) {
        const size_t together = depth - level < most ? depth - level : most, place = level * VALUATION_KERNELS_BLOCK;
        any |= resolve_together(labels, features, lengths, position + level, together, width, click + place, conversion + place,
                                unusual + place / 16);
    }
    return any != 0;
}

// MARK: Weights

static inline __m512i join(__m512i low, __m512i high) {
    return _mm512_inserti64x4(_mm512_castsi256_si512(_mm512_cvtepi64_epi32(low)), _mm512_cvtepi64_epi32(high), 1);
}

static inline __m256i low_half(__m512i values) {
    return _mm512_castsi512_si256(values);
}

static inline __m256i high_half(__m512i values) {
    return _mm512_extracti64x4_epi64(values, 1);
}

static inline void put(uint32_t *place, __mmask16 kept, __m512i values) {
    _mm512_storeu_si512(place, _mm512_maskz_compress_epi32(kept, values));
}

static inline void add_weights(int64_t *sums, __m256i low, __m256i high) {
    _mm512_storeu_si512(sums, _mm512_add_epi64(_mm512_loadu_si512(sums), _mm512_cvtepi32_epi64(low)));
    _mm512_storeu_si512(sums + 8, _mm512_add_epi64(_mm512_loadu_si512(sums + 8), _mm512_cvtepi32_epi64(high)));
}

// The offsets of the weights of sixteen models in dense rows.
static inline __m512i dense_places(__m512i shape, __m512i model) {
    __mmask16 paired = _mm512_test_epi32_mask(shape, _mm512_set1_epi32(VALUATION_ROW_PAIRED));
    return _mm512_mask_add_epi32(model, paired, model, _mm512_and_si512(model, _mm512_set1_epi32(-VALUATION_ROW_TOGETHER)));
}

// Adds the weights of sixteen models in dense rows. The index of a gather is signed, so positions are relative to the
// middle.
static inline void add_dense(const valuation_rows *rows, __mmask16 dense, __m512i places, int64_t *sums) {
    const void *middle = (const void *)((uintptr_t)rows->weights + (sizeof(int32_t) << 31));
    places = _mm512_xor_si512(places, _mm512_set1_epi32(INT32_MIN));
    __m512i weights = _mm512_mask_i32gather_epi32(_mm512_setzero_si512(), dense, places, middle, 4);
    add_weights(sums, low_half(weights), high_half(weights));
}

// Which of sixteen short lists may have a weight.
static inline __mmask16 pass_short(__mmask16 is_short, __m512i shape, __m512i model) {
    __m512i scattered = _mm512_srli_epi32(_mm512_mullo_epi32(model, _mm512_set1_epi32((int)VALUATION_ROW_SCATTER)), 16);
    __m512i bit = _mm512_srli_epi32(_mm512_mullo_epi32(scattered, _mm512_set1_epi32(VALUATION_ROW_FILTER_BITS)), 16);
    bit = _mm512_add_epi32(bit, _mm512_set1_epi32(VALUATION_ROW_FILTER));
    return _mm512_mask_test_epi32_mask(is_short, shape, _mm512_sllv_epi32(_mm512_set1_epi32(1), bit));
}

// The positions in the directory of sixteen models' buckets.
static inline __m512i buckets(__m512i shape, __m512i kind, __m512i model) {
    return _mm512_add_epi32(_mm512_andnot_si512(_mm512_set1_epi32(3), _mm512_srli_epi32(shape, 3)),
                            _mm512_srlv_epi32(model, kind));
}

// Which of sixteen lists with a directory may have a weight.
static inline __mmask16 pass_directory(const valuation_rows *rows, __mmask16 is_list, __m512i shape, __m512i kind,
                                       __m512i model) {
    const __m512i one = _mm512_set1_epi32(1), one64 = _mm512_set1_epi64(1), none = _mm512_setzero_si512();
    __m512i bucket = buckets(shape, kind, model);
    __m512i position = _mm512_and_si512(model, _mm512_sub_epi32(_mm512_sllv_epi32(one, kind), one));
    __m512i bit = _mm512_srlv_epi32(_mm512_mullo_epi32(position, _mm512_set1_epi32(VALUATION_DIRECTORY_FILTER_BITS)), kind);
    bit = _mm512_add_epi32(bit, _mm512_set1_epi32(VALUATION_DIRECTORY_START_BITS));
    __mmask8 list_low = (__mmask8)is_list, list_high = (__mmask8)(is_list >> 8);
    __m512i low = _mm512_mask_i32gather_epi64(none, list_low, low_half(bucket), rows->directory, 8);
    __m512i high = _mm512_mask_i32gather_epi64(none, list_high, high_half(bucket), rows->directory, 8);
    __mmask8 pass_low = _mm512_test_epi64_mask(low, _mm512_sllv_epi64(one64, _mm512_cvtepu32_epi64(low_half(bit))));
    __mmask8 pass_high = _mm512_test_epi64_mask(high, _mm512_sllv_epi64(one64, _mm512_cvtepu32_epi64(high_half(bit))));
    return (__mmask16)(pass_low | pass_high << 8);
}

// Enqueues those of sixteen lists that may have a weight: for now, their starts and shapes.
static inline void enqueue_lists(const valuation_rows *rows, __mmask16 is_list, __m512i start, __m512i shape, __m512i model,
                                 __m512i sum, lookups *queue) {
    __m512i kind = _mm512_and_si512(shape, _mm512_set1_epi32(VALUATION_ROW_KIND));
    __mmask16 is_short = _mm512_mask_cmpeq_epi32_mask(is_list, kind, _mm512_set1_epi32(VALUATION_ROW_SHORT));
    __mmask16 kept = pass_directory(rows, is_list & (__mmask16)~is_short, shape, kind, model);
    kept |= pass_short(is_short, shape, model);
    put(queue->start + queue->count, kept, start);
    put(queue->end + queue->count, kept, shape);
    put(queue->model + queue->count, kept, model);
    put(queue->sum + queue->count, kept, sum);
    queue->count += (size_t)__builtin_popcount(kept);
}

// Goes from the starts and shapes of lists to the possible positions of the weights, and then to the weights.
static inline void complete_lists(const valuation_rows *rows, lookups *queue, int64_t *sums, valuation_found *found) {
    const __m512i one = _mm512_set1_epi32(1), none = _mm512_setzero_si512();
    const __m512i start_mask = _mm512_set1_epi64((1 << VALUATION_DIRECTORY_START_BITS) - 1);
    for (size_t first = 0; first < queue->count; first += 16) {
        size_t left = queue->count - first;
        __mmask16 valid = left < 16 ? (__mmask16)((1u << left) - 1) : 0xffff;
        __m512i start = _mm512_loadu_si512(queue->start + first), shape = _mm512_loadu_si512(queue->end + first);
        __m512i kind = _mm512_and_si512(shape, _mm512_set1_epi32(VALUATION_ROW_KIND));
        __mmask16 is_short = _mm512_cmpeq_epi32_mask(kind, _mm512_set1_epi32(VALUATION_ROW_SHORT));
        __mmask16 has_directory = valid & (__mmask16)~is_short;
        __m512i bucket = buckets(shape, kind, _mm512_loadu_si512(queue->model + first));
        __mmask8 low = (__mmask8)has_directory, high = (__mmask8)(has_directory >> 8);
        __m512i starts_low = _mm512_mask_i32gather_epi64(none, low, low_half(bucket), rows->directory, 8);
        __m512i starts_high = _mm512_mask_i32gather_epi64(none, high, high_half(bucket), rows->directory, 8);
        __m512i ends_low = _mm512_mask_i32gather_epi64(none, low, low_half(bucket), rows->directory + 1, 8);
        __m512i ends_high = _mm512_mask_i32gather_epi64(none, high, high_half(bucket), rows->directory + 1, 8);
        __m512i begin = join(_mm512_and_si512(starts_low, start_mask), _mm512_and_si512(starts_high, start_mask));
        __m512i end = join(_mm512_and_si512(ends_low, start_mask), _mm512_and_si512(ends_high, start_mask));
        const __m512i length_mask = _mm512_set1_epi32(VALUATION_ROW_SHORTEST - 1);
        __m512i length = _mm512_and_si512(_mm512_srli_epi32(shape, VALUATION_ROW_LENGTH), length_mask);
        end = _mm512_mask_add_epi32(end, is_short, length, one);
        _mm512_storeu_si512(queue->start + first, _mm512_add_epi32(start, begin));
        _mm512_storeu_si512(queue->end + first, _mm512_add_epi32(start, end));
    }
    complete(rows, queue, sums, found);
}

// The starts and shapes of sixteen rows; which of them are dense, and which are lists.
typedef struct {
    __m512i start, shape;
    __mmask16 dense, is_list;
} sixteen_rows;

static inline sixteen_rows load_rows(const valuation_row *list) {
    const __m512i evens = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    const __m512i odds = _mm512_add_epi32(evens, _mm512_set1_epi32(1));
    __m512i low = _mm512_loadu_si512(list), high = _mm512_loadu_si512(list + 8);
    __m512i shape = _mm512_permutex2var_epi32(low, odds, high);
    __m512i kind = _mm512_and_si512(shape, _mm512_set1_epi32(VALUATION_ROW_KIND));
    __mmask16 dense = _mm512_cmpeq_epi32_mask(kind, _mm512_set1_epi32(VALUATION_ROW_DENSE));
    return (sixteen_rows){
        .start = _mm512_permutex2var_epi32(low, evens, high),
        .shape = shape,
        .dense = dense,
        .is_list = _mm512_test_epi32_mask(shape, shape) & (__mmask16)~dense,
    };
}

static void look_up_avx512(const valuation_rows *rows, const valuation_row *list, size_t depth, const uint32_t *models,
                           size_t count, int64_t *sums, valuation_found *found) {
    const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    lookups queue;
    queue.count = 0;
    for (size_t level = 0; level < depth; level++) {
        const uint32_t base = (uint32_t)level * VALUATION_KERNELS_BLOCK;
        if (found) note_dense(list + base, models, count, base, found);
        for (size_t first = 0; first < count; first += 16) {
            const sixteen_rows own = load_rows(list + base + first);
            __m512i model = _mm512_loadu_si512(models + first);
            if (own.dense)
                add_dense(rows, own.dense, _mm512_add_epi32(own.start, dense_places(own.shape, model)), sums + first);
            __m512i sum = _mm512_add_epi32(lanes, _mm512_set1_epi32((int)(base + first)));
            if (own.is_list) enqueue_lists(rows, own.is_list, own.start, own.shape, model, sum, &queue);
            if (queue.count > QUEUE - 16) complete_lists(rows, &queue, sums, found);
        }
    }
    complete_lists(rows, &queue, sums, found);
}

// Each weight of a short list is added to all candidates of its model, instead of looking for each candidate's.
static void add_short_row(const valuation_rows *rows, valuation_row row, const uint32_t *models, size_t count, int64_t *sums) {
    uint32_t length = valuation_row_short_length(row);
    for (size_t first = 0; first < count; first += 16) {
        __m512i model = _mm512_loadu_si512(models + first), weights = _mm512_setzero_si512();
        for (size_t place = row.start; place < row.start + (size_t)length; place++) {
            __mmask16 found = _mm512_cmpeq_epi32_mask(model, _mm512_set1_epi32((int)list_model(rows, place)));
            weights = _mm512_mask_mov_epi32(weights, found, _mm512_set1_epi32(rows->weights[place]));
        }
        add_weights(sums + first, low_half(weights), high_half(weights));
    }
}

static void add_row_avx512(const valuation_rows *rows, valuation_row row, const uint32_t *models, size_t count, int64_t *sums) {
    if (row.shape == 0) return;
    if (valuation_row_kind(row) == VALUATION_ROW_SHORT) {
        add_short_row(rows, row, models, count, sums);
        return;
    }
    const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const __m512i start = _mm512_set1_epi32((int)row.start), shape = _mm512_set1_epi32((int)row.shape);
    int is_dense = valuation_row_kind(row) == VALUATION_ROW_DENSE;
    lookups queue;
    queue.count = 0;
    for (size_t first = 0; first < count; first += 16) {
        __mmask16 wanted = count - first < 16 ? (__mmask16)((1u << (count - first)) - 1) : 0xffff;
        __m512i model = _mm512_loadu_si512(models + first);
        if (is_dense) {
            add_dense(rows, wanted, _mm512_add_epi32(start, dense_places(shape, model)), sums + first);
            continue;
        }
        __m512i sum = _mm512_add_epi32(lanes, _mm512_set1_epi32((int)first));
        enqueue_lists(rows, wanted, start, shape, model, sum, &queue);
        if (queue.count > QUEUE - 16) complete_lists(rows, &queue, sums, NULL);
    }
    complete_lists(rows, &queue, sums, NULL);
}

// Adds the weights of a model in rows to the sum of that number, sixteen rows at a time; those in lists are enqueued first.
static inline void add_for_model(const valuation_rows *rows, const valuation_row *list, size_t row_count, uint32_t model,
                                 uint32_t number, lookups *queue, int64_t *sums) {
    const __m512i same = _mm512_set1_epi32((int)model), sum = _mm512_set1_epi32((int)number);
    int64_t added[16] = {0};
    for (size_t first = 0; first < row_count; first += 16) {
        const sixteen_rows own = load_rows(list + first);
        if (own.dense) add_dense(rows, own.dense, _mm512_add_epi32(own.start, dense_places(own.shape, same)), added);
        if (own.is_list) enqueue_lists(rows, own.is_list, own.start, own.shape, same, sum, queue);
        if (queue->count > QUEUE - 16) complete_lists(rows, queue, sums, NULL);
    }
    const __m512i both = _mm512_add_epi64(_mm512_loadu_si512(added), _mm512_loadu_si512(added + 8));
    sums[number] += _mm512_reduce_add_epi64(both);
}

static void add_by_candidate(const valuation_rows *rows, const valuation_row *list, size_t row_count, const uint32_t *models,
                             size_t count, int64_t *sums) {
    lookups queue;
    queue.count = 0;
    for (uint32_t candidate = 0; candidate < count; candidate++)
        add_for_model(rows, list, row_count, models[candidate], candidate, &queue, sums);
    complete_lists(rows, &queue, sums, NULL);
}

static valuation_pair add_pair_avx512(const valuation_rows *rows, const valuation_row *list, valuation_pair counts,
                                      valuation_pair models) {
    lookups queue;
    queue.count = 0;
    int64_t sums[2] = {0};
    add_for_model(rows, list, (size_t)counts.click, (uint32_t)models.click, 0, &queue, sums);
    add_for_model(rows, list + VALUATION_KERNELS_PAIR, (size_t)counts.conversion, (uint32_t)models.conversion, 1, &queue, sums);
    complete_lists(rows, &queue, sums, NULL);
    return (valuation_pair){sums[0], sums[1]};
}

// A vector holds either the candidates of a row or the rows of a candidate.
static void add_rows_avx512(const valuation_rows *rows, const valuation_row *list, size_t row_count, const uint32_t *models,
                            size_t count, int64_t *sums) {
    // From 32 to 64 candidates both take about equally long (1,000 to 100,000 campaigns).
    enum { FEW = 32 };
    if (count < FEW) {
        add_by_candidate(rows, list, row_count, models, count, sums);
        return;
    }
    for (size_t i = 0; i < row_count; i++) add_row_avx512(rows, list[i], models, count, sums);
}

#pragma clang attribute pop

const valuation_kernels valuation_kernels_avx512 = {
    .read = read_avx512,
    .sum_rows = LOOP(sum_rows),
    .resolve = resolve_avx512,
    .look_up = look_up_avx512,
    .add_rows = add_rows_avx512,
    .add_pair = add_pair_avx512,
    .scale = LOOP(scale),
    .sigmoid = LOOP(sigmoid),
    .draw = LOOP(draw),
    .average = LOOP(average),
    .write = write_avx512,
    .prices = valuation_prices_avx512,
};
#endif
