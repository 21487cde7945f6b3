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

enum { INVALID = VALUATION_FLAG_INVALID_BID | VALUATION_FLAG_INVALID_CANDIDATE };

#endif
