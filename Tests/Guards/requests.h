/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests for the models of workload.py, the same in every run.
 */
#ifndef REQUESTS_H
#define REQUESTS_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <valgrind/callgrind.h>
#include <valuation.h>

enum { FIELDS = 30, AD_FIELDS = 3, VALUES = 40, CAMPAIGNS = 200, MAXIMUM_CANDIDATES = 1000 };

/* A generator with a fixed sequence (Knuth's MMIX), so that every run is the same. */
static uint64_t state = 20261121;

static inline uint32_t draw(uint32_t bound) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((state >> 33) % bound);
}

/* Values with low numbers are the popular ones. */
static inline valuation_feature draw_feature(const valuation_engine *engine, const char *kind, int field) {
    char name[32], value[32];
    int name_length = snprintf(name, sizeof name, "%s_%d", kind, field);
    uint32_t first = draw(VALUES), second = draw(VALUES);
    int value_length = snprintf(value, sizeof value, "%u", first < second ? first : second);
    return (valuation_feature){valuation_feature_key(engine, name, (size_t)name_length, value, (size_t)value_length), 1};
}

static inline uint64_t draw_campaign(const valuation_engine *engine) {
    char name[32];
    int length = snprintf(name, sizeof name, "%u", draw(CAMPAIGNS));
    return valuation_campaign_key(engine, name, (size_t)length);
}

static inline valuation_scorer *scorer_of(const char *models, uint32_t switches, valuation_engine **engine) {
    valuation_options options = VALUATION_OPTIONS_INIT;
    options.switches = switches;
    valuation_error error = VALUATION_ERROR_INIT;
    valuation_scorer *scorer;
    if (valuation_engine_create(&options, engine, &error) || valuation_engine_load(*engine, models, strlen(models), &error) ||
        valuation_scorer_create(*engine, &scorer, &error)) {
        fprintf(stderr, "%s:%u %s: %s\n", error.file, error.line, error.json_path, error.message);
        exit(1);
    }
    return scorer;
}

#endif
