/* SPDX-License-Identifier: Apache-2.0
 *
 * Values requests against the models of workload.py; callgrind starts counting after the load.
 *
 *     score_requests MODELS REQUESTS CANDIDATES AD_FEATURES cpc|cpa SWITCHES
 *
 * Prints the sum of all candidates' values.
 */
#include "requests.h"

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
        if (valuation_score(scorer, &request, candidates, (size_t)candidate_count, values, NULL, &error)) {
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
