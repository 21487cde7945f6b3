// SPDX-License-Identifier: Apache-2.0
// Looking up many weights, each of another row: what costs time is to fetch them, so as much as possible is done without a
// branch that hangs on what was fetched, and the processor has many fetches under way at once.
#ifndef VALUATION_LOOK_UP_H
#define VALUATION_LOOK_UP_H

#include "kernels.h"

// Lookups that may find something: where in the lists the weight of a model may stand, and for which entry it is.
typedef struct {
    uint32_t start[VALUATION_KERNELS_LOOKUPS + 16], end[VALUATION_KERNELS_LOOKUPS + 16];
    uint32_t model[VALUATION_KERNELS_LOOKUPS + 16], entry[VALUATION_KERNELS_LOOKUPS + 16];
    size_t count;
} lookups;

// Adds what the lookups find. In steps, each of which begins to fetch what the next one reads.
static inline void complete(const valuation_rows *rows, lookups *queue, int64_t *sums) {
    size_t width = rows->is_wide ? 4 : 2;
    for (size_t i = 0; i < queue->count; i++)
        valuation_kernels_prefetch((const char *)rows->list_models + queue->start[i] * width);
    for (size_t i = 0; i < queue->count; i++) {
        uint32_t place = valuation_rows_place(rows, queue->model[i], queue->start[i], queue->end[i]);
        queue->start[i] = place;
        valuation_kernels_prefetch(rows->weights + (place == VALUATION_ROWS_NOWHERE ? 0 : place));
    }
    for (size_t i = 0; i < queue->count; i++) sums[queue->entry[i]] += valuation_rows_at(rows, queue->start[i]);
    queue->count = 0;
}

static void look_up_baseline(const valuation_rows *rows, const valuation_row *list, const uint32_t *entries,
                             const uint32_t *models, size_t count, int64_t *sums) {
    uint32_t listed[VALUATION_KERNELS_LOOKUPS];
    lookups queue;
    size_t listed_count = 0, kept = 0;
    for (size_t i = 0; i < count; i++) {
        valuation_row row = list[i];
        int is_dense = row.shape == VALUATION_ROW_DENSE;
        int32_t weight = rows->weights[is_dense ? row.start + (size_t)models[entries[i]] : 0];
        sums[entries[i]] += is_dense ? weight : 0;
        listed[listed_count] = (uint32_t)i;
        listed_count += !is_dense && row.shape != 0;
    }
    for (size_t i = 0; i < listed_count; i++) {
        valuation_row row = list[listed[i]];
        uint32_t entry_of = entries[listed[i]], model = models[entry_of];
        int has_directory = row.shape > VALUATION_ROW_SHORTEST;
        const uint64_t *bucket = rows->directory + (has_directory ? valuation_row_bucket(row, model) : 0);
        uint64_t entry = bucket[0], next = bucket[1];
        uint32_t start = row.start + (has_directory ? valuation_directory_start(entry) : 0);
        queue.start[kept] = start;
        queue.end[kept] = row.start + (has_directory ? valuation_directory_start(next) : row.shape);
        queue.model[kept] = model;
        queue.entry[kept] = entry_of;
        int may_have = !has_directory | ((entry & valuation_row_mark(row, model)) != 0);
        kept += may_have;
    }
    queue.count = kept;
    complete(rows, &queue, sums);
}

static void add_row_baseline(const valuation_rows *rows, valuation_row row, const uint32_t *models, size_t count,
                             int64_t *sums) {
    if (row.shape == VALUATION_ROW_DENSE) {
        const int32_t *weights = rows->weights + row.start;
        for (size_t i = 0; i < count; i++) sums[i] += weights[models[i]];
    } else {
        for (size_t i = 0; i < count; i++) sums[i] += valuation_rows_weight(rows, row, models[i]);
    }
}

#if defined(__x86_64__)
#include <immintrin.h>

// Looking up gains nothing from AVX2, which can neither compress nor shift by masks.
#define look_up_avx2 look_up_baseline
#define add_row_avx2 add_row_baseline

#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,bmi,bmi2,popcnt")))

TARGET static inline __m512i join(__m512i low, __m512i high) {
    return _mm512_inserti64x4(_mm512_castsi256_si512(_mm512_cvtepi64_epi32(low)), _mm512_cvtepi64_epi32(high), 1);
}

TARGET static inline void put(uint32_t *place, __mmask16 kept, __m512i values) {
    _mm512_storeu_si512(place, _mm512_maskz_compress_epi32(kept, values));
}

