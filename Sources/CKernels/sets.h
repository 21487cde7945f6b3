// SPDX-License-Identifier: Apache-2.0
// What the files of the instruction sets share with each other and with dispatch.c.
#ifndef VALUATION_SETS_H
#define VALUATION_SETS_H

#include "kernels.h"
#include "valuation.h"

#pragma GCC visibility push(hidden)

extern const valuation_kernels valuation_kernels_baseline;
extern const valuation_prices valuation_prices_baseline[];
#if defined(__x86_64__)
extern const valuation_kernels valuation_kernels_avx2, valuation_kernels_avx512;
extern const valuation_prices valuation_prices_avx2[], valuation_prices_avx512[];
#endif

// The loops of the baseline that other sets may take as they are; kernels.h says what each does.
void read_baseline(const void *candidates, size_t count, const valuation_campaigns *campaigns, uint32_t request_flags,
                   valuation_block *block);
void write_baseline(const void *candidates, const valuation_block *block, const float *clicks, const float *conversions,
                    size_t count, void *values);

#pragma GCC visibility pop

// The features of a candidate that are in an array: from its offset to the next one. A candidate that has some of its own
// is invalid: NULL, and a length of 1.
static inline const valuation_feature *valuation_take_features(const valuation_candidate *candidate, const void *array,
                                                               const uint32_t *offsets, uint32_t *length) {
    const int is_bare = (candidate->features == NULL) & (candidate->feature_count == 0);
    // There may be no features at all.
    const uintptr_t own = (uintptr_t)array + offsets[0] * sizeof *candidate->features;
    *length = is_bare ? offsets[1] - offsets[0] : 1;
    return is_bare ? (const valuation_feature *)own : NULL;
}

enum { INVALID = VALUATION_FLAG_INVALID_BID | VALUATION_FLAG_INVALID_CANDIDATE };

#endif
