/* SPDX-License-Identifier: Apache-2.0
 *
 * A process forks while one of its other threads is halted at any step of any call. The child scores, loads, refreshes,
 * rolls back and changes its policy as if it were alone. The parent's call ends as if nothing had happened.
 *
 *     forks MODELS OTHER_MODELS RELEASES POLICY REQUEST.json STRIDE
 *
 * RELEASES has MODELS as its release. The program tries every STRIDEth step and prints for each call how many it tried.
 */
#include <sys/wait.h>

#include "impression.h"
#include "steps.h"

#define TEXT(text) (text), strlen(text)

enum { JSON_BYTES = 65536, ANSWER_COUNT = 3 };

typedef struct host {
    const char *models, *other_models, *releases, *policy;
    char json[JSON_BYTES];
    size_t json_length;
    impression impression;
    valuation_engine *engine;
    valuation_scorer *scorer;
    valuation_scorer *others_scorer; /* the other thread's, while it has one */
    int publishes;
    valuation_value answers[ANSWER_COUNT][CANDIDATE_COUNT]; /* of the models, the other models, the models with the policy */
} host;

enum { OF_MODELS, OF_OTHERS, OF_POLICY };

static valuation_value values[CANDIDATE_COUNT];

static void load(host *host, const char *path) {
    valuation_error error = VALUATION_ERROR_INIT;
    REQUIRE_OK(valuation_engine_load(host->engine, TEXT(path), &error));
}

static void decide(host *host, const char *policy) {
    REQUIRE_OK(valuation_engine_load_policy(host->engine, policy, policy == NULL ? 0 : strlen(policy), NULL));
}

static int answers(host *host, int expected) {
    score(host->scorer, &host->impression, values);
    return same_values(values, host->answers[expected], CANDIDATE_COUNT);
}

/* The other thread's calls. Each leaves the models loaded, without a policy. */

static void load_models(void *context) {
    host *host = context;
    load(host, host->other_models);
    load(host, host->models);
}

static void load_policies(void *context) {
    host *host = context;
    decide(host, host->policy);
    decide(host, NULL);
}

static void follow(void *context) {
    host *host = context;
    load(host, host->other_models);
    load(host, host->releases);
    REQUIRE_OK(valuation_engine_roll_back(host->engine, NULL, 0, NULL));
    REQUIRE_OK(valuation_engine_refresh(host->engine, NULL, NULL));
    REQUIRE_OK(valuation_engine_roll_back(host->engine, NULL, 0, NULL));
}

/* Another release each time, and back. */
static void commit(void *context) {
    host *host = context;
    bool ready = false;
    load(host, host->releases);
    for (int i = 0; i < 2; i++) {
        REQUIRE_OK(valuation_releases_select(TEXT(host->releases), NULL, 0, NULL, NULL));
        REQUIRE_OK(valuation_engine_prepare(host->engine, &ready, NULL));
        EXPECT(ready);
        REQUIRE_OK(valuation_engine_commit(host->engine, NULL));
    }
    load(host, host->models);
}

static void answer(void *context) {
    host *host = context;
    const char *text;
    size_t length;
    static valuation_value seen[CANDIDATE_COUNT];
    valuation_scorer *scorer = scorer_of(host->engine);
    host->others_scorer = scorer;
    REQUIRE_OK(valuation_score_json(scorer, host->json, host->json_length, &text, &length, NULL));
    REQUIRE_OK(valuation_explain_json(scorer, host->json, host->json_length, &text, &length, NULL));
    describe(host->engine);
    score(scorer, &host->impression, seen);
    host->others_scorer = NULL;
    valuation_scorer_destroy(scorer);
}

static void publish(void *context) {
    host *host = context;
    valuation_publishing publishing = VALUATION_PUBLISHING_INIT;
    char id[32];
    publishing.id = id;
    publishing.id_length = (size_t)snprintf(id, sizeof id, "release-%d", host->publishes++);
    REQUIRE_OK(valuation_publish(TEXT(host->models), TEXT(host->releases), &publishing, NULL, NULL));
    REQUIRE_OK(valuation_releases_prune(TEXT(host->releases), 2, NULL, NULL));
}

/* What a child does at that moment. */

