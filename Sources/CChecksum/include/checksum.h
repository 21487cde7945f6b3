// SPDX-License-Identifier: Apache-2.0
// XXH3 with 128 bits (xxHash, whose header compiles it in: the library links nothing for it). `xxh128sum` computes the same.
#ifndef VALUATION_CHECKSUM_H
#define VALUATION_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint64_t high, low;
} valuation_checksum;

// The state of a checksum over bytes that come piece by piece: this many bytes at a multiple of 64.
enum { VALUATION_CHECKSUM_STATE = 576 };

#pragma GCC visibility push(hidden)
valuation_checksum valuation_checksum_of(const void *bytes, size_t count);
void valuation_checksum_begin(void *state);
void valuation_checksum_add(void *state, const void *bytes, size_t count);
valuation_checksum valuation_checksum_end(const void *state);
#pragma GCC visibility pop

#endif
