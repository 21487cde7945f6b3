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

#include "avx512_candidates.inc"
#include "avx512_labels.inc"
#include "avx512_lookups.inc"

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
