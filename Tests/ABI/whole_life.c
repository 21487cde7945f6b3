/* SPDX-License-Identifier: Apache-2.0
 *
 * Calls every function at least once, for a memory checker.
 *
 *     whole_life MODELS BETTER_MODELS REQUEST.json leak|clean REFUSED...
 *
 * With "leak" the program loses a scorer, so that the checker has something to find.
 */
#include "impression.h"

enum { JSON_BYTES = 65536 };

static char json[JSON_BYTES];
static size_t json_length;
static impression scored;

static bool go_on(void *context, const valuation_error *problem) {
    return *(int *)context > 0 && problem->status != VALUATION_OK;
}

/* What exists only under a policy. */
static void call_under_policy(const valuation_engine *engine, valuation_scorer *scorer) {
    static valuation_value values[CANDIDATE_COUNT];
    static double propensities[CANDIDATE_COUNT];
    valuation_error error = VALUATION_ERROR_INIT;
    valuation_source source = VALUATION_SOURCE_INIT;
    const char *text;
    size_t length;
    REQUIRE_OK(valuation_explore(scorer, &scored.request, scored.candidates, CANDIDATE_COUNT, values, propensities, NULL, NULL,
                                 &error));
    REQUIRE_OK(valuation_engine_find_source(engine, 0, values[0].source, &source, &error));
    EXPECT(strlen(source.predictor) > 0);
    REQUIRE_OK(valuation_assign_json(scorer, json, json_length, &text, &length, &error));
    EXPECT(strlen(text) == length);
}

/* What needs no scorer. */
static void watch(valuation_engine *engine) {
    valuation_engine_state state = VALUATION_ENGINE_STATE_INIT;
    valuation_generation generation = VALUATION_GENERATION_INIT;
    bool ready = true;
    describe(engine);
    REQUIRE_OK(valuation_engine_read_state(engine, &state, NULL));
    REQUIRE_OK(valuation_engine_find_generation(engine, state.generation, &generation, NULL));
    EXPECT(generation.generation == state.generation && state.models > 0);
    if (valuation_engine_prepare(engine, &ready, NULL) == VALUATION_OK) EXPECT(!ready);
    EXPECT(valuation_engine_commit(engine, NULL) == VALUATION_ERROR_NOTHING_PREPARED);
}

static void call_everything(valuation_scorer *scorer) {
    static valuation_value values[CANDIDATE_COUNT];
    static size_t best[CANDIDATE_COUNT];
    static const size_t offsets[2] = {0, CANDIDATE_COUNT};
    valuation_error error = VALUATION_ERROR_INIT;
    size_t count, length;
    const char *text;
    score(scorer, &scored, values);
    REQUIRE_OK(
        valuation_rank(scorer, &scored.request, scored.candidates, CANDIDATE_COUNT, 9, best, values, &count, NULL, NULL));
    REQUIRE_OK(valuation_score_batch(scorer, NULL, 0, &scored.request, 1, scored.candidates, offsets, values, NULL, NULL));
    REQUIRE_OK(valuation_score_json(scorer, json, json_length, &text, &length, &error));
    EXPECT(strlen(text) == length);
    REQUIRE_OK(valuation_explain_json(scorer, json, json_length, &text, &length, &error));
    EXPECT(strlen(text) == length);
    /* No prefix of a request is a request. Each lies in memory of its own, so that the checker sees reads beyond it. */
    for (size_t cut = 0; cut < json_length; cut += 1 + json_length / 50) {
        char *beginning = malloc(cut > 0 ? cut : 1);
        if (beginning == NULL) exit(2);
        memcpy(beginning, json, cut);
        EXPECT(valuation_score_json(scorer, beginning, cut, &text, &length, &error) == VALUATION_ERROR_JSON_SYNTAX);
        EXPECT(valuation_explain_json(scorer, beginning, cut, &text, &length, &error) == VALUATION_ERROR_JSON_SYNTAX);
        free(beginning);
    }
}

int main(int argument_count, char **arguments) {
    if (argument_count < 7) return 2;
    const char *models = arguments[1], *better = arguments[2], *policy = arguments[5];
    FILE *file = fopen(arguments[3], "rb");
    if (file == NULL) return 2;
    json_length = fread(json, 1, sizeof json, file);
    fclose(file);
    make_impression(&scored, NULL);
    valuation_error error = VALUATION_ERROR_INIT;
    valuation_engine *engine = serving(models);
    valuation_scorer *first = scorer_of(engine), *second = scorer_of(engine);
    call_everything(first);
    watch(engine);
    REQUIRE_OK(valuation_engine_load_policy(engine, policy, strlen(policy), &error));
    call_everything(first);
    call_under_policy(engine, first);
    for (int i = 6; i < argument_count; i++) {
        const char *path = arguments[i];
        int all = 1, one = 0;
        EXPECT(valuation_engine_load(engine, path, strlen(path), &error) != VALUATION_OK);
        EXPECT(valuation_engine_load_policy(engine, path, strlen(path), &error) != VALUATION_OK);
        EXPECT(valuation_validate(path, strlen(path), NULL, go_on, &all, &error) != VALUATION_OK);
        EXPECT(valuation_validate(path, strlen(path), NULL, go_on, &one, &error) != VALUATION_OK);
    }
    REQUIRE_OK(valuation_engine_load(engine, better, strlen(better), &error));
    REQUIRE_OK(valuation_validate(models, strlen(models), NULL, NULL, NULL, &error));
    call_everything(first);
    call_everything(second);
    call_under_policy(engine, second);
    REQUIRE_OK(valuation_engine_load_policy(engine, NULL, 0, &error));
    call_everything(first);
    watch(engine);
    REQUIRE_OK(valuation_engine_load_policy(engine, policy, strlen(policy), &error));
    valuation_scorer_destroy(first);
    valuation_engine_destroy(engine);
    call_everything(second);
    if (strcmp(arguments[4], "leak") != 0) valuation_scorer_destroy(second);
    second = NULL;
    FINISH();
}
