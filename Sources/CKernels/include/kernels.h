// SPDX-License-Identifier: Apache-2.0
// The loops whose speed depends on the width of the vector unit. Swift compiles for one instruction set alone, so these
// are C, built for three and chosen at run time. Each gives the same bits on every instruction set.
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
    // Lengths of rows, sums, logits and probabilities are multiples of this.
    VALUATION_KERNELS_WIDTH = 16,
    // This many models of a list are compared at once, and as many are read beyond its end.
    VALUATION_KERNELS_FOUND = 16,
    // So many rows of each target are looked up together for the only candidate.
    VALUATION_KERNELS_PAIR = 64,
};

// The weights of one label for the models of one target; Row.swift describes its members.
typedef struct {
    uint32_t start;
    uint32_t shape;
} valuation_row;

// The lowest five bits of a shape: the type of the row, or the shift of a list's directory.
enum {
    VALUATION_ROW_KIND = 31,
    VALUATION_ROW_DENSE = 31,
    VALUATION_ROW_SHORT = 30,
    // For a dense row: whether it shares cache lines with that of the other target.
    VALUATION_ROW_PAIRED = 32,
    // For a short list: four bits, the number of its weights less one; the others are a filter.
    VALUATION_ROW_SHORTEST = 16,
    VALUATION_ROW_LENGTH = 5,
    VALUATION_ROW_FILTER = 9,
    VALUATION_ROW_FILTER_BITS = 23,
    // The number of consecutive weights of one target in a pair of rows.
    VALUATION_ROW_TOGETHER = 8,
    // In a directory's entry, the number of bits of the start and of the filter.
    VALUATION_DIRECTORY_START_BITS = 18,
    VALUATION_DIRECTORY_FILTER_BITS = 46,
};

// The memory that rows point into.
typedef struct {
    const int32_t *weights;
    const uint64_t *directory;
    const void *list_models;  // uint32_t where is_wide, otherwise uint16_t
    int64_t is_wide;
    int64_t is_far;  // so large that most reads wait for memory, not for a cache
} valuation_rows;

// A label and the positions of its weights; Label.swift describes bits.
typedef struct {
    uint64_t key;
    uint64_t bits;
    valuation_row click;
    valuation_row conversion;
} valuation_label;

enum {
    // In a label's bits, from the lowest: the position of its type, and the types of a category and a number.
    VALUATION_LABEL_KIND = 62,
    VALUATION_LABEL_CATEGORY = 1,
    VALUATION_LABEL_NUMBER = 2,
};

// The hash that gives the slot of each key of a table; PerfectHash.swift describes it.
typedef struct {
    uint64_t multiplier;
    uint64_t bucket_shift;
    uint64_t slot_count;
} valuation_hash;

// The size of a block of candidates, and how many features of each are processed together: enough weights to fetch in
// parallel, few enough to stay in the L1 cache.
enum {
    VALUATION_KERNELS_BLOCK = 128,
    VALUATION_KERNELS_DEPTH = 8,
};

// Draws move a logit by whole multiples of this fraction of 1: sums of them are exact, in any order, up to 2^23.
enum { VALUATION_KERNELS_MOVES = 1 << 30 };

// The largest number of rows that are drawn from at once.
enum { VALUATION_KERNELS_DRAWN_ROWS = 32 };

// The table of labels.
typedef struct {
    valuation_hash hash;
    const uint16_t *pilots;
    const valuation_label *slots;
} valuation_labels;

// Data of up to so many bytes lies in the second-level cache of most machines, or in the third; other data in memory.
enum { VALUATION_SECOND_CACHE = 1 << 21, VALUATION_THIRD_CACHE = 1 << 25, VALUATION_LEVELS = 3 };

// What the paths of a request's rows cost, in picoseconds (TargetScoring+Sums.swift takes the cheapest).
typedef struct {
    // Adding rows to the sums of all models: a weight of a dense row; setting a model's sum; a list, and each of its
    // weights, whose sum is cleared later; a weight of a number.
    int32_t dense_weight, sum, list, list_weight, number_weight;
    // Looking rows up for a candidate: a dense row, each weight of a short list, a longer list, each step of the
    // search for a number's weight.
    int32_t dense_lookup, short_lookup, list_lookup, number_step;
    // Reading a candidate's sum; a candidate's probability from its sum; a model's probability.
    int32_t candidate, candidate_probability, model_probability;
} valuation_prices;

// The size of a feature in words, of which the first is its key, and the largest number of features of a request or an
// ad.
enum { VALUATION_FEATURE_WORDS = 2, VALUATION_MAXIMUM_FEATURES = 10000 };

// The models of a campaign: their numbers in their targets, the flags of values from them, and further flags of values
// that need a conversion model.
typedef struct {
    uint64_t key;
    uint32_t click_model, conversion_model;
    uint32_t flags, conversion_flags;
} valuation_campaign;

// The table of campaigns. The slot after those that the hash gives is that of an unknown campaign.
typedef struct {
    valuation_hash hash;
    const uint16_t *pilots;
    const valuation_campaign *slots;
} valuation_campaigns;

