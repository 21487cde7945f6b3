// SPDX-License-Identifier: Apache-2.0
// From ads' features to the rows of their labels, many at once.
#ifndef VALUATION_RESOLVE_H
#define VALUATION_RESOLVE_H

#include "kernels.h"
#include "places.h"

static int resolve_baseline(const valuation_labels *labels, const uint64_t *const *features, const uint32_t *lengths,
                            size_t position, size_t width, valuation_row *click, valuation_row *conversion, uint16_t *unusual) {
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

#if defined(__x86_64__)
#include <immintrin.h>

#define resolve_avx2 resolve_baseline

#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,bmi,bmi2,popcnt")))

_Static_assert(sizeof(valuation_label) == 32, "eight_labels counts on it");

// The members of eight labels.
typedef struct {
    __m512i key, bits, click, conversion;
} eight_labels;

TARGET static inline __m512i two_labels(const valuation_label *low, const valuation_label *high) {
    __m512i half = _mm512_castsi256_si512(_mm256_loadu_si256((const __m256i *)low));
    return _mm512_inserti64x4(half, _mm256_loadu_si256((const __m256i *)high), 1);
}

TARGET static inline eight_labels load_labels(const valuation_label *slots, const uint64_t *at) {
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

TARGET static int resolve_avx512(const valuation_labels *labels, const uint64_t *const *features, const uint32_t *lengths,
                                 size_t position, size_t width, valuation_row *click, valuation_row *conversion,
                                 uint16_t *unusual) {
    const __m256i minimum = _mm256_set1_epi32((int)position);
    const __m512i offset = _mm512_set1_epi64((int64_t)(position * VALUATION_FEATURE_WORDS * sizeof(uint64_t)));
    const __m512i none = _mm512_setzero_si512(), category = _mm512_set1_epi64(VALUATION_LABEL_CATEGORY);
    const valuation_hash hash = labels->hash;
    const uint16_t *pilots = labels->pilots;
    const valuation_label *slots = labels->slots;
    uint8_t *bits = (uint8_t *)unusual;
    uint32_t any = 0;
    uint64_t keys[VALUATION_KERNELS_BLOCK], places[VALUATION_KERNELS_BLOCK];
    for (size_t first = 0; first < width; first += 8) {
        __mmask8 present = _mm256_cmpgt_epu32_mask(_mm256_loadu_si256((const __m256i *)(lengths + first)), minimum);
        __m512i address = _mm512_add_epi64(_mm512_loadu_si512(features + first), offset);
        __m512i key = _mm512_mask_i64gather_epi64(none, present, address, NULL, 1);
        _mm512_storeu_si512(keys + first, key);
        _mm512_storeu_si512(places + first, places_of(hash, pilots, key));
        for (size_t i = first; i < first + 8; i++) valuation_kernels_prefetch(slots + places[i]);
    }
    for (size_t first = 0; first < width; first += 8) {
        __mmask8 present = _mm256_cmpgt_epu32_mask(_mm256_loadu_si256((const __m256i *)(lengths + first)), minimum);
        __m512i key = _mm512_loadu_si512(keys + first);
        eight_labels found = load_labels(slots, places + first);
        __m512i kind = _mm512_srli_epi64(found.bits, VALUATION_LABEL_KIND);
        __mmask8 same = _mm512_mask_cmpeq_epi64_mask(present, found.key, key);
        __mmask8 usual = _mm512_mask_cmpeq_epi64_mask(same, kind, category);
        _mm512_storeu_si512(click + first, _mm512_maskz_mov_epi64(usual, found.click));
        _mm512_storeu_si512(conversion + first, _mm512_maskz_mov_epi64(usual, found.conversion));
        bits[first / 8] = (uint8_t)(present & ~usual);
        any |= bits[first / 8];
    }
    return any != 0;
}

#undef TARGET
#endif
#endif
