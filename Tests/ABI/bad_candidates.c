/* SPDX-License-Identifier: Apache-2.0
 *
 * One bad candidate among many: it is worth 0 and a flag says why. The others keep their values to the bit.
 *
 *     bad_candidates MODELS
 */
#include <math.h>

#include "impression.h"

enum { LIMIT = 10000 };

static impression scored;
static valuation_scorer *scorer;
static valuation_value clean[CANDIDATE_COUNT], values[CANDIDATE_COUNT];
static valuation_feature many[LIMIT + 1];

/* In the first block, at the edges of blocks, and the last candidate; every pricing but CPM occurs. */
static const int places[] = {1, 2, 124, 127, 128, 131, 251, 256, CANDIDATE_COUNT - 1};
enum { PLACE_COUNT = sizeof places / sizeof places[0] };

static void others_are_as_without(int place) {
    for (int i = 0; i < CANDIDATE_COUNT; i++) {
        if (i != place) EXPECT(same_values(&values[i], &clean[i], 1));
    }
}

/* The candidate is worth 0 and has exactly one flag more than before. */
static void expect_worthless(const char *what, int place, valuation_flags flag) {
    score(scorer, &scored, values);
    int holds = values[place].expected_revenue == 0 && values[place].flags == (clean[place].flags | flag);
    if (!holds)
        fprintf(stderr, "%s, candidate %d: %g, flags %u\n", what, place, values[place].expected_revenue, values[place].flags);
    EXPECT(holds);
    others_are_as_without(place);
    /* It never ranks above a candidate with a positive value. */
    size_t best, count;
    valuation_value value;
    REQUIRE_OK(
        valuation_rank(scorer, &scored.request, scored.candidates, CANDIDATE_COUNT, 1, &best, &value, &count, NULL, NULL));
    EXPECT(count == 1 && best != (size_t)place && value.expected_revenue > 0);
}

static void an_invalid_bid(void) {
    const double bids[] = {NAN, INFINITY, -INFINITY, -1, -5e-324};
    for (int i = 0; i < PLACE_COUNT; i++) {
        for (size_t bid = 0; bid < sizeof bids / sizeof bids[0]; bid++) {
            valuation_candidate *candidate = &scored.candidates[places[i]];
            valuation_candidate sound = *candidate;
            candidate->bid = bids[bid];
            expect_worthless("bid", places[i], VALUATION_FLAG_INVALID_BID);
            *candidate = sound;
        }
    }
}

static void an_unknown_pricing(void) {
    const valuation_pricing pricings[] = {0, 4, -1, 256, INT32_MAX, INT32_MIN};
    for (int i = 0; i < PLACE_COUNT; i++) {
        for (size_t pricing = 0; pricing < sizeof pricings / sizeof pricings[0]; pricing++) {
            valuation_candidate *candidate = &scored.candidates[places[i]];
            valuation_candidate sound = *candidate;
            candidate->pricing = pricings[pricing];
            score(scorer, &scored, values);
            EXPECT(values[places[i]].expected_revenue == 0);
            EXPECT(values[places[i]].flags & VALUATION_FLAG_INVALID_CANDIDATE);
            others_are_as_without(places[i]);
            *candidate = sound;
        }
    }
}

static void missing_or_too_many_features(void) {
    for (int i = 0; i < PLACE_COUNT; i++) {
        valuation_candidate *candidate = &scored.candidates[places[i]];
        valuation_candidate sound = *candidate;
        candidate->features = NULL;
        candidate->feature_count = 1;
        expect_worthless("NULL", places[i], VALUATION_FLAG_INVALID_CANDIDATE);
        candidate->feature_count = UINT32_MAX;
        expect_worthless("NULL, 4 billion", places[i], VALUATION_FLAG_INVALID_CANDIDATE);
        candidate->features = many;
        candidate->feature_count = LIMIT + 1;
        expect_worthless("10,001", places[i], VALUATION_FLAG_INVALID_CANDIDATE);
        candidate->feature_count = UINT32_MAX;
        expect_worthless("4 billion", places[i], VALUATION_FLAG_INVALID_CANDIDATE);
        *candidate = sound;
    }
}

/* As many features as are allowed, all unknown to the models: the candidate keeps the value that it has without
 * them. */