// A block of candidates: for each the models (or the numbers that stand for no model), its flags, its ad's features and
// their number.
typedef struct {
    uint32_t absent_click, absent_conversion;
    uint32_t *click_models, *conversion_models;
    uint32_t *flags;
    const uint64_t **features;
    uint32_t *lengths;
    // The source that the values name.
    uint32_t source;
    // Whether any candidate has a click model, whether any has a conversion model, and the greatest length.
    uint32_t wants_clicks, wants_conversions, longest;
    // Unless offsets is NULL: the candidates have no features of their own (those that have are invalid), but those of an
    // array (valuation_feature), from each one's offset to the next one.
    const uint32_t *offsets;
    const void *array;
} valuation_block;

// The weights that were found: the position of each, and the index of the sum that it was added to, plus BLOCK times
// the number of its row.
typedef struct {
    uint32_t *places, *sums;
    size_t count;
} valuation_found;

// A number of each target.
typedef struct {
    int64_t click, conversion;
} valuation_pair;

// The logit of a model: constant + unit * sum.
typedef struct {
    double constant;
    double unit;
} valuation_scale;

typedef struct {
    // Fills a block from count <= BLOCK candidates (valuation_candidate): their models, lengths up to count rounded up
    // to VALUATION_KERNELS_WIDTH, and flags, which include request_flags. Prefetches their features and the next block.
    void (*read)(const void *candidates, size_t count, const valuation_campaigns *campaigns, uint32_t request_flags,
                 valuation_block *block);
    // sums[i] = rows[0][i] + rows[1][i] + ... for each i below width; in the first paired_count rows, eight weights of
    // each sixteen belong to the other target (VALUATION_ROW_PAIRED).
    void (*sum_rows)(const int32_t *const *rows, size_t paired_count, size_t row_count, size_t width, int64_t *sums);
    // For each i below count <= BLOCK and each of depth <= DEPTH positions p, with place = (p - position) * BLOCK + i and
    // lengths[i] > p: the rows of the label of features[i] at p if it is a category, in click[place] and
    // conversion[place]; otherwise empty rows, and a bit in unusual[place / 16]. Empty rows elsewhere, and after the
    // last one up to what look_up reads. Returns whether any bit is set.
    int (*resolve)(const valuation_labels *labels, const uint64_t *const *features, const uint32_t *lengths, size_t position,
                   size_t depth, size_t count, valuation_row *click, valuation_row *conversion, uint16_t *unusual);
    // sums[i] += the weights of models[i] in list[i], list[BLOCK + i], list[2 * BLOCK + i] ..., depth <= DEPTH of them,
    // for each i below count <= BLOCK. After the last model and the last row of each feature, more must follow up to a
    // multiple of the set's vector, which is eight or WIDTH: any valid models, and empty rows. As many sums may be
    // changed. Unless found is NULL, appends to it the positions of weights in dense rows, and of those weights in lists
    // that exist: up to depth * count.
    void (*look_up)(const valuation_rows *rows, const valuation_row *list, size_t depth, const uint32_t *models, size_t count,
                    int64_t *sums, valuation_found *found);
    // sums[i] += the weights of models[i] in the row_count <= BLOCK rows of list, for each i below count <= BLOCK. After
    // the last model and the last row, more must follow up to a multiple of VALUATION_KERNELS_WIDTH: any valid models, and
    // empty rows. As many sums may be changed.
    void (*add_rows)(const valuation_rows *rows, const valuation_row *list, size_t row_count, const uint32_t *models,
                     size_t count, int64_t *sums);
    // The sums of the weights of a model of each target in its rows, as valuation_list_pair lists and counts them: what
    // add_rows does for one candidate, with the reads of both targets in flight at once.
    valuation_pair (*add_pair)(const valuation_rows *rows, const valuation_row *list, valuation_pair counts,
                               valuation_pair models);
    // logits[i] = scales[m].constant + scales[m].unit * sums[i] with m = models[i], or i if models is NULL, for each i
    // below count rounded up to a multiple of eight.
    void (*scale)(const int64_t *sums, const valuation_scale *scales, const uint32_t *models, size_t count, double *logits);
    // probabilities[i] = 1 / (1 + e^-z) with z = logits[i] clamped to +-bound <= 80, for each i below count rounded up to
    // a multiple of eight; returns whether any was clamped. See Sigmoid.swift for the error.
    int (*sigmoid)(const double *logits, size_t count, double bound, float *probabilities);
    // For each i below count, and each of at most VALUATION_KERNELS_DRAWN_ROWS rows: moved[i] += d * z, rounded to whole
    // 1 / VALUATION_KERNELS_MOVES, and, unless variances is NULL, variances[i] += d * d. z is drawn by the row's label and
    // campaigns[i]; see Draw.swift. d, which is within +-8192, is row[places[i]]; if places is NULL, it is the row's number
    // for model i, of paired rows if is_paired. All arrays go on up to a multiple of eight, where they may be changed.
    void (*draw)(const float *const *rows, const uint32_t *labels, size_t row_count, const uint32_t *places, int64_t is_paired,
                 const uint32_t *campaigns, size_t count, double *moved, double *variances);
    // means[i] = the mean of the probabilities[m][i] of those of the count members m whose models[m][i] is not absent[m],
    // and which are not NaN; NaN if there is none; for each i below width, a multiple of eight.
    void (*average)(const float *const *probabilities, const uint32_t *const *models, const uint32_t *absent, size_t count,
                    size_t width, float *means);
    // Writes the values (valuation_value) of the count candidates of a block.
    void (*write)(const void *candidates, const valuation_block *block, const float *clicks, const float *conversions,
                  size_t count, void *values);
    // By where the data lies, VALUATION_LEVELS of them (prices.c).
    const valuation_prices *prices;
} valuation_kernels;

