// SPDX-License-Identifier: Apache-2.0
// From keys to their slots in a table.
#ifndef VALUATION_PLACES_H
#define VALUATION_PLACES_H

#include "kernels.h"

static inline uint64_t place_of(valuation_hash hash, const uint16_t *pilots, uint64_t key) {
    return valuation_hash_place(hash, key, pilots[valuation_hash_bucket(hash, key)]);
}

#if defined(__x86_64__)
#include <immintrin.h>

// The slots of eight keys.
__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl"))) static inline __m512i places_of(valuation_hash hash,
                                                                                              const uint16_t *pilots,
                                                                                              __m512i keys) {
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
#endif
#endif
