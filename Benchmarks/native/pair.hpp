// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

// One campaign's click and conversion weight for a label, or sums of these; 0 if there is none.
struct Pair {
    int32_t click, conversion;
};