// Hidden: not part of the library's interface.
#pragma GCC visibility push(hidden)

// The loops for one instruction set, or NULL if this machine lacks it.
const valuation_kernels *valuation_kernels_for(valuation_kernels_level level);

// The loops for the widest instruction set of this machine. Asks the processor; changes nothing in the process.
const valuation_kernels *valuation_kernels_for_this_machine(void);

// A feature or cross that some model knows.
typedef struct {
    const valuation_label *slot;
    double number;
} valuation_term;

// What some of a request's features are, besides known categories.
typedef struct {
    int has_numbers, has_unknown, has_invalid;
} valuation_resolved;

// Finds the labels of count features (valuation_feature), all at once, and stores those that models know, in terms, which
// has room for count. Says in found what else there is. Returns how many are known.
size_t valuation_resolve(const valuation_labels *labels, const uint64_t *features, size_t count, valuation_term *terms,
                         valuation_resolved *found);

// Stores the rows that are not empty, dense rows first, then lists in any order, so that neighbours are of one form. No
// term may be a number. rows has room for count. Returns how many rows.
size_t valuation_list_rows(const valuation_term *terms, size_t count, int is_conversion, valuation_row *rows);

// The same for both targets and count <= VALUATION_KERNELS_PAIR: clicks' from rows[0], conversions' from
// rows[VALUATION_KERNELS_PAIR], with empty ones after the last of each up to a multiple of VALUATION_KERNELS_WIDTH. Leaves
// numbers out, of which there are none unless has_numbers. Returns how many rows of each.
valuation_pair valuation_list_pair(const valuation_term *terms, size_t count, int has_numbers, valuation_row *rows);

// Whether any of count offsets is greater than the one after it.
int valuation_offsets_fall(const uint32_t *offsets, size_t count);

// Copies count candidates (valuation_candidate) and lets each point to its features, which begin at its offset in features.
// One that has features already becomes invalid.
void valuation_connect(const void *candidates, size_t count, const void *features, const uint32_t *offsets, void *connected);

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

// The same for 32-bit numbers.
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

// The position of a model's weight in the elements start ... end - 1 of the lists, or VALUATION_ROWS_NOWHERE. Sixteen
// elements are compared at once, which is nearly always all, so that no branch is mispredicted.
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

// The weight at a position from valuation_rows_place, or 0.
static inline int32_t valuation_rows_at(const valuation_rows *rows, uint32_t place) {
    // If there is none, a position that is in the cache.
    int32_t weight = rows->weights[place == VALUATION_ROWS_NOWHERE ? 0 : place];
    return place == VALUATION_ROWS_NOWHERE ? 0 : weight;
}

// The weight of a model in the elements start ... end - 1 of the lists, or 0.
static inline int32_t valuation_rows_find(const valuation_rows *rows, uint32_t model, uint32_t start, uint32_t end) {
    return valuation_rows_at(rows, valuation_rows_place(rows, model, start, end));
}

static inline uint32_t valuation_row_kind(valuation_row row) {
    return row.shape & VALUATION_ROW_KIND;
}

// The offset of a model's weight from the start of a dense row.
static inline uint32_t valuation_row_dense_place(valuation_row row, uint32_t model) {
    return row.shape & VALUATION_ROW_PAIRED ? model + (model & ~(VALUATION_ROW_TOGETHER - 1u)) : model;
}

static inline uint32_t valuation_row_short_length(valuation_row row) {
    return ((row.shape >> VALUATION_ROW_LENGTH) & (VALUATION_ROW_SHORTEST - 1)) + 1;
}

// The bit of a short list's shape that is set if a model has a weight, and possibly if another one has. Neighbouring
// models have different bits.
#define VALUATION_ROW_SCATTER UINT32_C(0x9e3779b1)
static inline uint32_t valuation_row_short_mark(uint32_t model) {
    uint32_t scattered = (model * VALUATION_ROW_SCATTER) >> 16;
    return 1u << (VALUATION_ROW_FILTER + ((scattered * VALUATION_ROW_FILTER_BITS) >> 16));
}

// The index in the directory of the entry of a model's bucket.
static inline uint32_t valuation_row_bucket(valuation_row row, uint32_t model) {
    return ((row.shape >> 3) & ~3u) + (model >> (row.shape & 31));
}

// The bit of a directory's entry that is set if a model has a weight, and possibly if another one has.
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
