/* SPDX-License-Identifier: Apache-2.0
 *
 * Values requests against the models of workload.py in one of the forms in which they may be given; callgrind starts
 * counting after the load.
 *
 *     request_forms MODELS FORM CANDIDATES AD_FEATURES
 *
 * pointers  REQUESTS requests, each with pointers to its features and to those of its candidates
 * flat      the same with all features of a request in one array
 * outcome   as pointers, with an outcome
 * own       one batch of REQUESTS requests, of whose features all but OWN are the same
 * shared    the same batch with the same features shared
 *
 * Prints the sum of all candidates' values, which is the same for the first three, and for the last two.
 */
#include "requests.h"

enum { REQUESTS = 8, OWN = 3, COMMON = FIELDS - OWN };

static valuation_feature features[FIELDS + MAXIMUM_CANDIDATES * AD_FIELDS];
static uint32_t offsets[MAXIMUM_CANDIDATES + 1];
static valuation_candidate candidates[REQUESTS * MAXIMUM_CANDIDATES];
static valuation_value values[REQUESTS * MAXIMUM_CANDIDATES];
static size_t candidate_count, ad_feature_count;

static void require(valuation_status status, const valuation_error *error) {
    if (status == VALUATION_OK) return;
    fprintf(stderr, "%s\n", error->message);
    exit(1);
}

static double sum_of(size_t count) {
    double total = 0;
    for (size_t i = 0; i < count; i++) total += values[i].expected_revenue;
    return total;
}

/* Candidates whose features follow one another from `first` on. */
static void draw_candidates(const valuation_engine *engine, valuation_candidate *drawn, valuation_feature *first,
                            int are_bare) {
    uint32_t place = (uint32_t)(first - features);
    for (size_t ad = 0; ad < candidate_count; ad++) {
        offsets[ad] = place;
        valuation_feature *const own = features + place;
        for (size_t field = 0; field < ad_feature_count; field++) features[place++] = draw_feature(engine, "ad", (int)field);
        drawn[ad] = (valuation_candidate){draw_campaign(engine), are_bare ? NULL : own,
                                          are_bare ? 0 : (uint32_t)ad_feature_count, VALUATION_PRICING_CPA, 1.0};
    }
    offsets[candidate_count] = place;
}

static double score_one(valuation_scorer *scorer, const valuation_engine *engine, int is_flat, int has_outcome) {
    valuation_error error = VALUATION_ERROR_INIT;
    valuation_outcome outcome = VALUATION_OUTCOME_INIT;
    valuation_request request = VALUATION_REQUEST_INIT;
    for (int field = 0; field < FIELDS; field++) features[field] = draw_feature(engine, "field", field);
    draw_candidates(engine, candidates, features + FIELDS, is_flat);
    if (is_flat) {
        require(valuation_score_flat(scorer, &request, features, offsets[candidate_count], offsets, candidates, candidate_count,
                                     0, NULL, values, NULL, NULL, NULL, &error),
                &error);
    } else {
        request.features = features;
        request.feature_count = FIELDS;
        require(valuation_score(scorer, &request, candidates, candidate_count, values, has_outcome ? &outcome : NULL, &error),
                &error);
    }
    return sum_of(candidate_count);
}

static double score_batch(valuation_scorer *scorer, const valuation_engine *engine, int are_shared) {
    static valuation_feature common[COMMON], rows[REQUESTS][FIELDS];
    valuation_error error = VALUATION_ERROR_INIT;
    valuation_request requests[REQUESTS];
    size_t starts[REQUESTS + 1] = {0};
    for (int field = 0; field < COMMON; field++) common[field] = draw_feature(engine, "field", field);
    for (size_t i = 0; i < REQUESTS; i++) {
        requests[i] = (valuation_request)VALUATION_REQUEST_INIT;
        memcpy(rows[i], common, sizeof common);
        for (int field = COMMON; field < FIELDS; field++) rows[i][field] = draw_feature(engine, "field", field);
        requests[i].features = rows[i] + (are_shared ? COMMON : 0);
        requests[i].feature_count = are_shared ? OWN : FIELDS;
        draw_candidates(engine, candidates + starts[i], features, 0);
        starts[i + 1] = starts[i] + candidate_count;
    }
    require(valuation_score_batch(scorer, are_shared ? common : NULL, are_shared ? COMMON : 0, requests, REQUESTS, candidates,
                                  starts, values, NULL, &error),
            &error);
    return sum_of(starts[REQUESTS]);
}

int main(int argument_count, char **arguments) {
    if (argument_count != 5) return 64;
    const char *const form = arguments[2];
    candidate_count = (size_t)atoi(arguments[3]), ad_feature_count = (size_t)atoi(arguments[4]);
    if (candidate_count > MAXIMUM_CANDIDATES || ad_feature_count > AD_FIELDS) return 64;
    valuation_engine *engine;
    valuation_scorer *scorer = scorer_of(arguments[1], 0, &engine);
    double total = 0;
    CALLGRIND_START_INSTRUMENTATION;
    if (strcmp(form, "own") == 0 || strcmp(form, "shared") == 0) {
        total = score_batch(scorer, engine, form[0] == 's');
    } else {
        for (int i = 0; i < REQUESTS; i++) total += score_one(scorer, engine, form[0] == 'f', form[0] == 'o');
    }
    printf("%.17g\n", total);
    valuation_scorer_destroy(scorer);
    valuation_engine_destroy(engine);
    return 0;
}
