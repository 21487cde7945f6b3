/* SPDX-License-Identifier: Apache-2.0
 *
 * Counts the allocations of each call while a policy decides.
 *
 *     policy_allocations ROOT OTHER_MODELS POLICY OTHER_POLICY
 *
 * Prints one line for each operation: its name and the number of allocations.
 */
#include "counting_allocator.h"
#include "impression.h"

enum { REPETITIONS = 200, FEW = 10, UNITS = 32 };

static impression scored;
static valuation_scorer *scorer;
static valuation_value values[CANDIDATE_COUNT];
static double propensities[CANDIDATE_COUNT];
static size_t indices[CANDIDATE_COUNT];
static unsigned source_count;

/* Another user and seed in each call, so that every variant of every experiment occurs. */
static void take_the_next_user(void) {
    static char text[UNITS];
    static valuation_unit user = {"user", 4, text, 0};
    static uint64_t number;
    number++;
    user.text_length = (size_t)snprintf(text, sizeof text, "u-%llu", (unsigned long long)number);
    scored.request.units = &user;
    scored.request.unit_count = number % 7 > 0;
    scored.request.seed = number;
    /* Sometimes without the placement. */
    scored.request.features = scored.features + (number % 5 == 0);
    scored.request.feature_count = REQUEST_FEATURE_COUNT - (number % 5 == 0);
}

static void score_once(void) {
    take_the_next_user();
    REQUIRE_OK(valuation_score(scorer, &scored.request, scored.candidates, CANDIDATE_COUNT, values, NULL, NULL));
    REQUIRE_OK(valuation_score(scorer, &scored.request, scored.candidates, FEW, values, NULL, NULL));
}

static void rank_once(void) {
    size_t count;
    take_the_next_user();
    REQUIRE_OK(
        valuation_rank(scorer, &scored.request, scored.candidates, CANDIDATE_COUNT, 20, indices, values, &count, NULL, NULL));
}

static void score_batch_once(void) {
    static const size_t offsets[4] = {0, 10, 20, CANDIDATE_COUNT};
    valuation_request requests[3] = {scored.request, VALUATION_REQUEST_INIT, scored.request};
    take_the_next_user();
    requests[2] = scored.request;
    REQUIRE_OK(valuation_score_batch(scorer, NULL, 0, requests, 3, scored.candidates, offsets, values, NULL, NULL));
}

static void score_flat_once(void) {
    static flat_impression flat;
    take_the_next_user();
    make_flat(&flat, &scored);
    REQUIRE_OK(score_flat(scorer, &flat, CANDIDATE_COUNT, values, NULL));
    REQUIRE_OK(score_flat(scorer, &flat, 1, values, NULL));
}

/* With a seed; without one, features would be copied to make it. */
static void score_shared_once(void) {
    static const size_t offsets[3] = {0, 20, CANDIDATE_COUNT};
    valuation_outcome outcomes[2] = {VALUATION_OUTCOME_INIT, VALUATION_OUTCOME_INIT};
    take_the_next_user();
    const valuation_request requests[2] = {scored.request, scored.request};
    REQUIRE_OK(
        valuation_score_batch(scorer, scored.features, 3, requests, 2, scored.candidates, offsets, values, outcomes, NULL));
}

static void explore_once(void) {
    take_the_next_user();
    REQUIRE_OK(
        valuation_explore(scorer, &scored.request, scored.candidates, CANDIDATE_COUNT, values, propensities, NULL, NULL, NULL));
    REQUIRE_OK(valuation_explore(scorer, &scored.request, scored.candidates, FEW, values, propensities, NULL, NULL, NULL));
}

static void count(const char *what, const char *when, void (*call)(void), int repetitions) {
    size_t before = given_out;
    for (int i = 0; i < repetitions; i++) call();
    printf("%s_%s %zu\n", what, when, given_out - before);
}

static void count_all(const char *when) {
    count("score", when, score_once, REPETITIONS);
    count("rank", when, rank_once, REPETITIONS);
    count("score_batch", when, score_batch_once, REPETITIONS);
    count("score_flat", when, score_flat_once, REPETITIONS);
    count("score_shared", when, score_shared_once, REPETITIONS);
}

/* The number of distinct sources, which shows the test that the policy was at work. */
static void count_sources(void) {
    static uint32_t met[CANDIDATE_COUNT];
    for (int i = 0; i < REPETITIONS; i++) {
        take_the_next_user();
        REQUIRE_OK(valuation_score(scorer, &scored.request, scored.candidates, CANDIDATE_COUNT, values, NULL, NULL));
        for (int place = 0; place < CANDIDATE_COUNT; place++) {
            unsigned known = 0;
            while (known < source_count && met[known] != values[place].source) known++;
            if (known == source_count) met[source_count++] = values[place].source;
        }
    }
    printf("sources %u\n", source_count);
}

/* Exploring allocates room for a request's candidates and for the grid of possible winners. The first users of the
 * test bring as many of these as there ever are. */
static void count_explorations(const char *when) {
    count("explore_first", when, explore_once, 1);
    for (int i = 0; i < REPETITIONS; i++) explore_once();
    count("explore", when, explore_once, REPETITIONS);
}

int main(int argument_count, char **arguments) {
    if (argument_count != 5) return 2;
    valuation_engine *engine = serving(arguments[1]);
    make_impression(&scored, engine);
    REQUIRE_OK(valuation_engine_load_policy(engine, arguments[3], strlen(arguments[3]), NULL));
    scorer = scorer_of(engine);
    count_all("from_the_first_call");
    count_sources();
    count_explorations("first");

    count("score", "before_a_switch", score_once, 1);
    REQUIRE_OK(valuation_engine_load_policy(engine, arguments[4], strlen(arguments[4]), NULL));
    count("score_first", "after_a_policy", score_once, 1);
    count_all("after_a_policy");
    REQUIRE_OK(valuation_engine_load(engine, arguments[2], strlen(arguments[2]), NULL));
    count("score_first", "after_models", score_once, 1);
    count_all("after_models");
    valuation_scorer_destroy(scorer);

    /* A scorer that is older than the policy. */
    REQUIRE_OK(valuation_engine_load_policy(engine, NULL, 0, NULL));
    scorer = scorer_of(engine);
    REQUIRE_OK(valuation_engine_load_policy(engine, arguments[3], strlen(arguments[3]), NULL));
    count("score_first", "of_an_old_scorer", score_once, 1);
    count_all("of_an_old_scorer");
    valuation_scorer_destroy(scorer);
    valuation_engine_destroy(engine);
    FINISH();
}
