// SPDX-License-Identifier: Apache-2.0
// The limit's inner loops for AVX-512; kernels_portable.hpp has the same functions for other processors.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "pair.hpp"
#include "valuation.h"

namespace kernels {

using Sums = __m512i;          // of sixteen campaigns or candidates
using Pairs = __m512i;         // of eight
using Probabilities = __m512;  // of sixteen

inline __m256i load_places(const uint32_t *places) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i *>(places));
}

// Sums of 16 * width neighbouring campaigns, in registers.
template <int width>
struct Tile {
    Sums sums[width];

    void load(const int32_t *from) {
#pragma GCC unroll 16
        for (int i = 0; i < width; i++) sums[i] = _mm512_loadu_si512(from + i * 16);
    }
    void store(int32_t *to) const {
#pragma GCC unroll 16
        for (int i = 0; i < width; i++) _mm512_storeu_si512(to + i * 16, sums[i]);
    }
    void add_dense(const int32_t *weights) {
#pragma GCC unroll 16
        for (int i = 0; i < width; i++) sums[i] = _mm512_add_epi32(sums[i], _mm512_loadu_si512(weights + i * 16));
    }
    // The same, and prefetches as many bytes from `next` on into the second-level cache.
    void add_dense(const int32_t *weights, const char *next) {
#pragma GCC unroll 16
        for (int i = 0; i < width; i++) {
            sums[i] = _mm512_add_epi32(sums[i], _mm512_loadu_si512(weights + i * 16));
            _mm_prefetch(next + i * 64, _MM_HINT_T1);
        }
    }
    // Adds the weights of the campaigns whose bits are set; returns the position behind the last weight used.
    const int32_t *add_packed(const uint64_t *masks, const int32_t *weights) {
#pragma GCC unroll 4
        for (int i = 0; i < width; i += 4) {
            const uint64_t mask = masks[i / 4];
#pragma GCC unroll 4
            for (int part = 0; part < 4; part++) {
                const int32_t *from = weights + _mm_popcnt_u64(mask & ((uint64_t(1) << 16 * part) - 1));
                const __mmask16 bits = __mmask16(mask >> 16 * part);
                sums[i + part] = _mm512_add_epi32(sums[i + part], _mm512_maskz_expand_epi32(bits, _mm512_loadu_si512(from)));
            }
            weights += _mm_popcnt_u64(mask);
        }
        return weights;
    }
};

inline Sums load(const int32_t *from) {
    return _mm512_loadu_si512(from);
}

inline Sums add(Sums first, Sums second) {
    return _mm512_add_epi32(first, second);
}

// The sums at sixteen positions.
inline Sums gather(const int32_t *sums, const uint32_t *places) {
    return _mm512_i32gather_epi32(_mm512_loadu_si512(places), sums, 4);
}

inline Pairs no_pairs() {
    return _mm512_setzero_si512();
}

inline Pairs load(const Pair *from) {
    return _mm512_loadu_si512(from);
}

inline void store(Pair *to, Pairs pairs) {
    _mm512_storeu_si512(to, pairs);
}

// The pairs at eight positions.
inline Pairs gather(const Pair *pairs, const uint32_t *places) {
    return _mm512_i32gather_epi64(load_places(places), pairs, 8);
}

// The sum of eight pairs.
inline Pair total(Pairs pairs) {
    const __m256i four = _mm256_add_epi32(_mm512_castsi512_si256(pairs), _mm512_extracti64x4_epi64(pairs, 1));
    const __m128i two = _mm_add_epi32(_mm256_castsi256_si128(four), _mm256_extracti128_si256(four, 1));
    const __m128i one = _mm_add_epi32(two, _mm_unpackhi_epi64(two, two));
    return {_mm_cvtsi128_si32(one), _mm_extract_epi32(one, 1)};
}

// The clicks of sixteen pairs.
inline Sums clicks(Pairs first, Pairs second) {
    const __m512i even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    return _mm512_permutex2var_epi32(first, even, second);
}

inline Sums conversions(Pairs first, Pairs second) {
    const __m512i odd = _mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
    return _mm512_permutex2var_epi32(first, odd, second);
}

