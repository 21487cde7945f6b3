// SPDX-License-Identifier: Apache-2.0
// Looking up many weights, each of another row: what costs time is to fetch them, so as much as possible is done without a
// branch that hangs on what was fetched, and the processor has many fetches under way at once.
#ifndef VALUATION_LOOK_UP_H
#define VALUATION_LOOK_UP_H

#include "kernels.h"

// So many lookups wait for each other at most.
enum { CAPACITY = 256 };

// Lookups that may find something, and where.
typedef struct {
    uint32_t start[CAPACITY + 16], end[CAPACITY + 16], model[CAPACITY + 16], place[CAPACITY + 16];
} look_up_queue;

static inline void look_up_queued(const valuation_rows *rows, const look_up_queue *queue, size_t count, int32_t *weights) {
    for (size_t i = 0; i < count; i++)
        weights[queue->place[i]] = valuation_rows_find(rows, queue->model[i], queue->start[i], queue->end[i]);
}

static void look_up_scalar(const valuation_rows *rows, const valuation_row *list, const uint32_t *models, size_t count,
                           int32_t *weights) {
    look_up_queue queue;
    for (size_t first = 0; first < count; first += CAPACITY) {
        size_t last = count - first < CAPACITY ? count : first + CAPACITY;
        size_t queued = 0;
        for (size_t i = first; i < last; i++) {
            valuation_row row = list[i];
            uint32_t model = models[i];
            int is_dense = row.shape == VALUATION_ROW_DENSE;
            int32_t weight = rows->weights[is_dense ? row.start + (size_t)model : 0];
            weights[i] = is_dense ? weight : 0;
            queue.place[queued] = (uint32_t)i;
            queued += !is_dense && row.shape != 0;
        }
        size_t kept = 0;
        for (size_t i = 0; i < queued; i++) {
            uint32_t place = queue.place[i];
            valuation_row row = list[place];
            uint32_t model = models[place];
            int has_directory = row.shape > VALUATION_ROW_SHORTEST;
            const uint64_t *bucket = rows->directory + (has_directory ? valuation_row_bucket(row, model) : 0);
            uint64_t entry = bucket[0], next = bucket[1];
            queue.start[kept] = row.start + (has_directory ? valuation_directory_start(entry) : 0);
            queue.end[kept] = row.start + (has_directory ? valuation_directory_start(next) : row.shape);
            queue.model[kept] = model;
            queue.place[kept] = place;
            kept += !has_directory | ((entry & valuation_row_mark(row, model)) != 0);
        }
        look_up_queued(rows, &queue, kept, weights);
    }
}

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,bmi,bmi2,popcnt")))

TARGET static inline __m512i join(__m512i low, __m512i high) {
    return _mm512_inserti64x4(_mm512_castsi256_si512(_mm512_cvtepi64_epi32(low)), _mm512_cvtepi64_epi32(high), 1);
}

TARGET static inline void put(uint32_t *place, __mmask16 kept, __m512i values) {
    _mm512_storeu_si512(place, _mm512_maskz_compress_epi32(kept, values));
}

