/* SPDX-License-Identifier: Apache-2.0
 *
 * Values requests against the models of workload.py; callgrind starts counting after the load.
 *
 *     score_requests MODELS REQUESTS CANDIDATES AD_FEATURES cpc|cpa SWITCHES
 *
 * Prints the sum of all candidates' values.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <valgrind/callgrind.h>
#include <valuation.h>

enum { FIELDS = 30, AD_FIELDS = 3, VALUES = 40, CAMPAIGNS = 200, MAXIMUM_CANDIDATES = 1000 };

/* A generator with a fixed sequence (Knuth's MMIX), so that every run is the same. */
static uint64_t state = 20261121;

static uint32_t draw(uint32_t bound) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((state >> 33) % bound);
}

/* Values with low numbers are the popular ones. */
static valuation_feature draw_feature(const valuation_engine *engine, const char *kind, int field) {
    char name[32], value[32];
    int name_length = snprintf(name, sizeof name, "%s_%d", kind, field);
    uint32_t first = draw(VALUES), second = draw(VALUES);
    int value_length = snprintf(value, sizeof value, "%u", first < second ? first : second);
    return (valuation_feature){valuation_feature_key(engine, name, (size_t)name_length, value, (size_t)value_length), 1};
}

static uint64_t draw_campaign(const valuation_engine *engine) {
    char name[32];
    int length = snprintf(name, sizeof name, "%u", draw(CAMPAIGNS));
    return valuation_campaign_key(engine, name, (size_t)length);
}

static valuation_scorer *scorer_of(const char *models, uint32_t switches, valuation_engine **engine) {
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

int main(int argument_count, char **arguments) {
    static valuation_feature features[FIELDS], ad_features[MAXIMUM_CANDIDATES][AD_FIELDS];
    static valuation_candidate candidates[MAXIMUM_CANDIDATES];
    static valuation_value values[MAXIMUM_CANDIDATES];
    if (argument_count != 7) return 64;
    int request_count = atoi(arguments[2]), candidate_count = atoi(arguments[3]), ad_feature_count = atoi(arguments[4]);
    valuation_pricing pricing = strcmp(arguments[5], "cpa") == 0 ? VALUATION_PRICING_CPA : VALUATION_PRICING_CPC;
    if (candidate_count > MAXIMUM_CANDIDATES || ad_feature_count > AD_FIELDS) return 64;
    valuation_engine *engine;
    valuation_scorer *scorer = scorer_of(arguments[1], (uint32_t)atoi(arguments[6]), &engine);
    double total = 0;
    CALLGRIND_START_INSTRUMENTATION;
    for (int i = 0; i < request_count; i++) {
        for (int field = 0; field < FIELDS; field++) features[field] = draw_feature(engine, "field", field);
        for (int ad = 0; ad < candidate_count; ad++) {
            for (int field = 0; field < ad_feature_count; field++) ad_features[ad][field] = draw_feature(engine, "ad", field);
            candidates[ad] =
                (valuation_candidate){draw_campaign(engine), ad_features[ad], (uint32_t)ad_feature_count, pricing, 1.0};
        }
        valuation_request request = VALUATION_REQUEST_INIT;
        request.features = features;
        request.feature_count = FIELDS;
        valuation_error error = VALUATION_ERROR_INIT;
        if (valuation_score(scorer, &request, candidates, (size_t)candidate_count, values, &error)) {
            fprintf(stderr, "%s\n", error.message);
            return 1;
        }
        for (int ad = 0; ad < candidate_count; ad++) {
            if (values[ad].flags) {
                fprintf(stderr, "flags %#x: these are not the models of workload.py\n", values[ad].flags);
                return 1;
            }
            total += values[ad].expected_revenue;
        }
    }
    printf("%.17g\n", total);
    valuation_scorer_destroy(scorer);
    valuation_engine_destroy(engine);
    return 0;
}
