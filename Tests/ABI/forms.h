/* SPDX-License-Identifier: Apache-2.0
 *
 * A random request in both forms: with pointers in request and candidates, and with all features in one array.
 */
#ifndef FORMS_H
#define FORMS_H

#include <math.h>

#include "impression.h"

enum { MOST_CANDIDATES = 300, MOST_OF_ONE = 9, MOST_FEATURES = (MOST_CANDIDATES + 1) * MOST_OF_ONE, POOL = 14 };

typedef struct forms {
    valuation_request request, bare;
    valuation_candidate candidates[MOST_CANDIDATES], bare_candidates[MOST_CANDIDATES];
    size_t candidate_count, feature_count;
    valuation_feature features[MOST_FEATURES];
    uint32_t offsets[MOST_CANDIDATES + 1];
} forms;

/* A generator with a fixed sequence (Knuth's MMIX), so that every run is the same. */
static uint64_t random_state = 20261130;

static inline uint32_t draw(uint32_t bound) {
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((random_state >> 33) % bound);
}

/* Features that the models know, that they do not know, and numbers that are none. */
static inline valuation_feature draw_feature(const valuation_engine *engine) {
    const valuation_feature pool[POOL] = {category(engine, "slot", "12"),
                                          category(engine, "os", "ios"),
                                          category(engine, "segments", "sports"),
                                          category(engine, "segments", "travel"),
                                          number(engine, "days_since_visit", draw(100) / 7.0),
                                          category(engine, "creative", "55"),
                                          category(engine, "creative", "56"),
                                          category(engine, "shape", "wide"),
                                          number(engine, "price", draw(100) / 3.0),
                                          category(engine, "slot", "13"),
                                          category(engine, "no such field", "x"),
                                          number(engine, "price", NAN),
                                          number(engine, "days_since_visit", INFINITY),
                                          {draw(UINT32_MAX), 1}};
    return pool[draw(POOL)];
}

static inline void draw_candidate(const valuation_engine *engine, valuation_candidate *candidate) {
    static const char *const campaigns[] = {"1042", "77", "500", "no such campaign"};
    static const double bids[] = {0.25, 0.5, 1, 2.5, 0, -1, NAN, INFINITY};
    candidate->campaign = campaign(engine, campaigns[draw(4)]);
    /* One in twenty is of no pricing. */
    candidate->pricing = draw(20) ? 1 + (valuation_pricing)draw(3) : 9;
    candidate->bid = bids[draw(10) ? draw(5) : draw(8)];
}

/* Points into itself: do not copy it. */
static inline void make_forms(forms *made, const valuation_engine *engine, size_t candidate_count) {
    static const valuation_request empty = VALUATION_REQUEST_INIT;
    uint32_t place = 0;
    made->candidate_count = candidate_count;
    made->request = made->bare = empty;
    made->request.feature_count = draw(MOST_OF_ONE + 1);
    while (place < made->request.feature_count) made->features[place++] = draw_feature(engine);
    made->request.features = place ? made->features : NULL;
    made->offsets[0] = place;
    for (size_t i = 0; i < candidate_count; i++) {
        valuation_candidate *candidate = &made->candidates[i];
        draw_candidate(engine, candidate);
        made->bare_candidates[i] = *candidate;
        made->bare_candidates[i].features = NULL;
        made->bare_candidates[i].feature_count = 0;
        candidate->feature_count = draw(3) ? draw(4) : draw(MOST_OF_ONE + 1);
        candidate->features = candidate->feature_count ? made->features + place : NULL;
        for (uint32_t left = candidate->feature_count; left > 0; left--) made->features[place++] = draw_feature(engine);
        made->offsets[i + 1] = place;
    }
    made->feature_count = place;
}

static inline void set_seed_and_budget(forms *made, uint64_t seed, uint64_t budget) {
    made->request.seed = made->bare.seed = seed;
    made->request.time_budget_ns = made->bare.time_budget_ns = budget;
}

/* Whether two outcomes say the same, apart from the time. */
static inline int same_outcome(valuation_outcome first, valuation_outcome second) {
    first.nanoseconds = second.nanoseconds = 0;
    return memcmp(&first, &second, sizeof first) == 0;
}

#endif
