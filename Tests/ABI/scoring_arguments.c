/* SPDX-License-Identifier: Apache-2.0
 *
 * The scoring calls with arguments that they must refuse, and edge cases that they must accept.
 *
 *     scoring_arguments MODELS
 */
#include "impression.h"

enum { TOO_MANY_FEATURES = 10001 };

static impression scored;
static valuation_scorer *scorer;
static valuation_value clean[CANDIDATE_COUNT];
static valuation_value values[CANDIDATE_COUNT];
static size_t indices[CANDIDATE_COUNT];
static size_t count;

/* All three calls refuse the request and write no value. */
static void expect_request_refused(const valuation_request *request, valuation_status status) {
    static const size_t offsets[2] = {0, 1};
    valuation_error error = VALUATION_ERROR_INIT;
    memset(values, 0x5a, sizeof values);
    valuation_value before[1] = {values[0]};
    EXPECT_REFUSED(valuation_score(scorer, request, scored.candidates, 1, values, NULL, &error), status);
    EXPECT_REFUSED(valuation_rank(scorer, request, scored.candidates, 1, 1, indices, values, &count, NULL, &error), status);
    EXPECT_REFUSED(valuation_score_batch(scorer, NULL, 0, request, 1, scored.candidates, offsets, values, NULL, &error),
                   status);
    EXPECT(same_values(before, values, 1));
}

static void impossible_requests_are_refused(void) {
    static valuation_feature many[TOO_MANY_FEATURES];
    valuation_request request = scored.request;
    expect_request_refused(NULL, VALUATION_ERROR_INVALID_ARGUMENT);
    for (uint32_t size = 0; size < sizeof request; size++) {
        request.struct_size = size;
        expect_request_refused(&request, VALUATION_ERROR_STRUCT_SIZE);
    }
    static const uint32_t sizes[] = {0, 8, 24, 31, 33, 40, 56, UINT32_MAX};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        request = scored.request;
        request.candidate_size = sizes[i];
        expect_request_refused(&request, VALUATION_ERROR_STRUCT_SIZE);
        request = scored.request;
        if (sizes[i] == sizeof *values) continue;
        request.value_size = sizes[i];
        expect_request_refused(&request, VALUATION_ERROR_STRUCT_SIZE);
    }
    request = scored.request;
    request.features = NULL;
    expect_request_refused(&request, VALUATION_ERROR_INVALID_ARGUMENT);
    request.features = many;
    request.feature_count = TOO_MANY_FEATURES;
    expect_request_refused(&request, VALUATION_ERROR_LIMIT_EXCEEDED);
    request.feature_count = UINT32_MAX;
    expect_request_refused(&request, VALUATION_ERROR_LIMIT_EXCEEDED);
    request.feature_count = TOO_MANY_FEATURES - 1;
    EXPECT(valuation_score(scorer, &request, scored.candidates, CANDIDATE_COUNT, values, NULL, NULL) == VALUATION_OK);
}

static void requests_of_a_newer_header_are_accepted_if_their_new_members_are_zero(void) {
    struct {
        valuation_request known;
        unsigned char added[16];
    } newer[2];
    static const size_t offsets[3] = {0, 100, CANDIDATE_COUNT};
    memset(newer, 0, sizeof newer);
    newer[0].known = newer[1].known = scored.request;
    newer[0].known.struct_size = newer[1].known.struct_size = sizeof newer[0];
    score(scorer, &scored, clean);
    EXPECT(valuation_score(scorer, &newer[0].known, scored.candidates, CANDIDATE_COUNT, values, NULL, NULL) == VALUATION_OK);
    EXPECT(same_values(clean, values, CANDIDATE_COUNT));
    /* In a batch, struct_size is also the stride from one request to the next. */
    memset(values, 0, sizeof values);
    EXPECT(valuation_score_batch(scorer, NULL, 0, &newer[0].known, 2, scored.candidates, offsets, values, NULL, NULL) ==
           VALUATION_OK);
    EXPECT(same_values(clean, values, CANDIDATE_COUNT));
    for (size_t i = 0; i < sizeof newer[0].added; i++) {
        newer[0].added[i] = 0x80;
        expect_request_refused(&newer[0].known, VALUATION_ERROR_STRUCT_SIZE);
        newer[0].added[i] = 0;
    }
    valuation_error error = VALUATION_ERROR_INIT;
    newer[1].added[3] = 1;
    EXPECT_REFUSED(valuation_score_batch(scorer, NULL, 0, &newer[0].known, 2, scored.candidates, offsets, values, NULL, &error),
                   VALUATION_ERROR_STRUCT_SIZE);
    newer[1].added[3] = 0;
    newer[1].known.struct_size = sizeof newer[1].known;
    EXPECT_REFUSED(valuation_score_batch(scorer, NULL, 0, &newer[0].known, 2, scored.candidates, offsets, values, NULL, &error),
                   VALUATION_ERROR_STRUCT_SIZE);
}

