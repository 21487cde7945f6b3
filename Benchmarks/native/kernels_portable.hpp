// SPDX-License-Identifier: Apache-2.0
// The limit's inner loops in plain C++: the same functions as in kernels_avx512.hpp, which documents them.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

#include "pair.hpp"
#include "valuation.h"

namespace kernels {

struct Sums {
    int32_t of[16];
};
struct Pairs {
    Pair of[8];
};
struct Probabilities {
    float of[16];
};

template <int width>
struct Tile {
    int32_t sums[16 * width];

    void load(const int32_t *from) {
        for (int i = 0; i < 16 * width; i++) sums[i] = from[i];
    }
    void store(int32_t *to) const {
        for (int i = 0; i < 16 * width; i++) to[i] = sums[i];
    }
    void add_dense(const int32_t *weights) {
        for (int i = 0; i < 16 * width; i++) sums[i] += weights[i];
    }
    void add_dense(const int32_t *weights, const char *next) {
        for (int i = 0; i < width; i++) __builtin_prefetch(next + i * 64, 0, 2);
        add_dense(weights);
    }
    const int32_t *add_packed(const uint64_t *masks, const int32_t *weights) {
        for (int i = 0; i < width / 4; i++)
            for (uint64_t mask = masks[i]; mask; mask &= mask - 1) sums[i * 64 + __builtin_ctzll(mask)] += *weights++;
        return weights;
    }
};

inline Sums load(const int32_t *from) {
    Sums sums;
    for (int i = 0; i < 16; i++) sums.of[i] = from[i];
    return sums;
}

inline Sums add(Sums first, Sums second) {
    for (int i = 0; i < 16; i++) first.of[i] += second.of[i];
    return first;
}

inline Sums gather(const int32_t *from, const uint32_t *places) {
    Sums sums;
    for (int i = 0; i < 16; i++) sums.of[i] = from[places[i]];
    return sums;
}

inline Pairs no_pairs() {
    return {};
}

inline Pairs add(Pairs first, Pairs second) {
    for (int i = 0; i < 8; i++) {
        first.of[i].click += second.of[i].click;
        first.of[i].conversion += second.of[i].conversion;
    }
    return first;
}

inline Pairs load(const Pair *from) {
    Pairs pairs;
    for (int i = 0; i < 8; i++) pairs.of[i] = from[i];
    return pairs;
}

inline void store(Pair *to, Pairs pairs) {
    for (int i = 0; i < 8; i++) to[i] = pairs.of[i];
}

inline Pairs gather(const Pair *from, const uint32_t *places) {
    Pairs pairs;
    for (int i = 0; i < 8; i++) pairs.of[i] = from[places[i]];
    return pairs;
}

inline Pair total(Pairs pairs) {
    Pair sum{0, 0};
    for (const Pair &pair : pairs.of) {
        sum.click += pair.click;
        sum.conversion += pair.conversion;
    }
    return sum;
}

inline Sums clicks(Pairs first, Pairs second) {
    Sums sums;
    for (int i = 0; i < 16; i++) sums.of[i] = (i < 8 ? first.of[i] : second.of[i - 8]).click;
    return sums;
}

inline Sums conversions(Pairs first, Pairs second) {
    Sums sums;
    for (int i = 0; i < 16; i++) sums.of[i] = (i < 8 ? first.of[i] : second.of[i - 8]).conversion;
    return sums;
}

inline void find_words(const uint32_t *labels, const uint32_t *campaigns, uint32_t words_per_label, uint32_t *places) {
    for (int i = 0; i < 16; i++) places[i] = labels[i] * words_per_label + campaigns[i] / 32;
}

inline uint32_t find_pair(uint64_t word, uint32_t campaign) {
    const uint32_t bits = uint32_t(word), bit = uint32_t(1) << campaign % 32;
    return bits & bit ? uint32_t(word >> 32) + uint32_t(__builtin_popcount(bits & (bit - 1))) : 0;
}

inline void find_pairs(const uint64_t *words, const uint32_t *places, const uint32_t *campaigns, uint32_t *pairs) {
    for (int i = 0; i < 16; i++) pairs[i] = find_pair(words[places[i]], campaigns[i]);
}

inline void add_pairs(const uint64_t *words, const Pair *pairs, const uint32_t *campaigns, Pair *sums) {
    for (int i = 0; i < 16; i++) {
        const Pair pair = pairs[find_pair(words[campaigns[i] / 32], campaigns[i])];
        sums[i].click += pair.click;
        sums[i].conversion += pair.conversion;
    }
}

inline Probabilities probability(Sums sums, int shift) {
    Probabilities probabilities;
    const float unit = 1.0f / float(1 << shift);
    for (int i = 0; i < 16; i++) {
        const float x = float(sums.of[i] & ((1 << shift) - 1)) * unit - 0.5f;
        float power = 2.157062e-5f;
        power = power * x + 2.1783882e-4f;
        power = power * x + 1.8856499e-3f;
        power = power * x + 1.3602088e-2f;
        power = power * x + 7.8494663e-2f;
        power = power * x + 0.33973162f;
        power = power * x + 0.98025814f;
        power = power * x + 1.41421356f;
        // 2^exponent from its bits: models whose sums exceed a float's exponents do not get here.
        union {
            uint32_t bits;
            float number;
        } scale = {uint32_t((sums.of[i] >> shift) + 127) << 23};
        probabilities.of[i] = 1.0f / (1.0f + power * scale.number);
    }
    return probabilities;
}

inline Probabilities gather(const float *from, const uint32_t *places) {
    Probabilities probabilities;
    for (int i = 0; i < 16; i++) probabilities.of[i] = from[places[i]];
    return probabilities;
}

inline void store(float *to, Probabilities probabilities) {
    for (int i = 0; i < 16; i++) to[i] = probabilities.of[i];
}

inline void write(Probabilities clicks, Probabilities conversions, const double *bids, float *pctr, float *pcvr,
                  double *revenues) {
    store(pctr, clicks);
    store(pcvr, conversions);
    for (int i = 0; i < 16; i++) revenues[i] = bids[i] * (double(clicks.of[i]) * double(conversions.of[i]));
}

inline void write(Probabilities clicks, Probabilities conversions, const valuation_candidate *candidates,
                  valuation_value *values) {
    for (int i = 0; i < 16; i++) {
        const double revenue = candidates[i].bid * (double(clicks.of[i]) * double(conversions.of[i]));
        values[i] = {revenue, clicks.of[i], conversions.of[i], 0, 0};
    }
}

inline unsigned equal_above(const uint64_t *slots, uint64_t tag, uint64_t mask) {
    unsigned same = 0;
    for (int i = 0; i < 8; i++) same |= unsigned(((slots[i] ^ tag) & ~mask) == 0) << i;
    return same;
}

}  // namespace kernels
