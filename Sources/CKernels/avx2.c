// SPDX-License-Identifier: Apache-2.0
// The loops for AVX2. Reading and writing gain nothing from it: these are the baseline's.
//
// A fused multiplication and addition rounds once instead of twice: the bits would depend on the machine.
#pragma STDC FP_CONTRACT OFF

#if defined(__x86_64__)
#include <immintrin.h>
#include <math.h>

#include "kernels.h"
#include "sets.h"

#pragma clang attribute push(__attribute__((target("avx2,bmi,bmi2,popcnt"))), apply_to = function)

#define LOOP(name) name##_avx2
enum { WIDTH = 32 };
// Bytes times 62, 63, 64 and 61 are added up in pairs, and these times 128 and 127.
#define BYTE_SUMS(x) \
    _mm256_madd_epi16(_mm256_maddubs_epi16((__m256i)x, _mm256_set1_epi32(0x3d403f3e)), _mm256_set1_epi32(0x007f0080))

#include "vector_loops.inc"
#include "labels.inc"
#include "look_up_queue.inc"

static inline __m256i all(int number) {
    return _mm256_set1_epi32(number);
}

static inline __m256i load(const void *from) {
    return _mm256_loadu_si256((const __m256i *)from);
}

// One bit for each of eight numbers that is negative, so for each lane of a comparison that holds.
static inline uint32_t bits_of(__m256i lanes) {
    return (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(lanes));
}

static inline __m256i low_half(__m256i numbers) {
    return _mm256_cvtepu32_epi64(_mm256_castsi256_si128(numbers));
}

static inline __m256i high_half(__m256i numbers) {
    return _mm256_cvtepu32_epi64(_mm256_extracti128_si256(numbers, 1));
}

static inline void add_weights(int64_t *sums, __m256i weights) {
    __m256i low = _mm256_cvtepi32_epi64(_mm256_castsi256_si128(weights));
    __m256i high = _mm256_cvtepi32_epi64(_mm256_extracti128_si256(weights, 1));
    _mm256_storeu_si256((__m256i *)sums, _mm256_add_epi64(load(sums), low));
    _mm256_storeu_si256((__m256i *)(sums + 4), _mm256_add_epi64(load(sums + 4), high));
}

// The offsets of the weights of eight models in dense rows.
static inline __m256i dense_places(__m256i shape, __m256i model) {
    const __m256i flag = all(VALUATION_ROW_PAIRED);
    __m256i paired = _mm256_cmpeq_epi32(_mm256_and_si256(shape, flag), flag);
    __m256i gaps = _mm256_and_si256(paired, _mm256_and_si256(model, all(-VALUATION_ROW_TOGETHER)));
    return _mm256_add_epi32(model, gaps);
}

// The weights of eight models in those rows that are dense. The index of a gather is signed, so positions are relative
// to the middle.
static inline __m256i dense_weights(const valuation_rows *rows, __m256i dense, __m256i places) {
    const int *middle = (const int *)((uintptr_t)rows->weights + (sizeof(int32_t) << 31));
    return _mm256_mask_i32gather_epi32(_mm256_setzero_si256(), middle, _mm256_xor_si256(places, all(INT32_MIN)), dense, 4);
}

// Which of eight short lists may have a weight.
static inline __m256i pass_short(__m256i shape, __m256i model) {
    __m256i scattered = _mm256_srli_epi32(_mm256_mullo_epi32(model, all((int)VALUATION_ROW_SCATTER)), 16);
    __m256i bit = _mm256_srli_epi32(_mm256_mullo_epi32(scattered, all(VALUATION_ROW_FILTER_BITS)), 16);
    __m256i mark = _mm256_sllv_epi32(all(1 << VALUATION_ROW_FILTER), bit);
    return _mm256_cmpeq_epi32(_mm256_and_si256(shape, mark), mark);
}

