/* SPDX-License-Identifier: Apache-2.0
 *
 * The forms in which a request can be given: with pointers, with all features in one array, and in a batch that shares
 * features. Each gives the same bits and the same outcome, whatever the policy, the budget and the candidates.
 *
 *     forms MODELS [POLICY]
 */
#include "forms.h"

enum { ROUNDS = 60, SECOND = 1000000000 };

static forms made;
static valuation_engine *engine;
static valuation_scorer *scorer;
static valuation_value expected[MOST_CANDIDATES], values[MOST_CANDIDATES];
static double likely[MOST_CANDIDATES], propensities[MOST_CANDIDATES];
static size_t best[MOST_CANDIDATES], indices[MOST_CANDIDATES];
static const valuation_outcome empty = VALUATION_OUTCOME_INIT;
static const valuation_unit user = {"user", 4, "u-77", 4};

/* The flat form, with either output or none. */
static valuation_outcome flat(size_t maximum_count, size_t *indices_out, double *propensities_out, size_t *chosen_out) {
    valuation_outcome outcome = empty;
    memset(values, 0xff, sizeof values);
    REQUIRE_OK(valuation_score_flat(scorer, &made.bare, made.features, made.feature_count, made.offsets, made.bare_candidates,
                                    made.candidate_count, maximum_count, indices_out, values, propensities_out, chosen_out,
                                    &outcome, NULL));
    return outcome;
}

static void flat_scores_are_those_of_pointers(void) {
    valuation_outcome outcome = empty;
    size_t chosen = 0;
    REQUIRE_OK(valuation_score(scorer, &made.request, made.candidates, made.candidate_count, expected, &outcome, NULL));
    EXPECT(same_outcome(flat(0, NULL, NULL, &chosen), outcome) && chosen == VALUATION_NONE_CHOSEN);
    EXPECT(same_values(values, expected, made.candidate_count));
    EXPECT(outcome.nanoseconds > 0 && outcome.generation > 0);
    EXPECT(outcome.budget_exceeded == (made.request.time_budget_ns == 1 && made.candidate_count > 0) ||
           outcome.request_features + outcome.candidate_features == 0);
}

static void flat_ranks_are_those_of_pointers(size_t maximum_count) {
    valuation_outcome outcome = empty;
    size_t count;
    memset(expected, 0xff, sizeof expected);
    REQUIRE_OK(valuation_rank(scorer, &made.request, made.candidates, made.candidate_count, maximum_count, best, expected,
                              &count, &outcome, NULL));
    EXPECT(same_outcome(flat(maximum_count, indices, NULL, NULL), outcome));
    EXPECT(same_values(values, expected, MOST_CANDIDATES) && memcmp(indices, best, count * sizeof *best) == 0);
}

static void flat_explorations_are_those_of_pointers(void) {
    valuation_outcome outcome = empty;
    size_t preferred, chosen;
    REQUIRE_OK(valuation_explore(scorer, &made.request, made.candidates, made.candidate_count, expected, likely, &preferred,
                                 &outcome, NULL));
    EXPECT(same_outcome(flat(0, NULL, propensities, &chosen), outcome) && chosen == preferred);
    EXPECT(same_values(values, expected, made.candidate_count));
    EXPECT(memcmp(propensities, likely, made.candidate_count * sizeof *likely) == 0);
}

/* Three requests with all or some of the features shared. */
static void shared_features_give_the_bits_of_own_ones(void) {
    const size_t third = made.candidate_count / 3;
    const size_t offsets[4] = {0, third, third, made.candidate_count};
    valuation_outcome outcomes[3] = {empty, empty, empty}, of_each[3] = {empty, empty, empty};
    const uint32_t all = made.request.feature_count;
    for (uint32_t shared = 0; shared <= all; shared++) {
        valuation_request whole[3], rest[3];
        for (uint32_t i = 0; i < 3; i++) {
            whole[i] = rest[i] = made.request;
            whole[i].feature_count = i == 1 ? shared : all;
            rest[i].feature_count = whole[i].feature_count - shared;
            rest[i].features = rest[i].feature_count ? made.features + shared : NULL;
            const size_t count = offsets[i + 1] - offsets[i];
            REQUIRE_OK(valuation_score(scorer, &whole[i], made.candidates + offsets[i], count, expected + offsets[i],
                                       &of_each[i], NULL));
        }
        memset(values, 0, sizeof values);
        REQUIRE_OK(
            valuation_score_batch(scorer, made.features, shared, rest, 3, made.candidates, offsets, values, outcomes, NULL));
        EXPECT(same_values(values, expected, made.candidate_count));
        for (int i = 0; i < 3; i++) EXPECT(same_outcome(outcomes[i], of_each[i]));
    }
}

int main(int argument_count, char **arguments) {
    static const size_t counts[] = {0, 1, 2, 17, 127, 128, 129, MOST_CANDIDATES};
    static const uint64_t seeds[] = {0, 1, UINT64_MAX}, budgets[] = {0, 0, 100 * (uint64_t)SECOND, 1};
    if (argument_count < 2 || argument_count > 3) return 2;
    engine = serving(arguments[1]);
    if (argument_count == 3) REQUIRE_OK(valuation_engine_load_policy(engine, arguments[2], strlen(arguments[2]), NULL));
    scorer = scorer_of(engine);
    for (int round = 0; round < ROUNDS; round++) {
        make_forms(&made, engine, counts[draw(8)]);
        set_seed_and_budget(&made, seeds[draw(3)], budgets[draw(4)]);
        if (draw(2)) made.request.units = made.bare.units = &user, made.request.unit_count = made.bare.unit_count = 1;
        flat_scores_are_those_of_pointers();
        flat_ranks_are_those_of_pointers(draw(MOST_CANDIDATES));
        flat_explorations_are_those_of_pointers();
        shared_features_give_the_bits_of_own_ones();
    }
    valuation_scorer_destroy(scorer);
    valuation_engine_destroy(engine);
    FINISH();
}
