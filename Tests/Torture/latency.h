/* SPDX-License-Identifier: Apache-2.0
 *
 * Counts durations of calls and gives quantiles. Each power of two nanoseconds has 32 bins, so a quantile is at most
 * 3 % off.
 */
#ifndef LATENCY_H
#define LATENCY_H

#include <stdint.h>
#include <time.h>

enum { BINS_PER_DOUBLING = 32, BIN_COUNT = 64 * BINS_PER_DOUBLING };

typedef struct histogram {
    uint64_t counts[BIN_COUNT];
    uint64_t total, longest;
} histogram;

static inline uint64_t nanoseconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static inline void count_duration(histogram *counted, uint64_t nanoseconds) {
    int doubling = nanoseconds < BINS_PER_DOUBLING ? 0 : 59 - __builtin_clzll(nanoseconds);
    counted->counts[doubling * BINS_PER_DOUBLING + (int)(nanoseconds >> doubling)]++;
    counted->total++;
    if (nanoseconds > counted->longest) counted->longest = nanoseconds;
}

static inline void add_histogram(histogram *sum, const histogram *added) {
    for (int bin = 0; bin < BIN_COUNT; bin++) sum->counts[bin] += added->counts[bin];
    sum->total += added->total;
    if (added->longest > sum->longest) sum->longest = added->longest;
}

/* A quantile in microseconds: this share of the calls took no longer. */
static inline double quantile(const histogram *counted, double share) {
    uint64_t rank = (uint64_t)(share * (double)counted->total), seen = 0;
    for (int bin = 0; bin < BIN_COUNT; bin++) {
        seen += counted->counts[bin];
        if (seen <= rank) continue;
        /* Below the first doubling a bin is one nanosecond wide; each doubling then has the bins BINS_PER_DOUBLING
         * ... 2 x BINS_PER_DOUBLING - 1. */
        int doubling = bin < 2 * BINS_PER_DOUBLING ? 0 : bin / BINS_PER_DOUBLING - 1;
        return (double)((uint64_t)(bin - doubling * BINS_PER_DOUBLING) << doubling) / 1000.0;
    }
    return 0;
}

#endif
