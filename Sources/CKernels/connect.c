// SPDX-License-Identifier: Apache-2.0
// Candidates whose features are in one array. Code other than the loops (rules about single campaigns, draws) needs
// pointers, so it gets a copy of each block.
#include <stddef.h>
#include <stdint.h>

#include "kernels.h"
#include "sets.h"
#include "valuation.h"

int valuation_offsets_fall(const uint32_t *offsets, size_t count) {
    // Without an early end, the loop is vectorised.
    uint32_t falls = 0;
    for (size_t i = 0; i < count; i++) falls |= offsets[i] > offsets[i + 1];
    return falls != 0;
}

void valuation_connect(const void *candidates, size_t count, const void *features, const uint32_t *offsets, void *connected) {
    const valuation_candidate *from = candidates;
    valuation_candidate *to = connected;
    for (size_t i = 0; i < count; i++) {
        to[i] = from[i];
        to[i].features = valuation_take_features(from + i, features, offsets + i, &to[i].feature_count);
    }
}