static void as_many_unknown_features_as_are_allowed(void) {
    for (int i = 0; i < PLACE_COUNT; i++) {
        valuation_candidate *candidate = &scored.candidates[places[i]];
        valuation_candidate sound = *candidate;
        if (sound.feature_count > 0) memcpy(many, sound.features, sound.feature_count * sizeof *many);
        candidate->features = many;
        candidate->feature_count = LIMIT;
        score(scorer, &scored, values);
        EXPECT(same_values(values, clean, CANDIDATE_COUNT));
        memset(many, 0, sizeof many);
        *candidate = sound;
    }
}

static void an_extreme_bid_is_a_bid(void) {
    const double bids[] = {0.0, -0.0, 5e-324, 1e300};
    valuation_candidate *candidate = &scored.candidates[1];
    valuation_candidate sound = *candidate;
    for (size_t i = 0; i < sizeof bids / sizeof bids[0]; i++) {
        candidate->bid = bids[i];
        score(scorer, &scored, values);
        EXPECT(values[1].flags == clean[1].flags);
        EXPECT(values[1].expected_revenue == bids[i] * (double)values[1].pctr);
    }
    *candidate = sound;
}

/* The value of candidate 3 when its second feature, the price, is `price`. */
static valuation_value with_price(double price) {
    valuation_feature sound = scored.ad_features[3][1];
    scored.ad_features[3][1].number = price;
    valuation_value value;
    REQUIRE_OK(valuation_score(scorer, &scored.request, &scored.candidates[3], 1, &value, NULL, NULL));
    scored.ad_features[3][1] = sound;
    return value;
}

static void a_number_that_is_not_finite_counts_as_missing(void) {
    valuation_candidate without = scored.candidates[3];
    without.feature_count = 1;
    valuation_value expected;
    REQUIRE_OK(valuation_score(scorer, &scored.request, &without, 1, &expected, NULL, NULL));
    expected.flags |= VALUATION_FLAG_INVALID_NUMBER;
    const double numbers[] = {NAN, -NAN, INFINITY, -INFINITY};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        valuation_value value = with_price(numbers[i]);
        EXPECT(same_values(&value, &expected, 1));
    }
}

static void a_huge_number_is_clamped(void) {
    valuation_value high = with_price(1e308), low = with_price(-1e308);
    EXPECT(high.flags == VALUATION_FLAG_CLAMPED && high.pctr > 0.999999f && high.pctr <= 1);
    EXPECT(low.flags == VALUATION_FLAG_CLAMPED && low.pctr > 0 && low.pctr < 1e-30f);
}

/* A category is present or absent; its number is ignored. */
static void the_number_of_a_category_does_not_matter(void) {
    const double numbers[] = {0, -1, 2, NAN, INFINITY};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        scored.ad_features[2][0].number = numbers[i];
        scored.features[0].number = numbers[i];
        score(scorer, &scored, values);
        EXPECT(same_values(values, clean, CANDIDATE_COUNT));
    }
    scored.ad_features[2][0].number = 1;
    scored.features[0].number = 1;
}

static void a_cross_passed_as_a_feature_is_unknown(void) {
    valuation_feature cross = {valuation_cross_key(NULL, scored.features[0].key, scored.ad_features[1][0].key), 1};
    valuation_candidate candidate = scored.candidates[4];
    valuation_value value;
    candidate.features = &cross;
    candidate.feature_count = 1;
    REQUIRE_OK(valuation_score(scorer, &scored.request, &candidate, 1, &value, NULL, NULL));
    EXPECT(same_values(&value, &clean[4], 1));
}

int main(int argument_count, char **arguments) {
    if (argument_count != 2) return 2;
    valuation_engine *engine = serving(arguments[1]);
    scorer = scorer_of(engine);
    make_impression(&scored, NULL);
    score(scorer, &scored, clean);
    an_invalid_bid();
    an_unknown_pricing();
    missing_or_too_many_features();
    as_many_unknown_features_as_are_allowed();
    an_extreme_bid_is_a_bid();
    a_number_that_is_not_finite_counts_as_missing();
    a_huge_number_is_clamped();
    the_number_of_a_category_does_not_matter();
    a_cross_passed_as_a_feature_is_unknown();
    score(scorer, &scored, values);
    EXPECT(same_values(values, clean, CANDIDATE_COUNT));
    valuation_scorer_destroy(scorer);
    valuation_engine_destroy(engine);
    FINISH();
}