static void no_candidates_are_no_error(void) {
    static const size_t nothing[3] = {0, 0, 0};
    valuation_request empty = VALUATION_REQUEST_INIT;
    EXPECT(valuation_score(scorer, &scored.request, NULL, 0, NULL, NULL, NULL) == VALUATION_OK);
    EXPECT(valuation_score(scorer, &empty, scored.candidates, CANDIDATE_COUNT, values, NULL, NULL) == VALUATION_OK);
    empty.features = scored.features;
    EXPECT(valuation_score(scorer, &empty, scored.candidates, CANDIDATE_COUNT, values, NULL, NULL) == VALUATION_OK);
    count = 7;
    EXPECT(valuation_rank(scorer, &empty, NULL, 0, 3, NULL, NULL, &count, NULL, NULL) == VALUATION_OK && count == 0);
    count = 7;
    EXPECT(valuation_rank(scorer, &empty, scored.candidates, 3, 0, NULL, NULL, &count, NULL, NULL) == VALUATION_OK &&
           count == 0);
    EXPECT(valuation_score_batch(scorer, NULL, 0, NULL, 0, NULL, nothing, NULL, NULL, NULL) == VALUATION_OK);
    valuation_request two[2] = {VALUATION_REQUEST_INIT, VALUATION_REQUEST_INIT};
    EXPECT(valuation_score_batch(scorer, NULL, 0, two, 2, NULL, nothing, NULL, NULL, NULL) == VALUATION_OK);
}

static void missing_arrays_are_refused(void) {
    valuation_error error = VALUATION_ERROR_INIT;
    const valuation_request *request = &scored.request;
    const valuation_candidate *candidates = scored.candidates;
    const valuation_status refused = VALUATION_ERROR_INVALID_ARGUMENT;
    EXPECT_REFUSED(valuation_score(NULL, request, candidates, 1, values, NULL, &error), refused);
    EXPECT_REFUSED(valuation_score(scorer, request, NULL, 1, values, NULL, &error), refused);
    EXPECT_REFUSED(valuation_score(scorer, request, candidates, 1, NULL, NULL, &error), refused);
    EXPECT_REFUSED(valuation_score(scorer, request, candidates, SIZE_MAX, values, NULL, &error), refused);
    EXPECT(valuation_score(NULL, NULL, NULL, 0, NULL, NULL, NULL) == refused);
    EXPECT_REFUSED(valuation_rank(NULL, request, candidates, 1, 1, indices, values, &count, NULL, &error), refused);
    EXPECT_REFUSED(valuation_rank(scorer, request, NULL, 1, 1, indices, values, &count, NULL, &error), refused);
    EXPECT_REFUSED(valuation_rank(scorer, request, candidates, 1, 1, NULL, values, &count, NULL, &error), refused);
    EXPECT_REFUSED(valuation_rank(scorer, request, candidates, 1, 1, indices, NULL, &count, NULL, &error), refused);
    EXPECT_REFUSED(valuation_rank(scorer, request, candidates, 1, 1, indices, values, NULL, NULL, &error), refused);
    EXPECT_REFUSED(valuation_rank(scorer, request, candidates, SIZE_MAX, 1, indices, values, &count, NULL, &error), refused);
    EXPECT(valuation_rank(scorer, request, candidates, 1, SIZE_MAX, indices, values, &count, NULL, &error) == VALUATION_OK);
    EXPECT(count == 1 && indices[0] == 0);
    EXPECT(valuation_rank(NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL) == refused);
}

