// SPDX-License-Identifier: Apache-2.0
// The loops for which the width of the vector unit decides. Swift compiles for one instruction set alone, so these are C, built
// for three and chosen at run time. Each gives the same bits on every instruction set.
#ifndef VALUATION_KERNELS_H
#define VALUATION_KERNELS_H

#include <stddef.h>
#include <stdint.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

typedef enum {
    VALUATION_KERNELS_BASELINE = 0,  // what every machine of this architecture has
    VALUATION_KERNELS_AVX2 = 1,
    VALUATION_KERNELS_AVX512 = 2,
} valuation_kernels_level;

enum {
    // What the lengths of rows, sums, logits and probabilities are multiples of.
    VALUATION_KERNELS_WIDTH = 16,
    // A list's models are compared so many at once, and as many are read beyond its end.
    VALUATION_KERNELS_FOUND = 16,
};

// The weights of one label for the models of one target; Row.swift says what its members mean.
typedef struct {
    uint32_t start;
    uint32_t shape;
} valuation_row;

// The lowest five bits of a shape: what kind of row it is, or the shift of a list's directory.
enum {
    VALUATION_ROW_KIND = 31,
    VALUATION_ROW_DENSE = 31,
    VALUATION_ROW_SHORT = 30,
    // Of a dense row: whether it shares cache lines with that of the other target.
    VALUATION_ROW_PAIRED = 32,
    // Of a short list: four bits, one less than how many weights there are; the others are a filter.
    VALUATION_ROW_SHORTEST = 16,
    VALUATION_ROW_LENGTH = 5,
    VALUATION_ROW_FILTER = 9,
    VALUATION_ROW_FILTER_BITS = 23,
    // How many weights of one target stand together in a pair of rows.
    VALUATION_ROW_TOGETHER = 8,
    // Of a directory's entry, the bits that are a start, and the others, which are a filter.
    VALUATION_DIRECTORY_START_BITS = 18,
    VALUATION_DIRECTORY_FILTER_BITS = 46,
};

// The memory that rows point into.
typedef struct {
    const int32_t *weights;
    const uint64_t *directory;
    const void *list_models;  // uint32_t where is_wide, otherwise uint16_t
    int64_t is_wide;
} valuation_rows;

// A label and where its weights lie; Label.swift says what bits means.
typedef struct {
    uint64_t key;
    uint64_t bits;
    valuation_row click;
    valuation_row conversion;
} valuation_label;

enum {
    // From the lowest bit of a label's bits: where its kind is, and the kind of a category.
    VALUATION_LABEL_KIND = 62,
    VALUATION_LABEL_CATEGORY = 1,
};

// Where each key of a table stands, if it is there; PerfectHash.swift says how that comes about.
typedef struct {
    uint64_t multiplier;
    uint64_t bucket_shift;
    uint64_t slot_count;
} valuation_hash;

// A block of candidates, and how many features of each are dealt with together: enough weights to be fetched side by side, few
// enough to stay in the first cache.
enum {
    VALUATION_KERNELS_BLOCK = 128,
    VALUATION_KERNELS_DEPTH = 8,
};

// What draws move a logit by is a whole number of these parts of 1: sums of them are exact, in whatever order, up to 2^23.
enum { VALUATION_KERNELS_MOVES = 1 << 30 };

// The table of labels.
typedef struct {
    valuation_hash hash;
    const uint16_t *pilots;
    const valuation_label *slots;
} valuation_labels;

// A feature is so many words, the first of which is its key; a request or an ad has at most so many.
enum { VALUATION_FEATURE_WORDS = 2, VALUATION_MAXIMUM_FEATURES = 10000 };

// What values a campaign: the numbers of its models in their targets, what a value by these is flagged with, and with what
// besides where a conversion model is asked for.
typedef struct {
    uint64_t key;
    uint32_t click_model, conversion_model;
    uint32_t flags, conversion_flags;
} valuation_campaign;

// The table of campaigns. The slot behind those that the hash knows is that of an unknown campaign.
typedef struct {
    valuation_hash hash;
    const uint16_t *pilots;
    const valuation_campaign *slots;
} valuation_campaigns;

