// SPDX-License-Identifier: Apache-2.0
// The loops for AVX2. Reading, writing and looking up gain nothing from it, because it can neither compress nor shift by
// masks: these are the baseline's.
//
// A fused multiplication and addition rounds once instead of twice: the bits would depend on the machine.
#pragma STDC FP_CONTRACT OFF

#if defined(__x86_64__)
#include <immintrin.h>

#include "kernels.h"
#include "sets.h"

#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)

#define LOOP(name) name##_avx2
enum { WIDTH = 32 };
// Bytes times 62, 63, 64 and 61 are added up in pairs, and these times 128 and 127.
#define BYTE_SUMS(x) \
    _mm256_madd_epi16(_mm256_maddubs_epi16((__m256i)x, _mm256_set1_epi32(0x3d403f3e)), _mm256_set1_epi32(0x007f0080))

#include "vector_loops.inc"

#pragma clang attribute pop

const valuation_kernels valuation_kernels_avx2 = {
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
#endif
