// SPDX-License-Identifier: Apache-2.0
// Looking up many weights, each in another row. The time goes into fetching them, so as much as possible is done
// without a branch on fetched data, and the processor has many fetches in flight.
#ifndef VALUATION_LOOK_UP_H
#define VALUATION_LOOK_UP_H

#include "kernels.h"

enum { QUEUE = 256 };

// Lookups that may find something: the possible position in the lists of a model's weight, and the index of its sum, as
// in valuation_found.
typedef struct {
    uint32_t start[QUEUE + 16], end[QUEUE + 16], model[QUEUE + 16], sum[QUEUE + 16];
    size_t count;
} lookups;

__attribute__((noinline)) static void note(const lookups *queue, valuation_found *found) {
    for (size_t i = 0; i < queue->count; i++) {
        found->places[found->count] = queue->start[i];
        found->sums[found->count] = queue->sum[i];
        found->count += queue->start[i] != VALUATION_ROWS_NOWHERE;
    }
}

// Stores the positions of the models' weights in dense rows; base is the index of the first sum.
__attribute__((noinline)) static void note_dense(const valuation_row *list, const uint32_t *models, size_t width, uint32_t base,
                                                 valuation_found *found) {
    for (size_t i = 0; i < width; i++) {
        if (valuation_row_kind(list[i]) != VALUATION_ROW_DENSE) continue;
        found->places[found->count] = list[i].start + valuation_row_dense_place(list[i], models[i]);
        found->sums[found->count++] = base + (uint32_t)i;
    }
}

// Adds the weights that the lookups find, and stores them unless found is NULL. It works in steps; each prefetches what
// the next one reads.
static inline void complete(const valuation_rows *rows, lookups *queue, int64_t *sums, valuation_found *found) {
    size_t width = rows->is_wide ? 4 : 2;
    for (size_t i = 0; i < queue->count; i++)
        valuation_kernels_prefetch((const char *)rows->list_models + queue->start[i] * width);
    for (size_t i = 0; i < queue->count; i++) {
        uint32_t place = valuation_rows_place(rows, queue->model[i], queue->start[i], queue->end[i]);
        queue->start[i] = place;
        valuation_kernels_prefetch(rows->weights + (place == VALUATION_ROWS_NOWHERE ? 0 : place));
    }
    if (found) note(queue, found);
    for (size_t i = 0; i < queue->count; i++)
        sums[queue->sum[i] % VALUATION_KERNELS_BLOCK] += valuation_rows_at(rows, queue->start[i]);
    queue->count = 0;
}

// Enqueues a list; branches depend only on its row.
static inline void enqueue(const valuation_rows *rows, valuation_row row, uint32_t model, uint32_t sum, lookups *queue) {
    int is_short = valuation_row_kind(row) == VALUATION_ROW_SHORT;
    const uint64_t *bucket = rows->directory + (is_short ? 0 : valuation_row_bucket(row, model));
    uint64_t entry = bucket[0], next = bucket[1];
    int may_have =
        is_short ? (row.shape & valuation_row_short_mark(model)) != 0 : (entry & valuation_row_mark(row, model)) != 0;
    queue->start[queue->count] = row.start + (is_short ? 0 : valuation_directory_start(entry));
    queue->end[queue->count] = row.start + (is_short ? valuation_row_short_length(row) : valuation_directory_start(next));
    queue->model[queue->count] = model;
    queue->sum[queue->count] = sum;
    queue->count += (size_t)may_have;
}

static void look_up_baseline(const valuation_rows *rows, const valuation_row *list, size_t depth, const uint32_t *models,
                             size_t width, int64_t *sums, valuation_found *found) {
    uint32_t listed[VALUATION_KERNELS_BLOCK];
    lookups queue;
    queue.count = 0;
    for (size_t level = 0; level < depth; level++) {
        const valuation_row *level_rows = list + level * VALUATION_KERNELS_BLOCK;
        const uint32_t base = (uint32_t)level * VALUATION_KERNELS_BLOCK;
        if (found) note_dense(level_rows, models, width, base, found);
        size_t listed_count = 0;
        for (size_t i = 0; i < width; i++) {
            valuation_row row = level_rows[i];
            int is_dense = valuation_row_kind(row) == VALUATION_ROW_DENSE;
            int32_t weight = rows->weights[is_dense ? row.start + (size_t)valuation_row_dense_place(row, models[i]) : 0];
            sums[i] += is_dense ? weight : 0;
            listed[listed_count] = (uint32_t)i;
            listed_count += !is_dense && row.shape != 0;
        }
        for (size_t i = 0; i < listed_count; i++)
            enqueue(rows, level_rows[listed[i]], models[listed[i]], base + listed[i], &queue);
        if (queue.count > QUEUE - VALUATION_KERNELS_BLOCK) complete(rows, &queue, sums, found);
    }
    complete(rows, &queue, sums, found);
}

