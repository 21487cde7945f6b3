/* SPDX-License-Identifier: Apache-2.0
 *
 * Lifetimes of engines and scorers: two engines side by side, child processes, destruction in either order, many
 * reloads.
 *
 *     lives MODELS BETTER_MODELS REFUSED
 */
#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>

#include "impression.h"

static const char *models, *better, *refused;
static impression scored;
static valuation_value of_models[CANDIDATE_COUNT], of_better[CANDIDATE_COUNT], values[CANDIDATE_COUNT];

static void load(valuation_engine *engine, const char *path) {
    REQUIRE_OK(valuation_engine_load(engine, path, strlen(path), NULL));
}

static void expect_values(valuation_scorer *scorer, const valuation_value *expected) {
    score(scorer, &scored, values);
    EXPECT(same_values(values, expected, CANDIDATE_COUNT));
}

static void two_engines_do_not_know_of_each_other(void) {
    valuation_engine *first = serving(models), *second = serving(better);
    valuation_scorer *of_first = scorer_of(first), *of_second = scorer_of(second);
    score(of_first, &scored, of_models);
    score(of_second, &scored, of_better);
    EXPECT(!same_values(of_models, of_better, CANDIDATE_COUNT));
    EXPECT(valuation_engine_load(second, refused, strlen(refused), NULL) != VALUATION_OK);
    expect_values(of_first, of_models);
    expect_values(of_second, of_better);
    load(first, better);
    expect_values(of_first, of_better);
    load(first, models);
    valuation_engine_destroy(second);
    valuation_scorer_destroy(of_second);
    expect_values(of_first, of_models);
    valuation_scorer_destroy(of_first);
    valuation_engine_destroy(first);
}

static void scorers_outlive_their_engine(void) {
    valuation_engine *engine = serving(models);
    valuation_scorer *scorers[3] = {scorer_of(engine), scorer_of(engine), scorer_of(engine)};
    valuation_engine_destroy(engine);
    for (int i = 0; i < 3; i++) {
        for (int j = i; j < 3; j++) expect_values(scorers[j], of_models);
        valuation_scorer_destroy(scorers[i]);
    }
}

/* A scorer created before a load, or under fewer models, sees what is loaded from its next call on. */
static void scorers_see_what_is_loaded_after_they_were_made(void) {
    valuation_engine *engine;
    REQUIRE_OK(valuation_engine_create(NULL, &engine, NULL));
    valuation_scorer *scorer = scorer_of(engine);
    EXPECT(valuation_score(scorer, &scored.request, NULL, 0, NULL, NULL, NULL) == VALUATION_ERROR_NOTHING_LOADED);
    load(engine, models);
    expect_values(scorer, of_models);
    load(engine, better);
    expect_values(scorer, of_better);
    load(engine, models);
    expect_values(scorer, of_models);
    valuation_scorer_destroy(scorer);
    valuation_engine_destroy(engine);
}

/* As a server does that loads once and then forks its workers. */
static void a_child_process_scores_and_loads_by_itself(void) {
    valuation_engine *engine = serving(models);
    valuation_scorer *scorer = scorer_of(engine);
    for (int i = 0; i < 4; i++) {
        pid_t child = fork();
        if (child == 0) {
            valuation_scorer *own = scorer_of(engine);
            expect_values(scorer, of_models);
            load(engine, better);
            expect_values(own, of_better);
            expect_values(scorer, of_better);
            valuation_scorer_destroy(own);
            valuation_scorer_destroy(scorer);
            valuation_engine_destroy(engine);
            _exit(failed_expectations > 0 ? 1 : 0);
        }
        int status;
        EXPECT(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
        expect_values(scorer, of_models);
    }
    valuation_scorer_destroy(scorer);
    valuation_engine_destroy(engine);
}

/* In bytes. The process's resident pages include the allocator's gaps; freed blocks that it keeps count as used. */
static long taken_memory(void) {
    struct mallinfo2 info = mallinfo2();
    return (long)(info.uordblks + info.hblkhd);
}

static void reloads_do_not_pile_up(void) {
    enum { FEW = 100, MANY = 1000, KIBIBYTES_16 = 16 * 1024 };
    valuation_engine *engine = serving(models);
    valuation_scorer *lasting = scorer_of(engine);
    const char *json =
        "{\"features\": {\"slot\": \"12\"}, \"candidates\": [{\"campaign\": \"77\", \"pricing\": \"cpa\", \"bid\": 1}]}";
    const char *text;
    size_t length;
    long after_few = 0;
    for (int i = 1; i <= MANY; i++) {
        load(engine, i % 2 == 0 ? models : better);
        EXPECT(valuation_engine_load(engine, refused, strlen(refused), NULL) != VALUATION_OK);
        expect_values(lasting, i % 2 == 0 ? of_models : of_better);
        valuation_scorer *passing = scorer_of(engine);
        expect_values(passing, i % 2 == 0 ? of_models : of_better);
        REQUIRE_OK(valuation_explain_json(passing, json, strlen(json), &text, &length, NULL));
        describe(engine);
        valuation_scorer_destroy(passing);
        if (i == FEW) after_few = taken_memory();
    }
    long growth = taken_memory() - after_few;
    if (growth > KIBIBYTES_16) fprintf(stderr, "900 more reloads grew the process by %ld bytes\n", growth);
    EXPECT(growth <= KIBIBYTES_16);
    valuation_scorer_destroy(lasting);
    valuation_engine_destroy(engine);
}

int main(int argument_count, char **arguments) {
    if (argument_count != 4) return 2;
    models = arguments[1];
    better = arguments[2];
    refused = arguments[3];
    make_impression(&scored, NULL);
    two_engines_do_not_know_of_each_other();
    scorers_outlive_their_engine();
    scorers_see_what_is_loaded_after_they_were_made();
    a_child_process_scores_and_loads_by_itself();
    reloads_do_not_pile_up();
    FINISH();
}
