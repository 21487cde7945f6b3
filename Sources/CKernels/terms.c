// SPDX-License-Identifier: Apache-2.0
// A request's features: where the models' weights for them are. The loops wait for memory, so that every machine has the
// same.
#include "kernels.h"

#include <math.h>
#include <stddef.h>

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

// The rows of terms with numbers are left out; they are none unless has_numbers.
static inline size_t list_rows(const valuation_term *terms, size_t count, size_t member, int has_numbers, valuation_row *rows) {
    // Every row is written both after the dense rows and before the lists, which are kept at the end for now; only one of
    // the two places counts, or none. So there is no branch on what was read.
    size_t dense = 0, lists = 0;
    for (size_t i = 0; i < count; i++) {
        const valuation_label *slot = terms[i].slot;
        // As one word: the start, and above it the shape.
        uint64_t row;
        __builtin_memcpy(&row, (const char *)slot + member, sizeof row);
        const size_t is_dense = (row >> 32 & VALUATION_ROW_KIND) == VALUATION_ROW_DENSE;
        const size_t is_listed = row >> 32 != 0;
        __builtin_memcpy(rows + dense, &row, sizeof row);
        __builtin_memcpy(rows + (count - 1 - lists), &row, sizeof row);
        if (has_numbers && slot->bits >> VALUATION_LABEL_KIND == VALUATION_LABEL_NUMBER) continue;
        dense += is_dense;
        lists += is_listed - is_dense;
    }
    __builtin_memmove(rows + dense, rows + count - lists, lists * sizeof *rows);
    return dense + lists;
}

size_t valuation_list_rows(const valuation_term *terms, size_t count, int is_conversion, int has_numbers, valuation_row *rows) {
    const size_t member = is_conversion ? offsetof(valuation_label, conversion) : offsetof(valuation_label, click);
    return has_numbers ? list_rows(terms, count, member, 1, rows) : list_rows(terms, count, member, 0, rows);
}