// Sixteen at once, until what may be found is known.
TARGET static void look_up_avx512(const valuation_rows *rows, const valuation_row *list, const uint32_t *models, size_t count,
                                  int32_t *weights) {
    const __m512i evens = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    const __m512i odds = _mm512_add_epi32(evens, _mm512_set1_epi32(1));
    const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const __m512i one = _mm512_set1_epi32(1);
    const __m512i start_mask = _mm512_set1_epi64((1 << VALUATION_DIRECTORY_START_BITS) - 1);
    const __m512i shortest = _mm512_set1_epi32(VALUATION_ROW_SHORTEST);
    look_up_queue queue;
    size_t queued = 0;
    for (size_t first = 0; first < count; first += 16) {
        __mmask16 valid = count - first >= 16 ? 0xffff : (__mmask16)((1u << (count - first)) - 1);
        __mmask8 valid_low = (__mmask8)valid, valid_high = (__mmask8)(valid >> 8);
        __m512i low = _mm512_maskz_loadu_epi64(valid_low, list + first);
        __m512i high = _mm512_maskz_loadu_epi64(valid_high, list + first + (valid_high ? 8 : 0));
        __m512i start = _mm512_permutex2var_epi32(low, evens, high);
        __m512i shape = _mm512_permutex2var_epi32(low, odds, high);
        __m512i model = _mm512_maskz_loadu_epi32(valid, models + first);
        // Dense rows. Places are above 2^31 at most in an index of 8 GB, so they are widened for the gather.
        __mmask16 dense = _mm512_cmpeq_epi32_mask(shape, _mm512_set1_epi32(-1));
        __m512i place = _mm512_add_epi32(start, model);
        __m256i weight_low = _mm512_mask_i64gather_epi32(
            _mm256_setzero_si256(), (__mmask8)dense, _mm512_cvtepu32_epi64(_mm512_castsi512_si256(place)), rows->weights, 4);
        __m256i weight_high =
            _mm512_mask_i64gather_epi32(_mm256_setzero_si256(), (__mmask8)(dense >> 8),
                                        _mm512_cvtepu32_epi64(_mm512_extracti64x4_epi64(place, 1)), rows->weights, 4);
        __m512i weight = _mm512_inserti64x4(_mm512_castsi256_si512(weight_low), weight_high, 1);
        _mm512_mask_storeu_epi32(weights + first, valid, weight);
        // Lists with a directory: the entry of the model's bucket, and the next.
        __mmask16 is_list = _mm512_test_epi32_mask(shape, shape) & (__mmask16)~dense;
        __mmask16 has_directory = _mm512_mask_cmpgt_epu32_mask(is_list, shape, shortest);
        __m512i shift = _mm512_and_si512(shape, _mm512_set1_epi32(31));
        __m512i bucket = _mm512_add_epi32(_mm512_andnot_si512(_mm512_set1_epi32(3), _mm512_srli_epi32(shape, 3)),
                                          _mm512_srlv_epi32(model, shift));
        __m256i bucket_low = _mm512_castsi512_si256(bucket), bucket_high = _mm512_extracti64x4_epi64(bucket, 1);
        __mmask8 mask_low = (__mmask8)has_directory, mask_high = (__mmask8)(has_directory >> 8);
        const __m512i zero = _mm512_setzero_si512();
        __m512i entry_low = _mm512_mask_i32gather_epi64(zero, mask_low, bucket_low, rows->directory, 8);
        __m512i entry_high = _mm512_mask_i32gather_epi64(zero, mask_high, bucket_high, rows->directory, 8);
        __m512i next_low = _mm512_mask_i32gather_epi64(zero, mask_low, bucket_low, rows->directory + 1, 8);
        __m512i next_high = _mm512_mask_i32gather_epi64(zero, mask_high, bucket_high, rows->directory + 1, 8);
        // The filter.
        __m512i position = _mm512_and_si512(model, _mm512_sub_epi32(_mm512_sllv_epi32(one, shift), one));
        __m512i bit =
            _mm512_srlv_epi32(_mm512_mullo_epi32(position, _mm512_set1_epi32(VALUATION_DIRECTORY_FILTER_BITS)), shift);
        bit = _mm512_add_epi32(bit, _mm512_set1_epi32(VALUATION_DIRECTORY_START_BITS));
        __m512i mark_low = _mm512_sllv_epi64(_mm512_set1_epi64(1), _mm512_cvtepu32_epi64(_mm512_castsi512_si256(bit)));
        __m512i mark_high = _mm512_sllv_epi64(_mm512_set1_epi64(1), _mm512_cvtepu32_epi64(_mm512_extracti64x4_epi64(bit, 1)));
        __mmask16 may_have =
            (__mmask16)(_mm512_test_epi64_mask(entry_low, mark_low) | _mm512_test_epi64_mask(entry_high, mark_high) << 8);
        __mmask16 kept = (is_list & (__mmask16)~has_directory) | (has_directory & may_have);
        // Where what is left may stand.
        __m512i begin = join(_mm512_and_si512(entry_low, start_mask), _mm512_and_si512(entry_high, start_mask));
        __m512i behind = join(_mm512_and_si512(next_low, start_mask), _mm512_and_si512(next_high, start_mask));
        behind = _mm512_mask_mov_epi32(shape, has_directory, behind);
        put(queue.start + queued, kept, _mm512_add_epi32(start, begin));
        put(queue.end + queued, kept, _mm512_add_epi32(start, behind));
        put(queue.model + queued, kept, model);
        put(queue.place + queued, kept, _mm512_add_epi32(_mm512_set1_epi32((int)first), lanes));
        queued += (size_t)__builtin_popcount(kept);
        if (queued > CAPACITY - 16) {
            look_up_queued(rows, &queue, queued, weights);
            queued = 0;
        }
    }
    look_up_queued(rows, &queue, queued, weights);
}

#undef TARGET
#endif
#endif