static void be_a_child(host *host) {
    score(host->scorer, &host->impression, values);
    int known = 0;
    for (int i = 0; i < ANSWER_COUNT; i++) known |= same_values(values, host->answers[i], CANDIDATE_COUNT);
    EXPECT(known);
    valuation_status status = valuation_engine_commit(host->engine, NULL);
    EXPECT(status == VALUATION_OK || status == VALUATION_ERROR_NOTHING_PREPARED || status == VALUATION_ERROR_STALE);
    valuation_engine_state state = VALUATION_ENGINE_STATE_INIT;
    valuation_generation generation = VALUATION_GENERATION_INIT;
    REQUIRE_OK(valuation_engine_read_state(host->engine, &state, NULL));
    for (uint64_t number = state.generation; number > 0 && number + 64 > state.generation; number--)
        REQUIRE_OK(valuation_engine_find_generation(host->engine, number, &generation, NULL));
    describe(host->engine);
    decide(host, NULL);
    load(host, host->models);
    EXPECT(answers(host, OF_MODELS));
    load(host, host->other_models);
    EXPECT(answers(host, OF_OTHERS));
    REQUIRE_OK(valuation_engine_roll_back(host->engine, NULL, 0, NULL));
    EXPECT(answers(host, OF_MODELS));
    decide(host, host->policy);
    EXPECT(answers(host, OF_POLICY));
    valuation_scorer_destroy(scorer_of(host->engine));
    valuation_scorer_destroy(host->others_scorer);
    valuation_scorer_destroy(host->scorer);
    valuation_engine_destroy(host->engine);
}

static void fork_now(pthread_t thread, void *context) {
    (void)thread;
    pid_t child = fork();
    if (child == 0) {
        be_a_child(context);
        _exit(failed_expectations > 0);
    }
    int status = -1;
    EXPECT(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* The child outlives the call, then publishes on its own. */

static int end_of_call[2];
static pid_t publisher;

static void fork_a_publisher(pthread_t thread, void *context) {
    (void)thread;
    if (pipe(end_of_call) != 0) exit(2);
    publisher = fork();
    if (publisher != 0) return;
    char byte;
    close(end_of_call[1]);
    if (read(end_of_call[0], &byte, 1) != 0) _exit(2);
    publish(context);
    _exit(0);
}

static void try_each_step(host *host, void (*work)(void *), long stride) {
    long tried = 0;
    for (long step = 1; halt_at(step, work, fork_now, host); step += stride) {
        tried++;
        EXPECT(answers(host, OF_MODELS));
        if (failed_expectations > 0) break;
    }
    printf("%ld\n", tried);
}

static void let_children_publish(host *host, long stride) {
    long tried = 0;
    for (long step = 1; halt_at(step, publish, fork_a_publisher, host); step += 10 * stride) {
        tried++;
        close(end_of_call[1]);
        int status = -1;
        EXPECT(waitpid(publisher, &status, 0) == publisher && WIFEXITED(status) && WEXITSTATUS(status) == 0);
        close(end_of_call[0]);
        host->publishes++;
        if (failed_expectations > 0) break;
    }
    printf("%ld\n", tried);
}

int main(int argument_count, char **arguments) {
    static host host;
    if (argument_count != 7) return 2;
    host.models = arguments[1];
    host.other_models = arguments[2];
    host.releases = arguments[3];
    host.policy = arguments[4];
    long stride = strtol(arguments[6], NULL, 10);
    FILE *file = fopen(arguments[5], "rb");
    if (file == NULL) return 2;
    host.json_length = fread(host.json, 1, sizeof host.json, file);
    fclose(file);
    host.engine = serving(host.releases);
    make_impression(&host.impression, host.engine);
    host.scorer = scorer_of(host.engine);
    load(&host, host.other_models);
    score(host.scorer, &host.impression, host.answers[OF_OTHERS]);
    load(&host, host.models);
    score(host.scorer, &host.impression, host.answers[OF_MODELS]);
    decide(&host, host.policy);
    score(host.scorer, &host.impression, host.answers[OF_POLICY]);
    decide(&host, NULL);
    EXPECT(answers(&host, OF_MODELS) && !answers(&host, OF_OTHERS) && !answers(&host, OF_POLICY));
    try_each_step(&host, load_models, stride);
    try_each_step(&host, load_policies, stride);
    try_each_step(&host, follow, stride);
    valuation_publishing publishing = VALUATION_PUBLISHING_INIT;
    publishing.id = "other", publishing.id_length = 5;
    REQUIRE_OK(valuation_publish(TEXT(host.other_models), TEXT(host.releases), &publishing, NULL, NULL));
    try_each_step(&host, commit, stride);
    try_each_step(&host, answer, stride);
    let_children_publish(&host, stride);
    FINISH();
}
