/* SPDX-License-Identifier: Apache-2.0
 *
 * Arguments of the flat form, of shared features and of outcomes that must be refused, and edge cases that must be
 * accepted. Arrays are of their exact size, on the heap, so that memory checkers see what is read beyond them.
 *
 *     flat_arguments MODELS
 */
#include "forms.h"

enum { COUNT = 3 };

static const valuation_status refused = VALUATION_ERROR_INVALID_ARGUMENT;
static valuation_error error = VALUATION_ERROR_INIT;
static valuation_scorer *scorer;
static forms made;
static valuation_value values[COUNT], expected[COUNT];
static double propensities[COUNT];
static size_t indices[COUNT], chosen;
static const valuation_outcome empty = VALUATION_OUTCOME_INIT;

/* A copy of an array in memory of its size. */
static void *exactly(const void *array, size_t size) {
    void *copy = malloc(size ? size : 1);
    if (!copy) exit(2);
    memcpy(copy, array, size);
    return copy;
}

static valuation_status score_with(const uint32_t offsets[COUNT + 1], size_t feature_count) {
    uint32_t *given = exactly(offsets, (COUNT + 1) * sizeof *offsets);
    valuation_feature *features = exactly(made.features, feature_count * sizeof *features);
    valuation_candidate *candidates = exactly(made.bare_candidates, COUNT * sizeof *candidates);
    memset(values, 0x5a, sizeof values);
    const valuation_status status = valuation_score_flat(scorer, &made.bare, features, feature_count, given, candidates, COUNT,
                                                         0, NULL, values, NULL, NULL, NULL, &error);
    free(given);
    free(features);
    free(candidates);
    return status;
}

static void offsets_that_fall_or_end_behind_the_features_are_refused(void) {
    const size_t all = made.feature_count;
    const uint32_t end = (uint32_t)all;
    const uint32_t sound[][COUNT + 1] = {{0, 0, 0, 0}, {end, end, end, end}, {0, end, end, end}, {0, 0, 0, end}, {1, 2, 2, 3}};
    const uint32_t attacks[][COUNT + 1] = {{0, 2, 1, end},
                                           {end, 0, 0, 0},
                                           {0, 0, end + 1, end},
                                           {0, 0, 0, end + 1},
                                           {0, 0, 0, UINT32_MAX},
                                           {0, UINT32_MAX, 0, end},
                                           {UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX},
                                           {0, 1u << 31, 1u << 31, 1u << 31},
                                           {UINT32_MAX, 0, 1, 2},
                                           {1, 0, 0, end}};
    valuation_value before[COUNT];
    for (size_t i = 0; i < sizeof sound / sizeof sound[0]; i++) REQUIRE_OK(score_with(sound[i], all));
    memset(before, 0x5a, sizeof before);
    for (size_t i = 0; i < sizeof attacks / sizeof attacks[0]; i++) {
        EXPECT_REFUSED(score_with(attacks[i], all), refused);
        EXPECT(same_values(values, before, COUNT));
    }
    for (size_t count = 0; count < all; count++) EXPECT_REFUSED(score_with(sound[3], count), refused);
}

