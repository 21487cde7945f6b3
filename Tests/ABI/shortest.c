/* SPDX-License-Identifier: Apache-2.0
 * What one ad is worth, in as few lines as possible. With the library installed:
 *
 *     cc shortest.c $(pkg-config --cflags --libs valuation) -o shortest && ./shortest models
 */
#include <stdio.h>
#include <string.h>
#include <valuation.h>

int main(int argument_count, char **arguments) {
    const char *path = argument_count > 1 ? arguments[1] : "models";
    valuation_engine *engine;
    valuation_scorer *scorer;
    valuation_error error = VALUATION_ERROR_INIT;
    if (valuation_engine_create(NULL, &engine, &error) != VALUATION_OK ||
        valuation_engine_load(engine, path, strlen(path), &error) != VALUATION_OK ||
        valuation_scorer_create(engine, &scorer, &error) != VALUATION_OK) {
        fprintf(stderr, "%s:%u %s: %s\n", error.file, error.line, error.json_path, error.message);
        return 1;
    }
    valuation_feature slot = {valuation_feature_key(engine, "slot", 4, "12", 2), 1.0};
    valuation_request request = VALUATION_REQUEST_INIT;
    request.features = &slot;
    request.feature_count = 1;
    valuation_candidate ad = {valuation_campaign_key(engine, "1042", 4), NULL, 0, VALUATION_PRICING_CPC, 0.50};
    valuation_value value;
    if (valuation_score(scorer, &request, &ad, 1, &value, NULL, &error) != VALUATION_OK) return 1;
    printf("%.6f per impression, pCTR %.6f\n", value.expected_revenue, (double)value.pctr);
    valuation_scorer_destroy(scorer);
    valuation_engine_destroy(engine);
    return 0;
}