// Sixteen rows and the models that are looked for in them.
typedef struct {
    __m512i start, shape, model, entry;
    __mmask16 valid;
} group;

TARGET static inline group load_group(const valuation_row *list, const uint32_t *entries, const uint32_t *models,
                                      size_t count) {
    const __m512i evens = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    const __m512i odds = _mm512_add_epi32(evens, _mm512_set1_epi32(1));
    group g;
    g.valid = count >= 16 ? 0xffff : (__mmask16)((1u << count) - 1);
    __m512i low = _mm512_maskz_loadu_epi64((__mmask8)g.valid, list);
    __m512i high = _mm512_maskz_loadu_epi64((__mmask8)(g.valid >> 8), list + 8);
    g.start = _mm512_permutex2var_epi32(low, evens, high);
    g.shape = _mm512_permutex2var_epi32(low, odds, high);
    g.entry = _mm512_maskz_loadu_epi32(g.valid, entries);
    g.model = _mm512_i32gather_epi32(g.entry, models, 4);
    return g;
}

TARGET static inline __m512i buckets(__m512i shape, __m512i model) {
    __m512i shift = _mm512_and_si512(shape, _mm512_set1_epi32(31));
    return _mm512_add_epi32(_mm512_andnot_si512(_mm512_set1_epi32(3), _mm512_srli_epi32(shape, 3)),
                            _mm512_srlv_epi32(model, shift));
}

// Sixteen at once, until what may be found is known.
TARGET static void look_up_avx512(const valuation_rows *rows, const valuation_row *list, const uint32_t *entries,
                                  const uint32_t *models, size_t count, int64_t *sums) {
    const __m512i one = _mm512_set1_epi32(1);
    const __m512i start_mask = _mm512_set1_epi64((1 << VALUATION_DIRECTORY_START_BITS) - 1);
    const __m512i shortest = _mm512_set1_epi32(VALUATION_ROW_SHORTEST);
    lookups queue;
    size_t queued = 0;
    for (size_t first = 0; first < count; first += 16) {
        group g = load_group(list + first, entries + first, models, count - first);
        __m512i start = g.start, shape = g.shape, model = g.model;
        // Dense rows. Places are above 2^31 at most in an index of 8 GB, so they are widened for the gather.
        __mmask16 dense = _mm512_cmpeq_epi32_mask(shape, _mm512_set1_epi32(-1));
        __m512i place = _mm512_add_epi32(start, model);
        __m256i weight_low = _mm512_mask_i64gather_epi32(
            _mm256_setzero_si256(), (__mmask8)dense, _mm512_cvtepu32_epi64(_mm512_castsi512_si256(place)), rows->weights, 4);
        __m256i weight_high =
            _mm512_mask_i64gather_epi32(_mm256_setzero_si256(), (__mmask8)(dense >> 8),
                                        _mm512_cvtepu32_epi64(_mm512_extracti64x4_epi64(place, 1)), rows->weights, 4);
        __m512i weight = _mm512_inserti64x4(_mm512_castsi256_si512(weight_low), weight_high, 1);
        int32_t weights[16];
        _mm512_storeu_si512(weights, weight);
        for (uint32_t left = dense & g.valid; left; left &= left - 1) {
            int i = __builtin_ctz(left);
            sums[entries[first + (size_t)i]] += weights[i];
        }
        // Lists with a directory: the entry of the model's bucket, and the next.
        __mmask16 is_list = _mm512_test_epi32_mask(shape, shape) & (__mmask16)~dense;
        __mmask16 has_directory = _mm512_mask_cmpgt_epu32_mask(is_list, shape, shortest);
        __m512i shift = _mm512_and_si512(shape, _mm512_set1_epi32(31));
        __m512i bucket = buckets(shape, model);
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
        __m512i from = _mm512_add_epi32(start, begin);
        put(queue.start + queued, kept, from);
        put(queue.end + queued, kept, _mm512_add_epi32(start, behind));
        put(queue.model + queued, kept, model);
        put(queue.entry + queued, kept, g.entry);
        queued += (size_t)__builtin_popcount(kept);
    }
    queue.count = queued;
    complete(rows, &queue, sums);
}