static void missing_arrays_are_refused(void) {
    const uint32_t *offsets = made.offsets;
    const valuation_candidate *candidates = made.bare_candidates;
    const size_t all = made.feature_count;
#define FLAT(scorer, request, features, count, offsets, candidates, candidate_count, indices, values, propensities)  \
    valuation_score_flat(scorer, request, features, count, offsets, candidates, candidate_count, 1, indices, values, \
                         propensities, NULL, NULL, &error)
    const valuation_feature *features = made.features;
    EXPECT_REFUSED(FLAT(NULL, &made.bare, features, all, offsets, candidates, COUNT, NULL, values, NULL), refused);
    EXPECT_REFUSED(FLAT(scorer, NULL, features, all, offsets, candidates, COUNT, NULL, values, NULL), refused);
    EXPECT_REFUSED(FLAT(scorer, &made.request, features, all, offsets, candidates, COUNT, NULL, values, NULL), refused);
    EXPECT_REFUSED(FLAT(scorer, &made.bare, NULL, all, offsets, candidates, COUNT, NULL, values, NULL), refused);
    EXPECT_REFUSED(FLAT(scorer, &made.bare, features, SIZE_MAX, offsets, candidates, COUNT, NULL, values, NULL), refused);
    EXPECT_REFUSED(FLAT(scorer, &made.bare, features, all, NULL, candidates, COUNT, NULL, values, NULL), refused);
    EXPECT_REFUSED(FLAT(scorer, &made.bare, features, all, NULL, NULL, 0, NULL, NULL, NULL), refused);
    EXPECT_REFUSED(FLAT(scorer, &made.bare, features, all, offsets, NULL, COUNT, NULL, values, NULL), refused);
    EXPECT_REFUSED(FLAT(scorer, &made.bare, features, all, offsets, candidates, SIZE_MAX, NULL, values, NULL), refused);
    EXPECT_REFUSED(FLAT(scorer, &made.bare, features, all, offsets, candidates, COUNT, NULL, NULL, NULL), refused);
    EXPECT_REFUSED(FLAT(scorer, &made.bare, features, all, offsets, candidates, COUNT, indices, NULL, NULL), refused);
    EXPECT_REFUSED(FLAT(scorer, &made.bare, features, all, offsets, candidates, COUNT, indices, values, propensities), refused);
    const uint32_t none[1] = {0};
    EXPECT(FLAT(scorer, &made.bare, NULL, 0, none, NULL, 0, NULL, NULL, NULL) == VALUATION_OK);
    EXPECT(FLAT(scorer, &made.bare, NULL, 0, none, NULL, 0, indices, NULL, NULL) == VALUATION_OK);
    EXPECT(FLAT(scorer, &made.bare, NULL, 0, none, NULL, 0, NULL, NULL, propensities) == VALUATION_OK);
}

static void a_maximum_of_nothing_and_of_everything_is_accepted(void) {
    chosen = 7;
    EXPECT(valuation_score_flat(scorer, &made.bare, made.features, made.feature_count, made.offsets, made.bare_candidates,
                                COUNT, 0, indices, NULL, NULL, &chosen, NULL, &error) == VALUATION_OK);
    EXPECT(chosen == VALUATION_NONE_CHOSEN);
    EXPECT(valuation_score_flat(scorer, &made.bare, made.features, made.feature_count, made.offsets, made.bare_candidates,
                                COUNT, SIZE_MAX, indices, values, NULL, NULL, NULL, &error) == VALUATION_OK);
    EXPECT(indices[0] + indices[1] + indices[2] == 3);
}

/* Also in the middle of others, which keep their values. */
static void a_candidate_with_features_of_its_own_is_invalid(void) {
    REQUIRE_OK(score_with(made.offsets, made.feature_count));
    memcpy(expected, values, sizeof values);
    for (int i = 0; i < COUNT; i++) {
        const valuation_candidate bare = made.bare_candidates[i];
        for (int kind = 0; kind < 3; kind++) {
            made.bare_candidates[i].features = kind == 0 ? NULL : made.features;
            made.bare_candidates[i].feature_count = kind == 1 ? 0 : 1;
            REQUIRE_OK(score_with(made.offsets, made.feature_count));
            EXPECT((values[i].flags & VALUATION_FLAG_INVALID_CANDIDATE) != 0 && values[i].expected_revenue == 0);
            values[i] = expected[i];
            EXPECT(same_values(values, expected, COUNT));
        }
        made.bare_candidates[i] = bare;
    }
}

/* 10,000 features are allowed: of a request, with those that it shares, and of an ad, of which one more is invalid. */
static void the_limits_are_those_of_pointers(void) {
    enum { LIMIT = 10000, ALL = 2 * LIMIT + 2 };
    static valuation_feature many[ALL];
    const uint32_t sound[COUNT + 1] = {LIMIT, 2 * LIMIT, ALL - 1, ALL - 1}, much[COUNT + 1] = {LIMIT + 1, ALL, ALL, ALL};
    const uint32_t wide[COUNT + 1] = {0, LIMIT + 1, ALL, ALL};
    const size_t offsets[2] = {0, 1};
    valuation_request request = VALUATION_REQUEST_INIT;
#define MANY(offsets)                                                                                                      \
    valuation_score_flat(scorer, &made.bare, many, ALL, offsets, made.bare_candidates, COUNT, 0, NULL, values, NULL, NULL, \
                         NULL, &error)
    REQUIRE_OK(MANY(sound));
    EXPECT_REFUSED(MANY(much), VALUATION_ERROR_LIMIT_EXCEEDED);
    REQUIRE_OK(MANY(wide));
    for (int i = 0; i < 2; i++) EXPECT((values[i].flags & VALUATION_FLAG_INVALID_CANDIDATE) != 0);
#define SHARED(shared, count) \
    valuation_score_batch(scorer, shared, count, &request, 1, made.candidates, offsets, values, NULL, &error)
    request.features = many;
    request.feature_count = 1;
    REQUIRE_OK(SHARED(many, LIMIT - 1));
    EXPECT_REFUSED(SHARED(many, LIMIT), VALUATION_ERROR_LIMIT_EXCEEDED);
    EXPECT_REFUSED(SHARED(many, LIMIT + 1), VALUATION_ERROR_LIMIT_EXCEEDED);
    EXPECT_REFUSED(SHARED(many, SIZE_MAX), refused);
    EXPECT_REFUSED(SHARED(NULL, 1), refused);
}