// A block of candidates: of each the models, which the absent ones stand for where there is none, its flags, and where its ad's
// features are and how many.
typedef struct {
    uint32_t absent_click, absent_conversion;
    uint32_t *click_models, *conversion_models;
    uint32_t *flags;
    const uint64_t **features;
    uint32_t *lengths;
    // What the values are to say that they are from.
    uint32_t source;
    // Whether any candidate has a model for clicks, whether any has one for conversions, and the greatest length.
    uint32_t wants_clicks, wants_conversions, longest;
} valuation_block;

// Which weights were found: where each stands, and which sum it was added to, plus BLOCK times the number of its row.
typedef struct {
    uint32_t *places, *sums;
    size_t count;
} valuation_found;

// What a model's logit is made of: constant + unit * sum.
typedef struct {
    double constant;
    double unit;
} valuation_scale;

typedef struct {
    // look_up and add_row deal with 2^lane_bits weights at once.
    int64_t lane_bits;
    // Fills a block from count <= BLOCK candidates (valuation_candidate): their models, lengths up to count rounded up to
    // VALUATION_KERNELS_WIDTH, and flags, which are also request_flags. Begins to fetch their features and the next block.
    void (*read)(const void *candidates, size_t count, const valuation_campaigns *campaigns, uint32_t request_flags,
                 valuation_block *block);
    // sums[i] = rows[0][i] + rows[1][i] + ... for each i below width; of the first paired_count rows, eight weights in a row of
    // sixteen are others' (VALUATION_ROW_PAIRED).
    void (*sum_rows)(const int32_t *const *rows, size_t paired_count, size_t row_count, size_t width, int64_t *sums);
    // For each i below width where lengths[i] > position: the rows of the label of features[i] at that position if it is a
    // category; otherwise empty rows, and a bit in unusual[i / 16]. Empty rows elsewhere. Returns whether any bit is set.
    int (*resolve)(const valuation_labels *labels, const uint64_t *const *features, const uint32_t *lengths, size_t position,
                   size_t width, valuation_row *click, valuation_row *conversion, uint16_t *unusual);
    // sums[i] += the weights of models[i] in list[i], list[BLOCK + i], list[2 * BLOCK + i] ..., depth of them, for each i below
    // width <= BLOCK. Appends to found, unless that is NULL, the places that dense rows have for a weight, and of lists those
    // of the weights that are there: up to depth * width.
    void (*look_up)(const valuation_rows *rows, const valuation_row *list, size_t depth, const uint32_t *models, size_t width,
                    int64_t *sums, valuation_found *found);
    // sums[i] += the weight of models[i] in row, or 0, for each i below count. models up to count rounded up to
    // VALUATION_KERNELS_WIDTH must be valid, and as many sums may be changed.
    void (*add_row)(const valuation_rows *rows, valuation_row row, const uint32_t *models, size_t count, int64_t *sums);
    // logits[i] = scales[m].constant + scales[m].unit * sums[i] with m = models[i], or i where models is NULL, for each i below
    // width.
    void (*scale)(const int64_t *sums, const valuation_scale *scales, const uint32_t *models, size_t width, double *logits);
    // probabilities[i] = 1 / (1 + e^-z) with z = logits[i] cut at +-bound <= 80, for each i below width; returns whether any
    // was cut. See Sigmoid.swift for the error.
    int (*sigmoid)(const double *logits, size_t width, double bound, float *probabilities);
    // For each i below width, a multiple of eight, and each of the rows: moved[i] += d * z, rounded to whole
    // 1 / VALUATION_KERNELS_MOVES, and variances[i] += d * d, with z drawn by the row's label and halves[i] from the table of
    // normal numbers whose upper half is given. d is row[places[i]]; where places is NULL, the row's number for model i, of
    // paired rows where is_paired. See Draw.swift and NormalTable.swift.
    void (*draw)(const float *const *rows, const uint32_t *labels, size_t row_count, const uint32_t *places, int64_t is_paired,
                 const uint32_t *halves, const float *upper, size_t width, double *moved, double *variances);
    // Writes the values (valuation_value) of the count candidates of a block.
    void (*write)(const void *candidates, const valuation_block *block, const float *clicks, const float *conversions,
                  size_t count, void *values);
} valuation_kernels;