// The positions of the words of sixteen (label, campaign)s: each label has a row of words, a word for 32 campaigns.
inline void find_words(const uint32_t *labels, const uint32_t *campaigns, uint32_t words_per_label, uint32_t *places) {
    const __m512i row = _mm512_mullo_epi32(_mm512_loadu_si512(labels), _mm512_set1_epi32(int(words_per_label)));
    const __m512i word = _mm512_srli_epi32(_mm512_loadu_si512(campaigns), 5);
    _mm512_storeu_si512(places, _mm512_add_epi32(row, word));
}

// From their words: which of sixteen campaigns have a pair, and its position. A word has bits in its low half and the
// first one's position in its high half.
inline __mmask16 find_pairs(__m512i first, __m512i second, __m512i campaigns, __m512i &places) {
    const __m512i bits = clicks(first, second), starts = conversions(first, second);
    const __m512i one = _mm512_set1_epi32(1);
    const __m512i bit = _mm512_rolv_epi32(one, campaigns);
    const __m512i before = _mm512_popcnt_epi32(_mm512_and_si512(bits, _mm512_sub_epi32(bit, one)));
    places = _mm512_add_epi32(starts, before);
    return _mm512_test_epi32_mask(bits, bit);
}

// Writes the positions of the pairs of sixteen campaigns, given the positions of their words; 0 if there is none.
inline void find_pairs(const uint64_t *words, const uint32_t *places, const uint32_t *campaigns, uint32_t *pairs) {
    const __m512i first = _mm512_i32gather_epi64(load_places(places), words, 8);
    const __m512i second = _mm512_i32gather_epi64(load_places(places + 8), words, 8);
    __m512i found_places;
    const __mmask16 found = find_pairs(first, second, _mm512_loadu_si512(campaigns), found_places);
    _mm512_storeu_si512(pairs, _mm512_maskz_mov_epi32(found, found_places));
}

// Adds to `sums` the pairs of sixteen campaigns for the label whose row of words is given.
inline void add_pairs(const uint64_t *words, const Pair *pairs, const uint32_t *campaigns, Pair *sums) {
    const __m512i ids = _mm512_loadu_si512(campaigns), word = _mm512_srli_epi32(ids, 5);
    const __m512i first = _mm512_i32gather_epi64(_mm512_castsi512_si256(word), words, 8);
    const __m512i second = _mm512_i32gather_epi64(_mm512_extracti64x4_epi64(word, 1), words, 8);
    __m512i places;
    const __mmask16 found = find_pairs(first, second, ids, places);
    if (!found) return;
    const __m512i none = _mm512_setzero_si512();
    const __m512i low = _mm512_mask_i32gather_epi64(none, __mmask8(found), _mm512_castsi512_si256(places), pairs, 8);
    const __m512i high =
        _mm512_mask_i32gather_epi64(none, __mmask8(found >> 8), _mm512_extracti64x4_epi64(places, 1), pairs, 8);
    store(sums, add(load(sums), low));
    store(sums + 8, add(load(sums + 8), high));
}

// 1 / (1 + 2^s) for sixteen sums s in units of 2^-shift.
inline Probabilities probability(Sums sums, int shift) {
    const __m512i exponent = _mm512_srai_epi32(sums, unsigned(shift));
    const __m512i rest = _mm512_and_si512(sums, _mm512_set1_epi32((1 << shift) - 1));
    const __m512 unit = _mm512_set1_ps(1.0f / float(1 << shift));
    // sqrt(2) * 2^x by its Taylor polynomial of degree 7, with x between -1/2 and 1/2: the remainder is below 1e-8.
    const __m512 x = _mm512_fmsub_ps(_mm512_cvtepi32_ps(rest), unit, _mm512_set1_ps(0.5f));
    __m512 power = _mm512_set1_ps(2.157062e-5f);
    power = _mm512_fmadd_ps(power, x, _mm512_set1_ps(2.1783882e-4f));
    power = _mm512_fmadd_ps(power, x, _mm512_set1_ps(1.8856499e-3f));
    power = _mm512_fmadd_ps(power, x, _mm512_set1_ps(1.3602088e-2f));
    power = _mm512_fmadd_ps(power, x, _mm512_set1_ps(7.8494663e-2f));
    power = _mm512_fmadd_ps(power, x, _mm512_set1_ps(0.33973162f));
    power = _mm512_fmadd_ps(power, x, _mm512_set1_ps(0.98025814f));
    power = _mm512_fmadd_ps(power, x, _mm512_set1_ps(1.41421356f));
    power = _mm512_scalef_ps(power, _mm512_cvtepi32_ps(exponent));
    // The reciprocal to 14 bits, refined by one Newton step.
    const __m512 sum = _mm512_add_ps(power, _mm512_set1_ps(1.0f)), near = _mm512_rcp14_ps(sum);
    return _mm512_fmadd_ps(near, _mm512_fnmadd_ps(sum, near, _mm512_set1_ps(1.0f)), near);
}