TARGET static inline void add_weights(int64_t *sums, __m512i weights) {
    __m512i low = _mm512_cvtepi32_epi64(_mm512_castsi512_si256(weights));
    __m512i high = _mm512_cvtepi32_epi64(_mm512_extracti64x4_epi64(weights, 1));
    _mm512_storeu_si512(sums, _mm512_add_epi64(_mm512_loadu_si512(sums), low));
    _mm512_storeu_si512(sums + 8, _mm512_add_epi64(_mm512_loadu_si512(sums + 8), high));
}

TARGET static inline void put_half(uint32_t *place, __mmask8 kept, __m512i values) {
    _mm256_storeu_si256((__m256i *)place, _mm512_cvtepi64_epi32(_mm512_maskz_compress_epi64(kept, values)));
}

TARGET static inline uint32_t list_model(const valuation_rows *rows, size_t place) {
    return rows->is_wide ? ((const uint32_t *)rows->list_models)[place] : ((const uint16_t *)rows->list_models)[place];
}

// Each weight of a short list is given to all candidates of its model, instead of looking for each candidate's.
TARGET static void add_short_row(const valuation_rows *rows, valuation_row row, const uint32_t *models, size_t count,
                                 int64_t *sums) {
    for (size_t first = 0; first < count; first += 16) {
        __m512i model = _mm512_loadu_si512(models + first), weights = _mm512_setzero_si512();
        for (size_t place = row.start; place < row.start + (size_t)row.shape; place++) {
            __mmask16 found = _mm512_cmpeq_epi32_mask(model, _mm512_set1_epi32((int)list_model(rows, place)));
            weights = _mm512_mask_mov_epi32(weights, found, _mm512_set1_epi32(rows->weights[place]));
        }
        add_weights(sums + first, weights);
    }
}

TARGET static void add_row_avx512(const valuation_rows *rows, valuation_row row, const uint32_t *models, size_t count,
                                  int64_t *sums) {
    if (row.shape == VALUATION_ROW_DENSE) {
        const int32_t *weights = rows->weights + row.start;
        for (size_t first = 0; first < count; first += 16)
            add_weights(sums + first, _mm512_i32gather_epi32(_mm512_loadu_si512(models + first), weights, 4));
        return;
    }
    if (row.shape <= VALUATION_ROW_SHORTEST) {
        add_short_row(rows, row, models, count, sums);
        return;
    }
    const uint64_t *directory = rows->directory + ((row.shape >> 3) & ~3u);
    const __m128i shift = _mm_cvtsi32_si128((int)(row.shape & 31));
    const __m512i low_bits = _mm512_set1_epi64((int64_t)((1u << (row.shape & 31)) - 1));
    const __m512i start_mask = _mm512_set1_epi64((1 << VALUATION_DIRECTORY_START_BITS) - 1);
    const __m512i row_start = _mm512_set1_epi64(row.start);
    lookups queue;
    queue.count = 0;
    for (size_t first = 0; first < count; first += 8) {
        __m512i model = _mm512_cvtepu32_epi64(_mm256_loadu_si256((const __m256i *)(models + first)));
        __m512i bucket = _mm512_srl_epi64(model, shift);
        __m512i entry = _mm512_i64gather_epi64(bucket, directory, 8);
        __m512i position =
            _mm512_mul_epu32(_mm512_and_si512(model, low_bits), _mm512_set1_epi64(VALUATION_DIRECTORY_FILTER_BITS));
        __m512i bit = _mm512_add_epi64(_mm512_srl_epi64(position, shift), _mm512_set1_epi64(VALUATION_DIRECTORY_START_BITS));
        __mmask8 kept = _mm512_test_epi64_mask(entry, _mm512_sllv_epi64(_mm512_set1_epi64(1), bit));
        __m512i next = _mm512_mask_i64gather_epi64(entry, kept, bucket, directory + 1, 8);
        __m512i start = _mm512_add_epi64(row_start, _mm512_and_si512(entry, start_mask));
        __m512i end = _mm512_add_epi64(row_start, _mm512_and_si512(next, start_mask));
        const __m512i places = _mm512_add_epi64(_mm512_set1_epi64((int64_t)first), _mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7));
        put_half(queue.start + queue.count, kept, start);
        put_half(queue.end + queue.count, kept, end);
        put_half(queue.model + queue.count, kept, model);
        put_half(queue.entry + queue.count, kept, places);
        queue.count += (size_t)__builtin_popcount(kept);
        if (queue.count > VALUATION_KERNELS_LOOKUPS) complete(rows, &queue, sums);
    }
    complete(rows, &queue, sums);
}

#undef TARGET
#endif
#endif
