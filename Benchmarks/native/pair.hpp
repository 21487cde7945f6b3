// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

// What one campaign's click and conversion model have for one label, or sums of that; 0 where nothing.
struct Pair {
    int32_t click, conversion;
};
