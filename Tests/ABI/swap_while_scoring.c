/* SPDX-License-Identifier: Apache-2.0
 *
 * Threads score in every possible way while two others swap two sets of models, SWAPS times each. Each answer must
 * come, to the bit and as a whole, from the one set or the other.
 *
 *     swap_while_scoring MODELS BETTER_MODELS REQUEST.json SWAPS
 *
 * Prints how many answers came from each set.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "impression.h"

enum { THREAD_COUNT = 6, JSON_BYTES = 65536, ANSWER_BYTES = 65536, BEST = 20, ANSWERS = 20 };

/* The answers of one set of models. */
typedef struct answers {
    valuation_value values[CANDIDATE_COUNT];
    valuation_value best_values[BEST];
    size_t best[BEST];
    char json[ANSWER_BYTES];
    size_t json_length;
} answers;

static valuation_engine *engine;
static impression scored;
static char json[JSON_BYTES];
static size_t json_length;
static answers expected[2];
static atomic_int has_ended;
static atomic_long seen[2], others;

static void answer(valuation_scorer *scorer, answers *given) {
    size_t count;
    const char *text;
    score(scorer, &scored, given->values);
    REQUIRE_OK(valuation_rank(scorer, &scored.request, scored.candidates, CANDIDATE_COUNT, BEST, given->best,
                              given->best_values, &count, NULL, NULL));
    REQUIRE_OK(valuation_score_json(scorer, json, json_length, &text, &given->json_length, NULL));
    if (given->json_length >= sizeof given->json) exit(2);
    strcpy(given->json, from_values(text));
}

static void tell_values(const valuation_value *values) {
    for (int set = 0; set < 2; set++) {
        if (same_values(values, expected[set].values, CANDIDATE_COUNT)) {
            atomic_fetch_add(&seen[set], 1);
            return;
        }
    }
    atomic_fetch_add(&others, 1);
}

static void score_in_turn(valuation_scorer *scorer) {
    static _Thread_local valuation_value values[CANDIDATE_COUNT];
    score(scorer, &scored, values);
    tell_values(values);
}

static void score_batch_in_turn(valuation_scorer *scorer) {
    static _Thread_local valuation_value values[CANDIDATE_COUNT];
    const valuation_request requests[3] = {scored.request, scored.request, scored.request};
    static const size_t offsets[4] = {0, 50, 190, CANDIDATE_COUNT};
    REQUIRE_OK(valuation_score_batch(scorer, NULL, 0, requests, 3, scored.candidates, offsets, values, NULL, NULL));
    tell_values(values);
}

static void rank_in_turn(valuation_scorer *scorer) {
    size_t best[BEST], count;
    valuation_value values[BEST];
    REQUIRE_OK(
        valuation_rank(scorer, &scored.request, scored.candidates, CANDIDATE_COUNT, BEST, best, values, &count, NULL, NULL));
    for (int set = 0; set < 2; set++) {
        if (same_values(values, expected[set].best_values, BEST) && memcmp(best, expected[set].best, sizeof best) == 0) {
            atomic_fetch_add(&seen[set], 1);
            return;
        }
    }
    atomic_fetch_add(&others, 1);
}

static void answer_json_in_turn(valuation_scorer *scorer) {
    const char *text;
    size_t length;
    REQUIRE_OK(valuation_score_json(scorer, json, json_length, &text, &length, NULL));
    for (int set = 0; set < 2; set++) {
        if (strcmp(from_values(text), expected[set].json) == 0) {
            atomic_fetch_add(&seen[set], 1);
            return;
        }
    }
    atomic_fetch_add(&others, 1);
}

/* Each thread scores in a way of its own; the last one creates a new scorer for each call. */
static void *serve(void *number) {
    static void (*const ways[])(valuation_scorer *) = {score_in_turn, score_batch_in_turn, rank_in_turn, answer_json_in_turn};
    size_t thread = (size_t)number;
    valuation_scorer *scorer = scorer_of(engine);
    while (!atomic_load(&has_ended)) {
        ways[thread % 4](scorer);
        if (thread == THREAD_COUNT - 1) {
            valuation_scorer_destroy(scorer);
            scorer = scorer_of(engine);
        }
    }
    valuation_scorer_destroy(scorer);
    return NULL;
}

/* Waits until so many more answers have come from a set, or from any set for -1. */
static void wait_for_answers(int set) {
    long before[2] = {atomic_load(&seen[0]), atomic_load(&seen[1])}, more;
    do {
        sched_yield();
        more = (set != 1 ? atomic_load(&seen[0]) - before[0] : 0) + (set != 0 ? atomic_load(&seen[1]) - before[1] : 0);
    } while (more < ANSWERS && atomic_load(&others) == 0);
}

/* Loads the two sets in turn. */
static void swap(long swaps, char **paths) {
    for (long number = 1; number <= swaps; number++) {
        const char *path = paths[number % 2];
        REQUIRE_OK(valuation_engine_load(engine, path, strlen(path), NULL));
        wait_for_answers(-1);
    }
}

static char **argument_list;

static void *swap_too(void *nothing) {
    swap(strtol(argument_list[4], NULL, 10), argument_list + 1);
    return nothing;
}

int main(int argument_count, char **arguments) {
    if (argument_count != 5) return 2;
    FILE *file = fopen(arguments[3], "rb");
    if (file == NULL) return 2;
    json_length = fread(json, 1, sizeof json, file);
    fclose(file);
    make_impression(&scored, NULL);
    for (int set = 0; set < 2; set++) {
        engine = serving(arguments[1 + set]);
        valuation_scorer *scorer = scorer_of(engine);
        answer(scorer, &expected[set]);
        valuation_scorer_destroy(scorer);
        valuation_engine_destroy(engine);
    }
    EXPECT(!same_values(expected[0].values, expected[1].values, CANDIDATE_COUNT));

    engine = serving(arguments[1]);
    pthread_t threads[THREAD_COUNT];
    for (size_t i = 0; i < THREAD_COUNT; i++) {
        if (pthread_create(&threads[i], NULL, serve, (void *)i) != 0) return 2;
    }
    wait_for_answers(0);
    pthread_t swapper;
    argument_list = arguments;
    if (pthread_create(&swapper, NULL, swap_too, NULL) != 0) return 2;
    swap(strtol(arguments[4], NULL, 10), arguments + 1);
    pthread_join(swapper, NULL);
    REQUIRE_OK(valuation_engine_load(engine, arguments[2], strlen(arguments[2]), NULL));
    wait_for_answers(1);
    atomic_store(&has_ended, 1);
    for (size_t i = 0; i < THREAD_COUNT; i++) pthread_join(threads[i], NULL);
    printf("%ld %ld\n", atomic_load(&seen[0]), atomic_load(&seen[1]));
    EXPECT(atomic_load(&others) == 0);
    valuation_engine_destroy(engine);
    FINISH();
}
