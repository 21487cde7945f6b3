/* SPDX-License-Identifier: Apache-2.0
 *
 * Threads score in every possible way while other policies are renamed over the file that is followed, SWITCHES times.
 * Each answer must come, to the bit and as a whole, from the one policy or the other.
 *
 *     switch_policies ROOT FOLLOWED POLICY OTHER_POLICY REQUEST.json SWITCHES
 *
 * Prints how many answers came from each policy.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "follow.h"
#include "impression.h"

enum { THREAD_COUNT = 6, WAYS = 5, JSON_BYTES = 65536, ANSWER_BYTES = 65536, BEST = 20, ANSWERS = 20 };

/* What one way of scoring answers, as far as it is compared. */
typedef struct answer {
    valuation_value values[CANDIDATE_COUNT];
    double propensities[CANDIDATE_COUNT];
    size_t best[BEST];
    char json[ANSWER_BYTES];
} answer;

static const valuation_unit user = {"user", 4, "u-77", 4};
static valuation_engine *engine;
static impression scored;
static char json[JSON_BYTES];
static size_t json_length;
static answer expected[2][WAYS];
static atomic_int has_ended;
static atomic_long seen[2], others;

static void score_one(valuation_scorer *scorer, answer *given) {
    score(scorer, &scored, given->values);
}

static void score_batch(valuation_scorer *scorer, answer *given) {
    const valuation_request requests[3] = {scored.request, scored.request, scored.request};
    static const size_t offsets[4] = {0, 50, 190, CANDIDATE_COUNT};
    REQUIRE_OK(valuation_score_batch(scorer, NULL, 0, requests, 3, scored.candidates, offsets, given->values, NULL, NULL));
}

static void rank(valuation_scorer *scorer, answer *given) {
    size_t count;
    REQUIRE_OK(valuation_rank(scorer, &scored.request, scored.candidates, CANDIDATE_COUNT, BEST, given->best, given->values,
                              &count, NULL, NULL));
}

static void explore(valuation_scorer *scorer, answer *given) {
    REQUIRE_OK(valuation_explore(scorer, &scored.request, scored.candidates, CANDIDATE_COUNT, given->values,
                                 given->propensities, NULL, NULL, NULL));
}

static void answer_json(valuation_scorer *scorer, answer *given) {
    const char *text;
    size_t length;
    REQUIRE_OK(valuation_score_json(scorer, json, json_length, &text, &length, NULL));
    if (length >= sizeof given->json) exit(2);
    strcpy(given->json, from_values(text));
}

static void (*const ways[WAYS])(valuation_scorer *, answer *) = {score_one, score_batch, rank, explore, answer_json};

/* Each thread scores in a way of its own; the last one creates a new scorer for each call. */
static void *serve(void *number) {
    static _Thread_local answer given;
    size_t thread = (size_t)number, way = thread % WAYS;
    valuation_scorer *scorer = scorer_of(engine);
    while (!atomic_load(&has_ended)) {
        memset(&given, 0, sizeof given);
        ways[way](scorer, &given);
        int which = 0;
        while (which < 2 && memcmp(&given, &expected[which][way], sizeof given) != 0) which++;
        atomic_fetch_add(which < 2 ? &seen[which] : &others, 1);
        if (thread == THREAD_COUNT - 1) {
            valuation_scorer_destroy(scorer);
            scorer = scorer_of(engine);
        }
    }
    valuation_scorer_destroy(scorer);
    return NULL;
}

static void wait_for_answers(int policy) {
    long enough = atomic_load(&seen[policy]) + ANSWERS;
    while (atomic_load(&seen[policy]) < enough && atomic_load(&others) == 0) sched_yield();
}

static void switch_often(long switches, const char *followed, char **policies) {
    for (long number = 1; number <= switches; number++) {
        bool changed = false;
        replace_by(followed, policies[number % 2]);
        REQUIRE_OK(valuation_engine_refresh(engine, &changed, NULL));
        EXPECT(changed);
        wait_for_answers(number % 2);
    }
}

int main(int argument_count, char **arguments) {
    if (argument_count != 7) return 2;
    const char *root = arguments[1], *followed = arguments[2];
    FILE *file = fopen(arguments[5], "rb");
    if (file == NULL) return 2;
    json_length = fread(json, 1, sizeof json, file);
    fclose(file);
    engine = serving(root);
    make_impression(&scored, engine);
    scored.request.units = &user;
    scored.request.unit_count = 1;
    scored.request.seed = 7;
    for (int which = 0; which < 2; which++) {
        valuation_engine *own = serving(root);
        REQUIRE_OK(valuation_engine_load_policy(own, arguments[3 + which], strlen(arguments[3 + which]), NULL));
        valuation_scorer *scorer = scorer_of(own);
        for (int way = 0; way < WAYS; way++) ways[way](scorer, &expected[which][way]);
        valuation_scorer_destroy(scorer);
        valuation_engine_destroy(own);
    }
    for (int way = 0; way < WAYS; way++) EXPECT(memcmp(&expected[0][way], &expected[1][way], sizeof(answer)) != 0);

    replace_by(followed, arguments[3]);
    REQUIRE_OK(valuation_engine_load_policy(engine, followed, strlen(followed), NULL));
    pthread_t threads[THREAD_COUNT];
    for (size_t i = 0; i < THREAD_COUNT; i++) {
        if (pthread_create(&threads[i], NULL, serve, (void *)i) != 0) return 2;
    }
    wait_for_answers(0);
    switch_often(strtol(arguments[6], NULL, 10), followed, arguments + 3);
    atomic_store(&has_ended, 1);
    for (size_t i = 0; i < THREAD_COUNT; i++) pthread_join(threads[i], NULL);
    printf("%ld %ld\n", atomic_load(&seen[0]), atomic_load(&seen[1]));
    EXPECT(atomic_load(&others) == 0);
    valuation_engine_destroy(engine);
    FINISH();
}
