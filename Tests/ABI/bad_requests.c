/* SPDX-License-Identifier: Apache-2.0
 *
 * A problem in the request's features is flagged on every value. Campaigns without a model get the best value that is
 * available.
 *
 *     bad_requests MODELS CLICK_MODEL_OF_1042_ALONE
 */
#include <math.h>

#include "impression.h"

static impression scored;
static valuation_value clean[CANDIDATE_COUNT], values[CANDIDATE_COUNT];

/* The same values, each with `flag`, which none of them has yet. */
static void expect_flag_on_all(valuation_scorer *scorer, const valuation_request *request, valuation_flags flag) {
    REQUIRE_OK(valuation_score(scorer, request, scored.candidates, CANDIDATE_COUNT, values, NULL, NULL));
    for (int i = 0; i < CANDIDATE_COUNT; i++) {
        EXPECT((values[i].flags & flag) != 0);
        values[i].flags &= ~flag;
    }
    EXPECT(same_values(values, clean, CANDIDATE_COUNT));
}

static void an_unknown_feature_adds_nothing(valuation_scorer *scorer) {
    enum { LIMIT = 10000 };
    static valuation_feature many[LIMIT];
    valuation_request request = scored.request;
    memcpy(many + LIMIT - REQUEST_FEATURE_COUNT, scored.features, sizeof scored.features);
    score(scorer, &scored, clean);
    request.features = many + LIMIT - REQUEST_FEATURE_COUNT - 1;
    request.feature_count = REQUEST_FEATURE_COUNT + 1;
    REQUIRE_OK(valuation_score(scorer, &request, scored.candidates, CANDIDATE_COUNT, values, NULL, NULL));
    EXPECT(same_values(values, clean, CANDIDATE_COUNT));
    request.features = many;
    request.feature_count = LIMIT;
    REQUIRE_OK(valuation_score(scorer, &request, scored.candidates, CANDIDATE_COUNT, values, NULL, NULL));
    EXPECT(same_values(values, clean, CANDIDATE_COUNT));
}

static void a_number_that_is_not_finite_adds_nothing(valuation_scorer *scorer) {
    const double numbers[] = {NAN, INFINITY, -INFINITY};
    valuation_request request = scored.request;
    request.feature_count = REQUEST_FEATURE_COUNT - 1;
    REQUIRE_OK(valuation_score(scorer, &request, scored.candidates, CANDIDATE_COUNT, clean, NULL, NULL));
    request.feature_count = REQUEST_FEATURE_COUNT;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        double sound = scored.features[REQUEST_FEATURE_COUNT - 1].number;
        scored.features[REQUEST_FEATURE_COUNT - 1].number = numbers[i];
        expect_flag_on_all(scorer, &request, VALUATION_FLAG_INVALID_NUMBER);
        scored.features[REQUEST_FEATURE_COUNT - 1].number = sound;
    }
}

/* In the model of 1042 alone, slot 12 adds 0.25 to an intercept of -1.5. */
static void a_feature_given_twice_counts_twice(const char *models) {
    valuation_engine *engine = serving(models);
    valuation_scorer *scorer = scorer_of(engine);
    const valuation_feature twice[2] = {category(NULL, "slot", "12"), category(NULL, "slot", "12")};
    const valuation_candidate plain = {campaign(NULL, "1042"), NULL, 0, VALUATION_PRICING_CPC, 1};
    const valuation_candidate with_slot = {campaign(NULL, "1042"), twice, 1, VALUATION_PRICING_CPC, 1};
    valuation_request request = VALUATION_REQUEST_INIT;
    request.features = twice;
    for (uint32_t count = 0; count <= 2; count++) {
        request.feature_count = count;
        REQUIRE_OK(valuation_score(scorer, &request, &plain, 1, &values[0], NULL, NULL));
        REQUIRE_OK(valuation_score(scorer, &request, &with_slot, 1, &values[1], NULL, NULL));
        EXPECT(fabs(values[0].pctr * (1 + exp(1.5 - 0.25 * count)) - 1) < 1e-6);
        EXPECT(fabs(values[1].pctr * (1 + exp(1.25 - 0.25 * count)) - 1) < 1e-6);
    }
    valuation_scorer_destroy(scorer);
    valuation_engine_destroy(engine);
}

/* Without a default model, a campaign that has no model gets only the values that need none. */
static void a_campaign_without_a_model_gets_only_the_values_that_need_none(const char *models) {
    valuation_engine *engine = serving(models);
    valuation_scorer *scorer = scorer_of(engine);
    const valuation_flags unknown = VALUATION_FLAG_UNKNOWN_CAMPAIGN | VALUATION_FLAG_NO_CLICK_MODEL;
    const uint64_t other = campaign(NULL, "no-such-campaign"), known = campaign(NULL, "1042");
    const valuation_candidate candidates[5] = {{other, NULL, 0, VALUATION_PRICING_CPM, 2},
                                               {other, NULL, 0, VALUATION_PRICING_CPC, 2},
                                               {other, NULL, 0, VALUATION_PRICING_CPA, 2},
                                               {known, NULL, 0, VALUATION_PRICING_CPA, 2},
                                               {known, NULL, 0, VALUATION_PRICING_CPC, 2}};
    const valuation_flags flags[5] = {unknown, unknown, unknown | VALUATION_FLAG_NO_CONVERSION_MODEL,
                                      VALUATION_FLAG_NO_CONVERSION_MODEL, 0};
    valuation_request request = VALUATION_REQUEST_INIT;
    REQUIRE_OK(valuation_score(scorer, &request, candidates, 5, values, NULL, NULL));
    for (int i = 0; i < 5; i++) {
        EXPECT(values[i].flags == flags[i]);
        EXPECT((isnan(values[i].pctr) != 0) == (i < 3));
        EXPECT(isnan(values[i].pcvr));
        EXPECT(values[i].source == 0);
    }
    EXPECT(values[0].expected_revenue == 2.0 / 1000);
    for (int i = 1; i < 4; i++) EXPECT(values[i].expected_revenue == 0);
    EXPECT(values[4].expected_revenue == 2 * (double)values[4].pctr);
    /* It has no prior either, which would serve when the time is up. */
    request.time_budget_ns = 1;
    REQUIRE_OK(valuation_score(scorer, &request, candidates, 5, values, NULL, NULL));
    for (int i = 0; i < 5; i++) {
        EXPECT(values[i].flags == (flags[i] | VALUATION_FLAG_BUDGET_EXCEEDED));
        EXPECT((isnan(values[i].pctr) != 0) == (i < 3) && isnan(values[i].pcvr));
    }
    EXPECT(values[0].expected_revenue == 2.0 / 1000 && values[1].expected_revenue == 0);
    valuation_scorer_destroy(scorer);
    valuation_engine_destroy(engine);
}

int main(int argument_count, char **arguments) {
    if (argument_count != 3) return 2;
    valuation_engine *engine = serving(arguments[1]);
    valuation_scorer *scorer = scorer_of(engine);
    make_impression(&scored, NULL);
    an_unknown_feature_adds_nothing(scorer);
    a_number_that_is_not_finite_adds_nothing(scorer);
    a_feature_given_twice_counts_twice(arguments[2]);
    a_campaign_without_a_model_gets_only_the_values_that_need_none(arguments[2]);
    valuation_scorer_destroy(scorer);
    valuation_engine_destroy(engine);
    FINISH();
}