/* Of any size from the first one on; bytes that the library does not know are left alone. */
static void outcomes_of_every_later_header_are_filled_in(void) {
    struct {
        valuation_outcome known;
        unsigned char added[8];
    } newer[2];
    const size_t offsets[3] = {0, 1, COUNT};
    valuation_request two[2] = {made.request, made.request};
    memset(newer, 0x5a, sizeof newer);
    newer[0].known.struct_size = newer[1].known.struct_size = sizeof newer[0];
    REQUIRE_OK(valuation_score(scorer, &made.request, made.candidates, COUNT, values, &newer[0].known, &error));
    EXPECT(newer[0].known.budget_exceeded == 0 && newer[0].known.generation == 1 && newer[0].added[0] == 0x5a);
    EXPECT(newer[0].known.struct_size == sizeof newer[0]);
    REQUIRE_OK(valuation_score_batch(scorer, NULL, 0, two, 2, made.candidates, offsets, values, &newer[0].known, &error));
    EXPECT(newer[0].known.generation == 1 && newer[1].known.generation == 1 && newer[0].added[7] == 0x5a);
    newer[1].known.struct_size = sizeof newer[1].known;
#define BATCH() valuation_score_batch(scorer, NULL, 0, two, 2, made.candidates, offsets, values, &newer[0].known, &error)
    EXPECT_REFUSED(BATCH(), VALUATION_ERROR_STRUCT_SIZE);
    for (uint32_t size = 0; size < sizeof newer[0].known; size++) {
        newer[0].known.struct_size = newer[1].known.struct_size = size;
        EXPECT_REFUSED(BATCH(), VALUATION_ERROR_STRUCT_SIZE);
        EXPECT_REFUSED(valuation_score(scorer, &made.request, made.candidates, COUNT, values, &newer[0].known, &error),
                       VALUATION_ERROR_STRUCT_SIZE);
    }
    newer[0].known.struct_size = newer[1].known.struct_size = sizeof newer[0] + 4;
    EXPECT_REFUSED(BATCH(), VALUATION_ERROR_STRUCT_SIZE);
}

static void a_failed_call_leaves_the_outcome_alone(void) {
    valuation_outcome outcome = empty;
    outcome.generation = 77;
    EXPECT_REFUSED(valuation_score(scorer, &made.request, NULL, COUNT, values, &outcome, &error), refused);
    EXPECT_REFUSED(valuation_rank(scorer, &made.request, made.candidates, COUNT, 1, indices, values, NULL, &outcome, &error),
                   refused);
    EXPECT_REFUSED(valuation_explore(scorer, &made.request, made.candidates, COUNT, values, NULL, NULL, &outcome, &error),
                   refused);
    EXPECT(outcome.generation == 77 && outcome.nanoseconds == 0);
}

int main(int argument_count, char **arguments) {
    if (argument_count != 2) return 2;
    valuation_engine *engine = serving(arguments[1]);
    scorer = scorer_of(engine);
    do make_forms(&made, engine, COUNT);
    while (made.feature_count < 4 || made.request.feature_count == 0);
    for (int i = 0; i < COUNT; i++) made.candidates[i].pricing = made.bare_candidates[i].pricing = VALUATION_PRICING_CPC;
    offsets_that_fall_or_end_behind_the_features_are_refused();
    missing_arrays_are_refused();
    a_maximum_of_nothing_and_of_everything_is_accepted();
    a_candidate_with_features_of_its_own_is_invalid();
    the_limits_are_those_of_pointers();
    outcomes_of_every_later_header_are_filled_in();
    a_failed_call_leaves_the_outcome_alone();
    valuation_scorer_destroy(scorer);
    valuation_engine_destroy(engine);
    FINISH();
}