static void impossible_batches_are_refused(void) {
    valuation_error error = VALUATION_ERROR_INIT;
    valuation_request requests[2] = {scored.request, scored.request};
    const valuation_candidate *candidates = scored.candidates;
    static const size_t offsets[3] = {0, 1, 2}, late[3] = {1, 2, 3}, falling[3] = {0, 2, 1}, huge[3] = {0, 1, SIZE_MAX};
    const valuation_status refused = VALUATION_ERROR_INVALID_ARGUMENT;
    EXPECT_REFUSED(valuation_score_batch(NULL, NULL, 0, requests, 2, candidates, offsets, values, NULL, &error), refused);
    EXPECT_REFUSED(valuation_score_batch(scorer, NULL, 0, NULL, 2, candidates, offsets, values, NULL, &error), refused);
    EXPECT(strstr(error.message, "NULL") != NULL);
    EXPECT_REFUSED(valuation_score_batch(scorer, NULL, 0, requests, 2, NULL, offsets, values, NULL, &error), refused);
    EXPECT_REFUSED(valuation_score_batch(scorer, NULL, 0, requests, 2, candidates, NULL, values, NULL, &error), refused);
    EXPECT_REFUSED(valuation_score_batch(scorer, NULL, 0, requests, 2, candidates, offsets, NULL, NULL, &error), refused);
    EXPECT_REFUSED(valuation_score_batch(scorer, NULL, 0, requests, 2, candidates, late, values, NULL, &error), refused);
    EXPECT_REFUSED(valuation_score_batch(scorer, NULL, 0, requests, 2, candidates, falling, values, NULL, &error), refused);
    EXPECT_REFUSED(valuation_score_batch(scorer, NULL, 0, requests, 2, candidates, huge, values, NULL, &error), refused);
    EXPECT_REFUSED(valuation_score_batch(scorer, NULL, 0, requests, SIZE_MAX, candidates, offsets, values, NULL, &error),
                   refused);
    EXPECT_REFUSED(valuation_score_batch(scorer, NULL, 0, NULL, 0, candidates, NULL, values, NULL, &error), refused);
    EXPECT(valuation_score_batch(scorer, NULL, 0, NULL, 2, NULL, NULL, NULL, NULL, NULL) == refused);
}

static void a_batch_gives_the_bits_of_single_calls(void) {
    valuation_request requests[4] = {scored.request, VALUATION_REQUEST_INIT, scored.request, scored.request};
    static const size_t offsets[5] = {0, 140, 141, 141, CANDIDATE_COUNT};
    requests[3].feature_count = 2;
    for (int i = 0; i < 4; i++) {
        size_t start = offsets[i];
        REQUIRE_OK(valuation_score(scorer, &requests[i], scored.candidates + start, offsets[i + 1] - start, clean + start, NULL,
                                   NULL));
    }
    memset(values, 0, sizeof values);
    EXPECT(valuation_score_batch(scorer, NULL, 0, requests, 4, scored.candidates, offsets, values, NULL, NULL) == VALUATION_OK);
    EXPECT(same_values(clean, values, CANDIDATE_COUNT));
}

static void a_candidate_has_the_same_bits_alone_and_among_others(void) {
    score(scorer, &scored, clean);
    for (int i = 0; i < CANDIDATE_COUNT; i++) {
        REQUIRE_OK(valuation_score(scorer, &scored.request, &scored.candidates[i], 1, &values[i], NULL, NULL));
    }
    EXPECT(same_values(clean, values, CANDIDATE_COUNT));
}

/* Whether candidate `first` ranks before `second`: it is worth more, or the same and comes earlier. */
static int comes_before(size_t first, size_t second) {
    double one = clean[first].expected_revenue, other = clean[second].expected_revenue;
    return one == other ? first < second : one > other;
}

static void ranking_gives_the_best_and_of_equals_the_first(void) {
    score(scorer, &scored, clean);
    static const size_t wanted[] = {1, 2, 5, 127, 128, 129, CANDIDATE_COUNT - 1, CANDIDATE_COUNT, CANDIDATE_COUNT + 50};
    static size_t places[CANDIDATE_COUNT + 50];
    static valuation_value best[CANDIDATE_COUNT + 50];
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        REQUIRE_OK(valuation_rank(scorer, &scored.request, scored.candidates, CANDIDATE_COUNT, wanted[i], places, best, &count,
                                  NULL, NULL));
        EXPECT(count == (wanted[i] < CANDIDATE_COUNT ? wanted[i] : CANDIDATE_COUNT));
        for (size_t place = 0; place < count; place++) {
            EXPECT(places[place] < CANDIDATE_COUNT && same_values(&best[place], &clean[places[place]], 1));
            size_t better = 0;
            for (size_t other = 0; other < CANDIDATE_COUNT; other++) better += (size_t)comes_before(other, places[place]);
            EXPECT(better == place);
        }
    }
}

int main(int argument_count, char **arguments) {
    if (argument_count != 2) return 2;
    valuation_engine *engine = serving(arguments[1]);
    scorer = scorer_of(engine);
    make_impression(&scored, NULL);
    impossible_requests_are_refused();
    requests_of_a_newer_header_are_accepted_if_their_new_members_are_zero();
    no_candidates_are_no_error();
    missing_arrays_are_refused();
    impossible_batches_are_refused();
    a_batch_gives_the_bits_of_single_calls();
    a_candidate_has_the_same_bits_alone_and_among_others();
    ranking_gives_the_best_and_of_equals_the_first();
    valuation_scorer_destroy(scorer);
    valuation_engine_destroy(engine);
    FINISH();
}
