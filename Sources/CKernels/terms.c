// SPDX-License-Identifier: Apache-2.0
// A request's features: where the models' weights for them are. The loops wait for memory, so that every machine has the
// same.
#include "kernels.h"

#include <math.h>

static inline uint64_t place_of(valuation_hash hash, const uint16_t *pilots, uint64_t key) {
    return valuation_hash_place(hash, key, pilots[valuation_hash_bucket(hash, key)]);
}

size_t valuation_resolve(const valuation_labels *labels, const uint64_t *features, size_t count, valuation_term *terms,
                         valuation_resolved *found) {
    const valuation_hash hash = labels->hash;
    const uint16_t *pilots = labels->pilots;
    const valuation_label *slots = labels->slots;
    for (size_t i = 0; i < count; i++) {
        const uint64_t key = features[VALUATION_FEATURE_WORDS * i];
        terms[i].slot = slots + place_of(hash, pilots, key);
        valuation_kernels_prefetch(terms[i].slot);
    }
    size_t known = 0;
    for (size_t i = 0; i < count; i++) {
        const valuation_label *slot = terms[i].slot;
        const uint64_t kind = slot->bits >> VALUATION_LABEL_KIND;
        double number;
        __builtin_memcpy(&number, features + VALUATION_FEATURE_WORDS * i + 1, sizeof number);
        if (slot->key != features[VALUATION_FEATURE_WORDS * i] || kind != VALUATION_LABEL_CATEGORY) {
            const int is_number = slot->key == features[VALUATION_FEATURE_WORDS * i] && kind == VALUATION_LABEL_NUMBER;
            if (!is_number) found->has_unknown = 1;
            if (is_number && isfinite(number)) found->has_numbers = 1;
            if (is_number && !isfinite(number)) found->has_invalid = 1;
            if (!is_number || !isfinite(number)) continue;
        }
        terms[known++] = (valuation_term){slot, number};
    }
    return known;
}

// Where the next dense row and the next list of a target go.
typedef struct {
    valuation_row *rows;
    size_t dense, lists;
} row_list;

// Every row is written both after the dense rows and before the lists, which are kept at the end for now; only one of the
// two places counts, or none. So there is no branch on what was read.
static inline void append(row_list *list, const valuation_row *row, size_t count, size_t is_kept) {
    // As one word: the start, and above it the shape.
    uint64_t word;
    __builtin_memcpy(&word, row, sizeof word);
    const size_t is_dense = is_kept & ((word >> 32 & VALUATION_ROW_KIND) == VALUATION_ROW_DENSE);
    const size_t is_listed = is_kept & (word >> 32 != 0);
    __builtin_memcpy(list->rows + list->dense, &word, sizeof word);
    __builtin_memcpy(list->rows + (count - 1 - list->lists), &word, sizeof word);
    list->dense += is_dense;
    list->lists += is_listed - is_dense;
}

static inline size_t close(const row_list *list, size_t count) {
    __builtin_memmove(list->rows + list->dense, list->rows + count - list->lists, list->lists * sizeof *list->rows);
    return list->dense + list->lists;
}

size_t valuation_list_rows(const valuation_term *terms, size_t count, int is_conversion, valuation_row *rows) {
    row_list list = {rows, 0, 0};
    for (size_t i = 0; i < count; i++)
        append(&list, is_conversion ? &terms[i].slot->conversion : &terms[i].slot->click, count, 1);
    return close(&list, count);
}

// Empty rows after the last one: lookups read whole vectors.
static inline size_t pad(valuation_row *rows, size_t count) {
    for (size_t i = count; i % VALUATION_KERNELS_WIDTH; i++) rows[i] = (valuation_row){0, 0};
    return count;
}

valuation_pair valuation_list_pair(const valuation_term *terms, size_t count, int has_numbers, valuation_row *rows) {
    row_list click = {rows, 0, 0}, conversion = {rows + VALUATION_KERNELS_PAIR, 0, 0};
    for (size_t i = 0; i < count; i++) {
        const size_t is_kept = !has_numbers || terms[i].slot->bits >> VALUATION_LABEL_KIND != VALUATION_LABEL_NUMBER;
        append(&click, &terms[i].slot->click, count, is_kept);
        append(&conversion, &terms[i].slot->conversion, count, is_kept);
    }
    return (valuation_pair){(int64_t)pad(click.rows, close(&click, count)),
                            (int64_t)pad(conversion.rows, close(&conversion, count))};
}