inline Probabilities gather(const float *from, const uint32_t *places) {
    return _mm512_i32gather_ps(_mm512_loadu_si512(places), from, 4);
}

inline void store(float *to, Probabilities probabilities) {
    _mm512_storeu_ps(to, probabilities);
}

// bid * click * conversion of the first or the last eight.
inline __m512d revenue(__m512d bids, Probabilities clicks, Probabilities conversions, bool last) {
    const __m256 click = last ? _mm512_extractf32x8_ps(clicks, 1) : _mm512_castps512_ps256(clicks);
    const __m256 conversion = last ? _mm512_extractf32x8_ps(conversions, 1) : _mm512_castps512_ps256(conversions);
    return _mm512_mul_pd(bids, _mm512_mul_pd(_mm512_cvtps_pd(click), _mm512_cvtps_pd(conversion)));
}

// Writes the results of sixteen candidates as arrays.
inline void write(Probabilities clicks, Probabilities conversions, const double *bids, float *pctr, float *pcvr,
                  double *revenues) {
    store(pctr, clicks);
    store(pcvr, conversions);
    _mm512_storeu_pd(revenues, revenue(_mm512_loadu_pd(bids), clicks, conversions, false));
    _mm512_storeu_pd(revenues + 8, revenue(_mm512_loadu_pd(bids + 8), clicks, conversions, true));
}

// The same as the library's structs.
inline void write(Probabilities clicks, Probabilities conversions, const valuation_candidate *candidates,
                  valuation_value *values) {
    // Quarters of a candidate; value = revenue, (pCTR, pCVR), (flags, reserved).
    const __m512i every_fourth = _mm512_setr_epi64(0, 4, 8, 12, 16, 20, 24, 28);
    const __m512i order[3] = {_mm512_setr_epi64(0, 8, 0, 1, 9, 0, 2, 10), _mm512_setr_epi64(0, 3, 11, 0, 4, 12, 0, 5),
                              _mm512_setr_epi64(13, 0, 6, 14, 0, 7, 15, 0)};
    const __mmask8 used[3] = {0xdb, 0xb6, 0x6d};
#pragma GCC unroll 2
    for (int last = 0; last < 2; last++) {
        const __m512d bids = _mm512_i64gather_pd(every_fourth, &candidates[last * 8].bid, 8);
        const __m512i money = _mm512_castpd_si512(revenue(bids, clicks, conversions, last));
        const __m512i first = last ? _mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
                                   : _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
        const __m512i both = _mm512_castps_si512(_mm512_permutex2var_ps(clicks, first, conversions));
#pragma GCC unroll 3
        for (int i = 0; i < 3; i++)
            _mm512_storeu_si512(reinterpret_cast<char *>(values + last * 8) + i * 64,
                                _mm512_maskz_permutex2var_epi64(used[i], money, order[i], both));
    }
}

// Which of eight slots equal a tag, ignoring the mask's bits, which are the lowest and 0 in the tag.
inline unsigned equal_above(const uint64_t *slots, uint64_t tag, uint64_t mask) {
    const __m512i different = _mm512_xor_si512(_mm512_load_si512(slots), _mm512_set1_epi64(int64_t(tag & ~mask)));
    return _mm512_cmple_epu64_mask(different, _mm512_set1_epi64(int64_t(mask)));
}

}  // namespace kernels