// Hidden: no part of the library's interface.
#pragma GCC visibility push(hidden)

// The loops for one instruction set, or NULL where this machine lacks it.
const valuation_kernels *valuation_kernels_for(valuation_kernels_level level);

// The loops for the widest instruction set of this machine. Asks the processor; touches nothing of the process.
const valuation_kernels *valuation_kernels_for_this_machine(void);

#pragma GCC visibility pop

// One bit for each of the 16 numbers at list that equals number. Reads all of them.
static inline uint32_t valuation_kernels_find16(const uint16_t *list, uint16_t number) {
#if defined(__SSE2__)
    __m128i wanted = _mm_set1_epi16((short)number);
    __m128i low = _mm_cmpeq_epi16(_mm_loadu_si128((const __m128i *)list), wanted);
    __m128i high = _mm_cmpeq_epi16(_mm_loadu_si128((const __m128i *)(list + 8)), wanted);
    return (uint32_t)_mm_movemask_epi8(_mm_packs_epi16(low, high));
#else
    uint32_t found = 0;
    for (uint32_t i = 0; i < VALUATION_KERNELS_FOUND; i++) found |= (uint32_t)(list[i] == number) << i;
    return found;
#endif
}

// The same of 32-bit numbers.
static inline uint32_t valuation_kernels_find32(const uint32_t *list, uint32_t number) {
#if defined(__SSE2__)
    __m128i wanted = _mm_set1_epi32((int)number);
    __m128i a = _mm_cmpeq_epi32(_mm_loadu_si128((const __m128i *)list), wanted);
    __m128i b = _mm_cmpeq_epi32(_mm_loadu_si128((const __m128i *)(list + 4)), wanted);
    __m128i c = _mm_cmpeq_epi32(_mm_loadu_si128((const __m128i *)(list + 8)), wanted);
    __m128i d = _mm_cmpeq_epi32(_mm_loadu_si128((const __m128i *)(list + 12)), wanted);
    return (uint32_t)_mm_movemask_epi8(_mm_packs_epi16(_mm_packs_epi32(a, b), _mm_packs_epi32(c, d)));
#else
    uint32_t found = 0;
    for (uint32_t i = 0; i < VALUATION_KERNELS_FOUND; i++) found |= (uint32_t)(list[i] == number) << i;
    return found;
#endif
}

// Where a model's weight stands among the places start ... end - 1 of the lists, or VALUATION_ROWS_NOWHERE. Sixteen places are
// compared at once, which is nearly always all there are, so that the processor has nothing to guess.
#define VALUATION_ROWS_NOWHERE UINT32_MAX
static inline uint32_t valuation_rows_place(const valuation_rows *rows, uint32_t model, uint32_t start, uint32_t end) {
    uint32_t found = 0;
    for (;;) {
        found = rows->is_wide ? valuation_kernels_find32((const uint32_t *)rows->list_models + start, model)
                              : valuation_kernels_find16((const uint16_t *)rows->list_models + start, (uint16_t)model);
        uint32_t count = end - start;
        if (count >= VALUATION_KERNELS_FOUND) {
            if (found || count == VALUATION_KERNELS_FOUND) break;
            start += VALUATION_KERNELS_FOUND;
        } else {
            found &= (1u << count) - 1;
            break;
        }
    }
    return found ? start + (uint32_t)__builtin_ctz(found) : VALUATION_ROWS_NOWHERE;
}

// The weight at a place that valuation_rows_place gave, or 0.
static inline int32_t valuation_rows_at(const valuation_rows *rows, uint32_t place) {
    // Where there is none, a place that is in the cache.
    int32_t weight = rows->weights[place == VALUATION_ROWS_NOWHERE ? 0 : place];
    return place == VALUATION_ROWS_NOWHERE ? 0 : weight;
}

