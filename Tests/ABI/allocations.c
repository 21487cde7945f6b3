/* SPDX-License-Identifier: Apache-2.0
 *
 * Counts the allocations of each call while an engine serves.
 *
 *     allocations MODELS BETTER_MODELS REQUEST.json
 *
 * Prints one line for each operation: its name and the number of allocations.
 */
#include "counting_allocator.h"
#include "impression.h"

enum { REPETITIONS = 200, JSON_BYTES = 65536, FEW = 10, CROSSING = 300 };

static impression scored;
static valuation_scorer *scorer;
static valuation_value values[CANDIDATE_COUNT];
static size_t indices[CANDIDATE_COUNT];
static char json[JSON_BYTES];
static size_t json_length;

static void score_once(void) {
    valuation_error error = VALUATION_ERROR_INIT;
    REQUIRE_OK(valuation_score(scorer, &scored.request, scored.candidates, CANDIDATE_COUNT, values, NULL, &error));
}

/* Few candidates: summing the weights of all models does not pay. */
static void score_few_once(void) {
    REQUIRE_OK(valuation_score(scorer, &scored.request, scored.candidates, FEW, values, NULL, NULL));
}

/* Ads without features: it may pay to finish all models first. */
static void score_bare_once(void) {
    valuation_candidate bare[CANDIDATE_COUNT];
    for (int i = 0; i < CANDIDATE_COUNT; i++) {
        bare[i] = scored.candidates[i];
        bare[i].feature_count = 0;
    }
    REQUIRE_OK(valuation_score(scorer, &scored.request, bare, CANDIDATE_COUNT, values, NULL, NULL));
    REQUIRE_OK(valuation_score(scorer, &scored.request, bare, FEW, values, NULL, NULL));
}

/* Features that give more crosses than the scratch space lists. */
static void score_crossing_once(void) {
    static valuation_feature crossing[2 * CROSSING];
    for (int i = 0; i < 2 * CROSSING; i++)
        crossing[i] = i % 2 ? category(NULL, "os", "ios") : category(NULL, "segments", "sports");
    valuation_request request = scored.request;
    request.features = crossing;
    request.feature_count = 2 * CROSSING;
    REQUIRE_OK(valuation_score(scorer, &request, scored.candidates, FEW, values, NULL, NULL));
}

static void rank_once(void) {
    size_t count;
    REQUIRE_OK(
        valuation_rank(scorer, &scored.request, scored.candidates, CANDIDATE_COUNT, 20, indices, values, &count, NULL, NULL));
    REQUIRE_OK(valuation_rank(scorer, &scored.request, scored.candidates, FEW, FEW, indices, values, &count, NULL, NULL));
}

static void score_batch_once(void) {
    valuation_request requests[3] = {scored.request, VALUATION_REQUEST_INIT, scored.request};
    static const size_t offsets[4] = {0, 10, 20, CANDIDATE_COUNT};
    REQUIRE_OK(valuation_score_batch(scorer, NULL, 0, requests, 3, scored.candidates, offsets, values, NULL, NULL));
}

static void score_flat_once(void) {
    static flat_impression flat;
    valuation_outcome outcome = VALUATION_OUTCOME_INIT;
    make_flat(&flat, &scored);
    REQUIRE_OK(score_flat(scorer, &flat, CANDIDATE_COUNT, values, &outcome));
    REQUIRE_OK(score_flat(scorer, &flat, 1, values, &outcome));
}

static void score_shared_once(void) {
    valuation_request requests[3] = {scored.request, VALUATION_REQUEST_INIT, scored.request};
    valuation_outcome outcomes[3] = {VALUATION_OUTCOME_INIT, VALUATION_OUTCOME_INIT, VALUATION_OUTCOME_INIT};
    static const size_t offsets[4] = {0, 10, 20, CANDIDATE_COUNT};
    REQUIRE_OK(
        valuation_score_batch(scorer, scored.features, 3, requests, 3, scored.candidates, offsets, values, outcomes, NULL));
}

/* Every condition that a flag reports. */
static void score_badly_once(void) {
    static valuation_feature many[10000];
    valuation_candidate candidates[5] = {scored.candidates[0], scored.candidates[1], scored.candidates[2], scored.candidates[3],
                                         scored.candidates[4]};
    valuation_request request = scored.request;
    request.features = many;
    request.feature_count = 10000;
    request.time_budget_ns = 1;
    candidates[0].bid = -1;
    candidates[1].pricing = 9;
    candidates[2].campaign = 1;
    candidates[3].feature_count = 10001;
    candidates[4].features = many;
    candidates[4].feature_count = 10000;
    REQUIRE_OK(valuation_score(scorer, &request, candidates, 5, values, NULL, NULL));
    request.time_budget_ns = 0;
    REQUIRE_OK(valuation_score(scorer, &request, candidates, 5, values, NULL, NULL));
}

static void answer_json_once(void) {
    const char *text;
    size_t length;
    REQUIRE_OK(valuation_score_json(scorer, json, json_length, &text, &length, NULL));
}

static void count(const char *what, void (*call)(void), int repetitions) {
    size_t before = given_out;
    for (int i = 0; i < repetitions; i++) call();
    printf("%s %zu\n", what, given_out - before);
}

static void count_all(const char *when) {
    static const struct {
        const char *name;
        void (*call)(void);
        int repetitions;
    } calls[] = {
        {"score", score_once, REPETITIONS},
        {"score_few", score_few_once, REPETITIONS},
        {"score_bare", score_bare_once, REPETITIONS},
        {"score_crossing", score_crossing_once, 2},
        {"score_badly", score_badly_once, REPETITIONS},
        {"rank", rank_once, REPETITIONS},
        {"score_batch", score_batch_once, REPETITIONS},
        {"score_flat", score_flat_once, REPETITIONS},
        {"score_shared", score_shared_once, REPETITIONS},
    };
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        char what[64];
        snprintf(what, sizeof what, "%s_%s", calls[i].name, when);
        count(what, calls[i].call, calls[i].repetitions);
    }
}

int main(int argument_count, char **arguments) {
    if (argument_count != 4) return 2;
    FILE *file = fopen(arguments[3], "rb");
    if (file == NULL) return 2;
    json_length = fread(json, 1, sizeof json, file);
    fclose(file);
    make_impression(&scored, NULL);

    size_t before = given_out;
    valuation_engine *engine = serving(arguments[1]);
    printf("load %zu\n", given_out - before);
    before = given_out;
    scorer = scorer_of(engine);
    printf("scorer_create %zu\n", given_out - before);
    count_all("from_the_first_call");

    REQUIRE_OK(valuation_engine_load(engine, arguments[2], strlen(arguments[2]), NULL));
    count("score_first_after_a_load", score_once, 1);
    count_all("after_a_load");

    count("json_first", answer_json_once, 1);
    count("json_later", answer_json_once, REPETITIONS);

    valuation_scorer_destroy(scorer);
    valuation_engine_destroy(engine);
    printf("released %zu\n", given_back);
    FINISH();
}