static void add_row_baseline(const valuation_rows *rows, valuation_row row, const uint32_t *models, size_t count,
                             int64_t *sums) {
    if (valuation_row_kind(row) == VALUATION_ROW_DENSE) {
        const int32_t *weights = rows->weights + row.start;
        for (size_t i = 0; i < count; i++) sums[i] += weights[valuation_row_dense_place(row, models[i])];
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

TARGET static inline __m256i low_half(__m512i values) {
    return _mm512_castsi512_si256(values);
}

TARGET static inline __m256i high_half(__m512i values) {
    return _mm512_extracti64x4_epi64(values, 1);
}

TARGET static inline void put(uint32_t *place, __mmask16 kept, __m512i values) {
    _mm512_storeu_si512(place, _mm512_maskz_compress_epi32(kept, values));
}

TARGET static inline void add_weights(int64_t *sums, __m256i low, __m256i high) {
    _mm512_storeu_si512(sums, _mm512_add_epi64(_mm512_loadu_si512(sums), _mm512_cvtepi32_epi64(low)));
    _mm512_storeu_si512(sums + 8, _mm512_add_epi64(_mm512_loadu_si512(sums + 8), _mm512_cvtepi32_epi64(high)));
}

// The offsets of the weights of sixteen models in dense rows.
TARGET static inline __m512i dense_places(__m512i shape, __m512i model) {
    __mmask16 paired = _mm512_test_epi32_mask(shape, _mm512_set1_epi32(VALUATION_ROW_PAIRED));
    return _mm512_mask_add_epi32(model, paired, model, _mm512_and_si512(model, _mm512_set1_epi32(-VALUATION_ROW_TOGETHER)));
}

// Adds the weights of sixteen models in dense rows. The index of a gather is signed, so positions are relative to the
// middle.
TARGET static inline void add_dense(const valuation_rows *rows, __mmask16 dense, __m512i places, int64_t *sums) {
    const void *middle = (const void *)((uintptr_t)rows->weights + (sizeof(int32_t) << 31));
    places = _mm512_xor_si512(places, _mm512_set1_epi32(INT32_MIN));
    __m512i weights = _mm512_mask_i32gather_epi32(_mm512_setzero_si512(), dense, places, middle, 4);
    add_weights(sums, low_half(weights), high_half(weights));
}

// Which of sixteen short lists may have a weight.
TARGET static inline __mmask16 pass_short(__mmask16 is_short, __m512i shape, __m512i model) {
    __m512i scattered = _mm512_srli_epi32(_mm512_mullo_epi32(model, _mm512_set1_epi32((int)VALUATION_ROW_SCATTER)), 16);
    __m512i bit = _mm512_srli_epi32(_mm512_mullo_epi32(scattered, _mm512_set1_epi32(VALUATION_ROW_FILTER_BITS)), 16);
    bit = _mm512_add_epi32(bit, _mm512_set1_epi32(VALUATION_ROW_FILTER));
    return _mm512_mask_test_epi32_mask(is_short, shape, _mm512_sllv_epi32(_mm512_set1_epi32(1), bit));
}

// The positions in the directory of sixteen models' buckets.
TARGET static inline __m512i buckets(__m512i shape, __m512i kind, __m512i model) {
    return _mm512_add_epi32(_mm512_andnot_si512(_mm512_set1_epi32(3), _mm512_srli_epi32(shape, 3)),
                            _mm512_srlv_epi32(model, kind));
}

// Which of sixteen lists with a directory may have a weight.
TARGET static inline __mmask16 pass_directory(const valuation_rows *rows, __mmask16 is_list, __m512i shape, __m512i kind,
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
TARGET static inline void enqueue_lists(const valuation_rows *rows, __mmask16 is_list, __m512i start, __m512i shape,
                                        __m512i model, __m512i sum, lookups *queue) {
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
TARGET static inline void complete_lists(const valuation_rows *rows, lookups *queue, int64_t *sums, valuation_found *found) {
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

TARGET static void look_up_avx512(const valuation_rows *rows, const valuation_row *list, size_t depth, const uint32_t *models,
                                  size_t width, int64_t *sums, valuation_found *found) {
    const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const __m512i evens = _mm512_slli_epi32(lanes, 1), odds = _mm512_add_epi32(evens, _mm512_set1_epi32(1));
    lookups queue;
    queue.count = 0;
    for (size_t level = 0; level < depth; level++) {
        const uint32_t base = (uint32_t)level * VALUATION_KERNELS_BLOCK;
        if (found) note_dense(list + base, models, width, base, found);
        for (size_t first = 0; first < width; first += 16) {
            const valuation_row *sixteen = list + base + first;
            __m512i low = _mm512_loadu_si512(sixteen), high = _mm512_loadu_si512(sixteen + 8);
            __m512i start = _mm512_permutex2var_epi32(low, evens, high);
            __m512i shape = _mm512_permutex2var_epi32(low, odds, high);
            __m512i model = _mm512_loadu_si512(models + first);
            __m512i kind = _mm512_and_si512(shape, _mm512_set1_epi32(VALUATION_ROW_KIND));
            __mmask16 dense = _mm512_cmpeq_epi32_mask(kind, _mm512_set1_epi32(VALUATION_ROW_DENSE));
            __mmask16 is_list = _mm512_test_epi32_mask(shape, shape) & (__mmask16)~dense;
            if (dense) add_dense(rows, dense, _mm512_add_epi32(start, dense_places(shape, model)), sums + first);
            __m512i sum = _mm512_add_epi32(lanes, _mm512_set1_epi32((int)(base + first)));
            if (is_list) enqueue_lists(rows, is_list, start, shape, model, sum, &queue);
            if (queue.count > QUEUE - 16) complete_lists(rows, &queue, sums, found);
        }
    }
    complete_lists(rows, &queue, sums, found);
}

TARGET static inline uint32_t list_model(const valuation_rows *rows, size_t place) {
    return rows->is_wide ? ((const uint32_t *)rows->list_models)[place] : ((const uint16_t *)rows->list_models)[place];
}

// Each weight of a short list is added to all candidates of its model, instead of looking for each candidate's.
TARGET static void add_short_row(const valuation_rows *rows, valuation_row row, const uint32_t *models, size_t count,
                                 int64_t *sums) {
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

TARGET static void add_row_avx512(const valuation_rows *rows, valuation_row row, const uint32_t *models, size_t count,
                                  int64_t *sums) {
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

#undef TARGET
#endif
#endif
