/* SPDX-License-Identifier: Apache-2.0
 *
 * The impression that most programs of this folder score: a request with categories (several of one field) and a
 * number, and enough candidates for several blocks, six kinds in turn. model_files.py has models for it.
 */
#ifndef IMPRESSION_H
#define IMPRESSION_H

#include <string.h>

#include "expect.h"
#include "valuation.h"

enum { CANDIDATE_COUNT = 300, KIND_COUNT = 6, REQUEST_FEATURE_COUNT = 5, VALUES_SIZE = 300 * sizeof(valuation_value) };

typedef struct impression {
    valuation_feature features[REQUEST_FEATURE_COUNT];
    valuation_feature ad_features[KIND_COUNT][2];
    valuation_request request;
    valuation_candidate candidates[CANDIDATE_COUNT];
} impression;

static inline valuation_feature category(const valuation_engine *engine, const char *field, const char *value) {
    valuation_feature feature = {valuation_feature_key(engine, field, strlen(field), value, strlen(value)), 1.0};
    return feature;
}

static inline valuation_feature number(const valuation_engine *engine, const char *field, double value) {
    valuation_feature feature = {valuation_number_key(engine, field, strlen(field)), value};
    return feature;
}

static inline uint64_t campaign(const valuation_engine *engine, const char *id) {
    return valuation_campaign_key(engine, id, strlen(id));
}

/* With an engine's keys; NULL gives the keys of models outside a directory of releases. It points into itself: do
 * not copy it. */
static inline void make_impression(impression *made, const valuation_engine *engine) {
    static const valuation_request empty = VALUATION_REQUEST_INIT;
    memset(made, 0, sizeof *made);
    made->features[0] = category(engine, "slot", "12");
    made->features[1] = category(engine, "os", "ios");
    made->features[2] = category(engine, "segments", "sports");
    made->features[3] = category(engine, "segments", "travel");
    made->features[4] = number(engine, "days_since_visit", 2.5);
    made->request = empty;
    made->request.features = made->features;
    made->request.feature_count = REQUEST_FEATURE_COUNT;
    made->ad_features[1][0] = category(engine, "creative", "55");
    made->ad_features[2][0] = category(engine, "creative", "55");
    made->ad_features[2][1] = category(engine, "shape", "wide");
    made->ad_features[3][0] = category(engine, "creative", "56");
    made->ad_features[3][1] = number(engine, "price", 9.5);
    made->ad_features[5][0] = category(engine, "creative", "55");
    const char *campaigns[KIND_COUNT] = {"1042", "1042", "1042", "77", "77", "500"};
    const uint32_t feature_counts[KIND_COUNT] = {0, 1, 2, 2, 0, 1};
    const valuation_pricing pricings[KIND_COUNT] = {VALUATION_PRICING_CPM, VALUATION_PRICING_CPC, VALUATION_PRICING_CPA,
                                                    VALUATION_PRICING_CPC, VALUATION_PRICING_CPA, VALUATION_PRICING_CPA};
    for (int i = 0; i < CANDIDATE_COUNT; i++) {
        int kind = i % KIND_COUNT;
        valuation_candidate *candidate = &made->candidates[i];
        candidate->campaign = campaign(engine, campaigns[kind]);
        candidate->feature_count = feature_counts[kind];
        candidate->features = feature_counts[kind] > 0 ? made->ad_features[kind] : NULL;
        candidate->pricing = pricings[kind];
        candidate->bid = 0.25 * (i % 7 + 1);
    }
}

/* The impression with all features in one array, for valuation_score_flat. */
typedef struct flat_impression {
    valuation_request request;
    valuation_candidate candidates[CANDIDATE_COUNT];
    valuation_feature features[REQUEST_FEATURE_COUNT + 2 * CANDIDATE_COUNT];
    uint32_t offsets[CANDIDATE_COUNT + 1];
} flat_impression;

static inline void make_flat(flat_impression *made, const impression *from) {
    uint32_t place = from->request.feature_count;
    memset(made, 0, sizeof *made);
    made->request = from->request;
    made->request.features = NULL;
    made->request.feature_count = 0;
    memcpy(made->features, from->request.features, place * sizeof *made->features);
    for (int i = 0; i < CANDIDATE_COUNT; i++) {
        const valuation_candidate *candidate = &from->candidates[i];
        made->offsets[i] = place;
        for (uint32_t own = 0; own < candidate->feature_count; own++) made->features[place++] = candidate->features[own];
        made->candidates[i] = *candidate;
        made->candidates[i].features = NULL;
        made->candidates[i].feature_count = 0;
    }
    made->offsets[CANDIDATE_COUNT] = place;
}

/* The values of the first candidates in the flat form. */
static inline valuation_status score_flat(valuation_scorer *scorer, const flat_impression *flat, size_t count,
                                          valuation_value *values, valuation_outcome *outcome) {
    return valuation_score_flat(scorer, &flat->request, flat->features, flat->offsets[count], flat->offsets, flat->candidates,
                                count, 0, NULL, values, NULL, NULL, outcome, NULL);
}

/* An engine that serves the models at path; exits on failure. */
static inline valuation_engine *serving(const char *path) {
    valuation_error error = VALUATION_ERROR_INIT;
    valuation_engine *engine;
    REQUIRE_OK(valuation_engine_create(NULL, &engine, &error));
    if (valuation_engine_load(engine, path, strlen(path), &error) != VALUATION_OK) {
        fprintf(stderr, "%s: %s:%u %s: %s\n", path, error.file, error.line, error.json_path, error.message);
        exit(2);
    }
    return engine;
}

static inline valuation_scorer *scorer_of(valuation_engine *engine) {
    valuation_scorer *scorer;
    REQUIRE_OK(valuation_scorer_create(engine, &scorer, NULL));
    return scorer;
}

/* The impression's values; exits on failure. */
static inline void score(valuation_scorer *scorer, const impression *scored, valuation_value values[CANDIDATE_COUNT]) {
    memset(values, 0xff, VALUES_SIZE);
    REQUIRE_OK(valuation_score(scorer, &scored->request, scored->candidates, CANDIDATE_COUNT, values, NULL, NULL));
}

/* A JSON answer from its values on: what precedes them names the generation, which rises with every load. */
static inline const char *from_values(const char *answer) {
    const char *values = strstr(answer, "\"values\":");
    if (!values) exit(2);
    return values;
}

/* Whether both are equal to the bit. */
static inline int same_values(const valuation_value *first, const valuation_value *second, size_t count) {
    return memcmp(first, second, count * sizeof *first) == 0;
}

#endif