// The weight of a model among the places start ... end - 1 of the lists, or 0.
static inline int32_t valuation_rows_find(const valuation_rows *rows, uint32_t model, uint32_t start, uint32_t end) {
    return valuation_rows_at(rows, valuation_rows_place(rows, model, start, end));
}

static inline uint32_t valuation_row_kind(valuation_row row) {
    return row.shape & VALUATION_ROW_KIND;
}

// How far behind the start of a dense row the weight of a model stands.
static inline uint32_t valuation_row_dense_place(valuation_row row, uint32_t model) {
    return row.shape & VALUATION_ROW_PAIRED ? model + (model & ~(VALUATION_ROW_TOGETHER - 1u)) : model;
}

static inline uint32_t valuation_row_short_length(valuation_row row) {
    return ((row.shape >> VALUATION_ROW_LENGTH) & (VALUATION_ROW_SHORTEST - 1)) + 1;
}

// The bit of a short list's shape that is set where a model has a weight, and perhaps where another one has. Neighbouring
// models have different bits.
#define VALUATION_ROW_SCATTER UINT32_C(0x9e3779b1)
static inline uint32_t valuation_row_short_mark(uint32_t model) {
    uint32_t scattered = (model * VALUATION_ROW_SCATTER) >> 16;
    return 1u << (VALUATION_ROW_FILTER + ((scattered * VALUATION_ROW_FILTER_BITS) >> 16));
}

// Where the bucket of a model has its entry in the directory.
static inline uint32_t valuation_row_bucket(valuation_row row, uint32_t model) {
    return ((row.shape >> 3) & ~3u) + (model >> (row.shape & 31));
}

// The bit of a directory's entry that is set where a model has a weight, and perhaps where another one has.
static inline uint64_t valuation_row_mark(valuation_row row, uint32_t model) {
    uint32_t shift = row.shape & 31;
    uint32_t position = model & ((1u << shift) - 1);
    return 1ull << (VALUATION_DIRECTORY_START_BITS + ((position * VALUATION_DIRECTORY_FILTER_BITS) >> shift));
}

static inline uint32_t valuation_directory_start(uint64_t entry) {
    return (uint32_t)(entry & ((1u << VALUATION_DIRECTORY_START_BITS) - 1));
}

// The weight of a model in a row, or 0.
static inline int32_t valuation_rows_weight(const valuation_rows *rows, valuation_row row, uint32_t model) {
    if (row.shape == 0) return 0;
    if (valuation_row_kind(row) == VALUATION_ROW_DENSE)
        return rows->weights[row.start + (size_t)valuation_row_dense_place(row, model)];
    if (valuation_row_kind(row) == VALUATION_ROW_SHORT) {
        if (!(row.shape & valuation_row_short_mark(model))) return 0;
        return valuation_rows_find(rows, model, row.start, row.start + valuation_row_short_length(row));
    }
    const uint64_t *bucket = rows->directory + valuation_row_bucket(row, model);
    if (!(bucket[0] & valuation_row_mark(row, model))) return 0;
    return valuation_rows_find(rows, model, row.start + valuation_directory_start(bucket[0]),
                               row.start + valuation_directory_start(bucket[1]));
}

static inline uint64_t valuation_hash_bucket(valuation_hash hash, uint64_t key) {
    return (key * hash.multiplier) >> hash.bucket_shift;
}

#define VALUATION_HASH_PILOT UINT32_C(0xd6e8feb9)
#define VALUATION_HASH_MIX UINT64_C(0xff51afd7ed558ccd)
static inline uint64_t valuation_hash_place(valuation_hash hash, uint64_t key, uint16_t pilot) {
    uint64_t mixed = ((key * hash.multiplier) ^ (uint64_t)pilot * VALUATION_HASH_PILOT) * VALUATION_HASH_MIX;
    // The upper half as a fraction of 2^32 (Lemire, "Fast random integer generation in an interval", 2019).
    return ((mixed >> 32) * hash.slot_count) >> 32;
}

static inline void valuation_kernels_prefetch(const void *address) {
    __builtin_prefetch(address);
}

#endif
