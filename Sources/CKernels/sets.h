// SPDX-License-Identifier: Apache-2.0
// What the files of the instruction sets share with each other and with dispatch.c.
#ifndef VALUATION_SETS_H
#define VALUATION_SETS_H

#include "kernels.h"
#include "valuation.h"

#pragma GCC visibility push(hidden)

extern const valuation_kernels valuation_kernels_baseline;
#if defined(__x86_64__)
extern const valuation_kernels valuation_kernels_avx2, valuation_kernels_avx512;
#endif

// The loops of the baseline that other sets may take as they are; kernels.h says what each does.
void read_baseline(const void *candidates, size_t count, const valuation_campaigns *campaigns, uint32_t request_flags,
                   valuation_block *block);
void write_baseline(const void *candidates, const valuation_block *block, const float *clicks, const float *conversions,
                    size_t count, void *values);
int resolve_baseline(const valuation_labels *labels, const uint64_t *const *features, const uint32_t *lengths, size_t position,
                     size_t width, valuation_row *click, valuation_row *conversion, uint16_t *unusual);
void look_up_baseline(const valuation_rows *rows, const valuation_row *list, size_t depth, const uint32_t *models, size_t width,
                      int64_t *sums, valuation_found *found);
void add_row_baseline(const valuation_rows *rows, valuation_row row, const uint32_t *models, size_t count, int64_t *sums);

#pragma GCC visibility pop

enum { INVALID = VALUATION_FLAG_INVALID_BID | VALUATION_FLAG_INVALID_CANDIDATE };

#endif