// Which of eight lists with a directory may have a weight; where is_list does not hold, the answer means nothing.
static inline __m256i pass_directory(const valuation_rows *rows, __m256i is_list, __m256i shape, __m256i kind, __m256i model) {
    __m256i bucket = _mm256_add_epi32(_mm256_andnot_si256(all(3), _mm256_srli_epi32(shape, 3)), _mm256_srlv_epi32(model, kind));
    __m256i position = _mm256_andnot_si256(_mm256_sllv_epi32(all(-1), kind), model);
    __m256i bit = _mm256_srlv_epi32(_mm256_mullo_epi32(position, all(VALUATION_DIRECTORY_FILTER_BITS)), kind);
    // The mark's bit moves to the sign.
    __m256i distance = _mm256_sub_epi32(all(63 - VALUATION_DIRECTORY_START_BITS), bit);
    const __m256i none = _mm256_setzero_si256();
    const long long *directory = (const long long *)rows->directory;
    __m256i list_low = _mm256_cvtepi32_epi64(_mm256_castsi256_si128(is_list));
    __m256i list_high = _mm256_cvtepi32_epi64(_mm256_extracti128_si256(is_list, 1));
    __m256i low = _mm256_mask_i32gather_epi64(none, directory, _mm256_castsi256_si128(bucket), list_low, 8);
    __m256i high = _mm256_mask_i32gather_epi64(none, directory, _mm256_extracti128_si256(bucket, 1), list_high, 8);
    __m256 signs_low = _mm256_castsi256_ps(_mm256_sllv_epi64(low, low_half(distance)));
    __m256 signs_high = _mm256_castsi256_ps(_mm256_sllv_epi64(high, high_half(distance)));
    __m256i upper = _mm256_castps_si256(_mm256_shuffle_ps(signs_low, signs_high, _MM_SHUFFLE(3, 1, 3, 1)));
    return _mm256_permute4x64_epi64(upper, _MM_SHUFFLE(3, 1, 2, 0));
}

// Of eight lookups of models[i] in list[i]: adds the weights in dense rows to the sums, and returns a bit for each list
// that may have a weight. are_alike: neighbouring rows are mostly of one form, so that a branch for each form pays.
static inline uint32_t add_eight(const valuation_rows *rows, const valuation_row *list, const uint32_t *models, int are_alike,
                                 int64_t *sums) {
    __m256 low = _mm256_castsi256_ps(load(list)), high = _mm256_castsi256_ps(load(list + 4));
    __m256i starts = _mm256_castps_si256(_mm256_shuffle_ps(low, high, _MM_SHUFFLE(2, 0, 2, 0)));
    __m256i shapes = _mm256_castps_si256(_mm256_shuffle_ps(low, high, _MM_SHUFFLE(3, 1, 3, 1)));
    __m256i start = _mm256_permute4x64_epi64(starts, _MM_SHUFFLE(3, 1, 2, 0));
    __m256i shape = _mm256_permute4x64_epi64(shapes, _MM_SHUFFLE(3, 1, 2, 0)), model = load(models);
    __m256i kind = _mm256_and_si256(shape, all(VALUATION_ROW_KIND));
    __m256i dense = _mm256_cmpeq_epi32(kind, all(VALUATION_ROW_DENSE));
    if (bits_of(dense)) add_weights(sums, dense_weights(rows, dense, _mm256_add_epi32(start, dense_places(shape, model))));
    __m256i is_short = _mm256_cmpeq_epi32(kind, all(VALUATION_ROW_SHORT));
    __m256i absent = _mm256_cmpeq_epi32(shape, _mm256_setzero_si256());
    __m256i is_list = _mm256_xor_si256(_mm256_or_si256(_mm256_or_si256(dense, is_short), absent), all(-1));
    __m256i passes = _mm256_setzero_si256();
    if (!are_alike || bits_of(is_short)) passes = _mm256_and_si256(is_short, pass_short(shape, model));
    if (!are_alike || bits_of(is_list))
        passes = _mm256_or_si256(passes, _mm256_and_si256(is_list, pass_directory(rows, is_list, shape, kind, model)));
    return bits_of(passes);
}

#include "lookups.inc"

#pragma clang attribute pop

const valuation_kernels valuation_kernels_avx2 = {
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
    .prices = valuation_prices_avx2,
};
#endif
