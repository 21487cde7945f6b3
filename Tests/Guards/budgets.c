/* SPDX-License-Identifier: Apache-2.0
 *
 * Values a request within a time budget, on a clock of its own.
 *
 *     budgets score|rank|explore MODELS POLICY CANDIDATES FEATURES AD_FEATURES LOOKS
 *
 * POLICY is - for none. The time is up at the LOOKS-th reading of the clock; 0 means never. Every 64th reading calls
 * `mark`. Prints how often the clock was read and how many values are flagged as late.
 */
#define _POSIX_C_SOURCE 200809L

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <valuation.h>

enum { MOST_FEATURES = 2000, MOST_RANKED = 100, BUDGET = 1000000 };

static uint64_t looks, over_at;

__attribute__((noinline)) void mark(void) {
    __asm__ volatile("");
}

/* The library calls this, too. */
int clock_gettime(clockid_t clock, struct timespec *time) {
    *time = (struct timespec){1, 0};
    if (clock != CLOCK_MONOTONIC) return 0;
    looks++;
    if (looks % 64 == 0) mark();
    if (over_at > 0 && looks >= over_at) time->tv_nsec = 2 * BUDGET;
    return 0;
}

static valuation_error error = VALUATION_ERROR_INIT;

static void require(valuation_status status) {
    if (status == VALUATION_OK) return;
    fprintf(stderr, "%s %s: %s\n", error.file, error.json_path, error.message);
    exit(1);
}

static uint64_t key(const valuation_engine *engine, const char *field, size_t number) {
    char value[32];
    int length = snprintf(value, sizeof value, "%zu", number);
    return field ? valuation_feature_key(engine, field, strlen(field), value, (size_t)length)
                 : valuation_campaign_key(engine, value, (size_t)length);
}

int main(int argument_count, char **arguments) {
    static valuation_feature features[MOST_FEATURES], ad_features[MOST_FEATURES];
    if (argument_count != 8) return 64;
    const char *call = arguments[1], *models = arguments[2], *policy = arguments[3];
    size_t count = strtoul(arguments[4], NULL, 10), found;
    uint32_t feature_count = (uint32_t)atoi(arguments[5]), ad_feature_count = (uint32_t)atoi(arguments[6]);
    valuation_engine *engine;
    valuation_scorer *scorer;
    require(valuation_engine_create(NULL, &engine, &error));
    require(valuation_engine_load(engine, models, strlen(models), &error));
    if (strcmp(policy, "-") != 0) require(valuation_engine_load_policy(engine, policy, strlen(policy), &error));
    require(valuation_scorer_create(engine, &scorer, &error));
    for (size_t i = 0; i < MOST_FEATURES; i++) {
        features[i] = (valuation_feature){key(engine, "site", i), 1};
        ad_features[i] = (valuation_feature){key(engine, "topic", i), 1};
    }
    valuation_candidate *candidates = calloc(count, sizeof *candidates);
    valuation_value *values = calloc(count, sizeof *values);
    double *propensities = calloc(count, sizeof *propensities);
    size_t *indices = calloc(count, sizeof *indices);
    for (size_t i = 0; i < count; i++)
        candidates[i] = (valuation_candidate){key(engine, NULL, i), ad_features, ad_feature_count, VALUATION_PRICING_CPA, 1};
    valuation_request request = VALUATION_REQUEST_INIT;
    request.features = features;
    request.feature_count = feature_count;
    request.time_budget_ns = BUDGET;
    request.seed = 7;
    looks = 0;
    over_at = strtoull(arguments[7], NULL, 10);
    if (strcmp(call, "explore") == 0)
        require(valuation_explore(scorer, &request, candidates, count, values, propensities, NULL, NULL, &error));
    else if (strcmp(call, "rank") == 0)
        require(valuation_rank(scorer, &request, candidates, count, MOST_RANKED, indices, values, &found, NULL, &error));
    else
        require(valuation_score(scorer, &request, candidates, count, values, NULL, &error));
    size_t late = 0;
    for (size_t i = 0; i < count; i++) late += (values[i].flags & VALUATION_FLAG_BUDGET_EXCEEDED) != 0;
    printf("%llu %zu\n", (unsigned long long)looks, late);
    return 0;
}
