/* SPDX-License-Identifier: Apache-2.0
 *
 * Measures how much stack each call takes at most: each runs on a thread whose stack was painted before.
 *
 *     small_stack MODELS ROOT POLICY REQUEST.json FOLDER REFUSED...
 *
 * ROOT is a directory of releases; the program writes into FOLDER. It prints a line for each call: its name and the
 * bytes it took, less what a thread itself needs.
 */
#include <pthread.h>

#include "impression.h"

enum { STACK_BYTES = 1 << 20, JSON_BYTES = 65536, PAINT = 0xa5, PATH_BYTES = 4096 };

static const char *models, *root, *policy, *path, *folder;
static char json[JSON_BYTES], file[PATH_BYTES];
static size_t json_length, length;
static const char *text;
static impression scored;
static flat_impression flattened;
static valuation_engine *engine;
static valuation_scorer *scorer;
static valuation_report *report;
static valuation_value values[CANDIDATE_COUNT];
static double propensities[CANDIDATE_COUNT];
static size_t best[CANDIDATE_COUNT];
static valuation_error error;
static valuation_status status;

#define CALL(name, ...)               \
    static void *name(void *unused) { \
        (void)unused;                 \
        status = __VA_ARGS__;         \
        return NULL;                  \
    }

static bool go_on(void *context, const valuation_error *problem) {
    (void)context;
    return problem->status != VALUATION_OK;
}

CALL(nothing, VALUATION_OK)
CALL(load_refused, valuation_engine_load(engine, path, strlen(path), &error))
CALL(load_policy_refused, valuation_engine_load_policy(engine, path, strlen(path), &error))
CALL(validate_refused, valuation_validate(path, strlen(path), NULL, go_on, NULL, &error))
CALL(load_models, valuation_engine_load(engine, models, strlen(models), &error))
CALL(load_releases, valuation_engine_load(engine, root, strlen(root), &error))
CALL(load_policy, valuation_engine_load_policy(engine, policy, strlen(policy), &error))
CALL(refresh, valuation_engine_refresh(engine, &(bool){false}, &error))
CALL(validate, valuation_validate(models, strlen(models), NULL, go_on, NULL, &error))
CALL(score_structs, valuation_score(scorer, &scored.request, scored.candidates, CANDIDATE_COUNT, values, NULL, &error))
CALL(rank, valuation_rank(scorer, &scored.request, scored.candidates, CANDIDATE_COUNT, 9, best, values, &length, NULL, &error))
CALL(explore,
     valuation_explore(scorer, &scored.request, scored.candidates, CANDIDATE_COUNT, values, propensities, NULL, NULL, &error))
CALL(flat, score_flat(scorer, &flattened, CANDIDATE_COUNT, values, NULL))
CALL(score_json, valuation_score_json(scorer, json, json_length, &text, &length, &error))
CALL(explain_json, valuation_explain_json(scorer, json, json_length, &text, &length, &error))
CALL(assign_json, valuation_assign_json(scorer, json, json_length, &text, &length, &error))
CALL(engine_describe, valuation_engine_describe(engine, &report, &error))
CALL(prepare, valuation_engine_prepare(engine, &(bool){false}, &error))
CALL(read_state, valuation_engine_read_state(engine, &(valuation_engine_state)VALUATION_ENGINE_STATE_INIT, &error))
CALL(policy_check, valuation_policy_check(policy, strlen(policy), root, strlen(root), &report, &error))
CALL(compare, valuation_compare(models, strlen(models), models, strlen(models), 9, &report, &error))
CALL(publish, valuation_publish(models, strlen(models), root, strlen(root), NULL, NULL, &error))
CALL(compile, valuation_compile(models, strlen(models), file, strlen(file), &error))
CALL(list, valuation_releases_list(root, strlen(root), &report, &error))
CALL(select_before, valuation_releases_select(root, strlen(root), NULL, 0, NULL, &error))
CALL(prune, valuation_releases_prune(root, strlen(root), 3, &report, &error))

static size_t stack_of(void *(*call)(void *)) {
    unsigned char *stack = aligned_alloc(4096, STACK_BYTES);
    if (stack == NULL) exit(2);
    memset(stack, PAINT, STACK_BYTES);
    pthread_attr_t attributes;
    pthread_t thread;
    EXPECT(pthread_attr_init(&attributes) == 0);
    EXPECT(pthread_attr_setstack(&attributes, stack, STACK_BYTES) == 0);
    EXPECT(pthread_create(&thread, &attributes, call, NULL) == 0);
    EXPECT(pthread_join(thread, NULL) == 0);
    pthread_attr_destroy(&attributes);
    size_t untouched = 0;
    while (untouched < STACK_BYTES && stack[untouched] == PAINT) untouched++;
    free(stack);
    return STACK_BYTES - untouched;
}

static void measure(const char *name, void *(*call)(void *), int succeeds) {
    error = (valuation_error)VALUATION_ERROR_INIT;
    size_t own = stack_of(nothing), bytes = stack_of(call) - own;
    if ((status == VALUATION_OK) != succeeds) {
        fprintf(stderr, "%s: %s: %s\n", name, valuation_status_name(status), error.message);
        exit(2);
    }
    printf("%s %zu\n", name, bytes);
}

#define MEASURE(call) measure(#call, call, 1)

static void measure_refused(void) {
    measure("load_refused", load_refused, 0);
    measure("load_policy_refused", load_policy_refused, 0);
    measure("validate_refused", validate_refused, 0);
}

int main(int argument_count, char **arguments) {
    if (argument_count < 6) return 2;
    models = arguments[1], root = arguments[2], policy = arguments[3], folder = arguments[5];
    FILE *request = fopen(arguments[4], "rb");
    if (request == NULL) return 2;
    json_length = fread(json, 1, sizeof json, request);
    fclose(request);
    snprintf(file, sizeof file, "%s/index.valuation", folder);
    engine = serving(root);
    make_impression(&scored, engine);
    make_flat(&flattened, &scored);
    scorer = scorer_of(engine);
    for (int i = 6; i < argument_count; i++) {
        path = arguments[i];
        measure_refused();
    }
    MEASURE(load_models);
    MEASURE(load_releases);
    MEASURE(load_policy);
    MEASURE(refresh);
    MEASURE(validate);
    MEASURE(score_structs);
    MEASURE(rank);
    MEASURE(explore);
    MEASURE(flat);
    MEASURE(score_json);
    MEASURE(explain_json);
    MEASURE(assign_json);
    MEASURE(engine_describe);
    MEASURE(prepare);
    MEASURE(read_state);
    MEASURE(policy_check);
    MEASURE(compare);
    MEASURE(publish);
    MEASURE(compile);
    MEASURE(list);
    MEASURE(select_before);
    MEASURE(prune);
    valuation_scorer_destroy(scorer);
    valuation_engine_destroy(engine);
    FINISH();
}
