/* SPDX-License-Identifier: Apache-2.0
 *
 * An event loop's thread commits what another thread has prepared, goes back, and asks how the engine is, while a third
 * thread's load is halted at any of its steps, with whatever locks it holds. If one of these calls waited for the load,
 * the program would hang. A commit opens, reads, maps and allocates nothing, and frees nothing. Then going back is halted.
 *
 *     event_loop MODELS BETTER ROOT STRIDE
 *
 * It tries every STRIDEth step, and prints how many it tried.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/mman.h>

#include "impression.h"
#include "steps.h"

#define TEXT(text) (text), strlen(text)

typedef struct host {
    const char *models, *better, *root;
    valuation_engine *engine;
    valuation_scorer *scorer;
    impression impression;
    valuation_value of_first[CANDIDATE_COUNT], of_second[CANDIDATE_COUNT], values[CANDIDATE_COUNT];
} host;

static _Thread_local long system_calls;

/* The library's calls end up here, because the program's symbols take precedence. */
#define NEXT(name, type) ((type)(uintptr_t)dlsym(RTLD_NEXT, name))

int open(const char *path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    int mode = va_arg(more, int);
    va_end(more);
    system_calls++;
    return NEXT("open", int (*)(const char *, int, ...))(path, flags, mode);
}

int openat(int directory, const char *path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    int mode = va_arg(more, int);
    va_end(more);
    system_calls++;
    return NEXT("openat", int (*)(int, const char *, int, ...))(directory, path, flags, mode);
}

int stat(const char *path, struct stat *status) {
    system_calls++;
    return NEXT("stat", int (*)(const char *, struct stat *))(path, status);
}

void *mmap(void *address, size_t length, int protection, int flags, int file, off_t offset) {
    system_calls++;
    return NEXT("mmap", void *(*)(void *, size_t, int, int, int, off_t))(address, length, protection, flags, file, offset);
}

int munmap(void *start, size_t length) {
    system_calls++;
    return NEXT("munmap", int (*)(void *, size_t))(start, length);
}

static int serves(host *host, const valuation_value *expected) {
    score(host->scorer, &host->impression, host->values);
    return same_values(host->values, expected, CANDIDATE_COUNT);
}

static void publish(host *host, const char *models, const char *id) {
    valuation_publishing publishing = VALUATION_PUBLISHING_INIT;
    publishing.id = id;
    publishing.id_length = strlen(id);
    REQUIRE_OK(valuation_publish(TEXT(models), TEXT(host->root), &publishing, NULL, NULL));
}

/* Commits, and expects that it did nothing but that. */
static void commit(host *host) {
    size_t taken = given_out, freed = given_back;
    long calls = system_calls;
    REQUIRE_OK(valuation_engine_commit(host->engine, NULL));
    EXPECT(given_out == taken && given_back == freed && system_calls == calls);
}

/* What the event loop does while a load is halted. */
static void meanwhile(pthread_t thread, void *context) {
    (void)thread;
    host *host = context;
    valuation_error error = VALUATION_ERROR_INIT;
    valuation_engine_state state = VALUATION_ENGINE_STATE_INIT;
    valuation_generation generation = VALUATION_GENERATION_INIT;
    valuation_source source = VALUATION_SOURCE_INIT;
    REQUIRE_OK(valuation_engine_read_state(host->engine, &state, NULL));
    if (state.release[0] == '\0') {
        /* The load is over but for what it frees. */
        EXPECT_REFUSED(valuation_engine_commit(host->engine, &error), VALUATION_ERROR_STALE);
        return;
    }
    EXPECT(serves(host, host->of_first));
    commit(host);
    EXPECT(serves(host, host->of_second));
    EXPECT_REFUSED(valuation_engine_commit(host->engine, &error), VALUATION_ERROR_NOTHING_PREPARED);
    REQUIRE_OK(valuation_engine_read_state(host->engine, &state, NULL));
    EXPECT(strcmp(state.release, "second") == 0 && strcmp(state.previous, "first") == 0 && !state.is_prepared);
    REQUIRE_OK(valuation_engine_roll_back(host->engine, NULL, 0, NULL));
    EXPECT(serves(host, host->of_first));
    REQUIRE_OK(valuation_engine_roll_back(host->engine, TEXT("second"), NULL));
    REQUIRE_OK(valuation_engine_roll_back(host->engine, TEXT("first"), NULL));
    EXPECT(serves(host, host->of_first));
    REQUIRE_OK(valuation_engine_read_state(host->engine, &state, NULL));
    EXPECT(strcmp(state.release, "first") == 0 && strcmp(state.held_back, "second") == 0);
    REQUIRE_OK(valuation_engine_find_generation(host->engine, state.generation - 3, &generation, NULL));
    EXPECT(strcmp(generation.release, "second") == 0);
    REQUIRE_OK(valuation_engine_find_source(host->engine, state.generation, 0, &source, NULL));
    EXPECT(strcmp(source.releases, "first") == 0);
    describe(host->engine);
}

static void load_better(void *context) {
    host *host = context;
    REQUIRE_OK(valuation_engine_load(host->engine, TEXT(host->better), NULL));
}

/* The first release serves, the second is prepared. Then something is loaded, and halted. */
static int try_step(host *host, long step) {
    bool ready = false;
    REQUIRE_OK(valuation_releases_select(TEXT(host->root), TEXT("first"), NULL, NULL));
    REQUIRE_OK(valuation_engine_load(host->engine, TEXT(host->root), NULL));
    REQUIRE_OK(valuation_releases_select(TEXT(host->root), TEXT("second"), NULL, NULL));
    REQUIRE_OK(valuation_engine_prepare(host->engine, &ready, NULL));
    EXPECT(ready);
    int was_halted = halt_at(step, load_better, meanwhile, host);
    /* The load has ended after all that, so its models serve. */
    valuation_engine_state state = VALUATION_ENGINE_STATE_INIT;
    REQUIRE_OK(valuation_engine_read_state(host->engine, &state, NULL));
    EXPECT(serves(host, host->of_second) && state.release[0] == '\0');
    /* What was prepared and not committed is stale now. */
    valuation_error error = VALUATION_ERROR_INIT;
    if (!was_halted) EXPECT_REFUSED(valuation_engine_commit(host->engine, &error), VALUATION_ERROR_STALE);
    EXPECT_REFUSED(valuation_engine_commit(host->engine, &error), VALUATION_ERROR_NOTHING_PREPARED);
    EXPECT(serves(host, host->of_second));
    return was_halted;
}

static void go_back_to_first(void *context) {
    host *host = context;
    REQUIRE_OK(valuation_engine_roll_back(host->engine, TEXT("first"), NULL));
}

static void commit_third(pthread_t thread, void *context) {
    (void)thread;
    host *host = context;
    const valuation_status status = valuation_engine_commit(host->engine, NULL);
    EXPECT(status == VALUATION_OK || status == VALUATION_ERROR_STALE);
}

/* Going back to a release by its id is halted, and another thread commits: the release is then no longer the previous
 * one. It serves in the end, nevertheless. */
static int try_going_back(host *host, long step) {
    REQUIRE_OK(valuation_releases_select(TEXT(host->root), TEXT("first"), NULL, NULL));
    REQUIRE_OK(valuation_engine_load(host->engine, TEXT(host->root), NULL));
    REQUIRE_OK(valuation_releases_select(TEXT(host->root), TEXT("second"), NULL, NULL));
    REQUIRE_OK(valuation_engine_refresh(host->engine, NULL, NULL));
    REQUIRE_OK(valuation_releases_select(TEXT(host->root), TEXT("third"), NULL, NULL));
    REQUIRE_OK(valuation_engine_prepare(host->engine, NULL, NULL));
    int was_halted = halt_at(step, go_back_to_first, commit_third, host);
    valuation_engine_state state = VALUATION_ENGINE_STATE_INIT;
    REQUIRE_OK(valuation_engine_read_state(host->engine, &state, NULL));
    EXPECT(strcmp(state.release, "first") == 0);
    EXPECT(serves(host, host->of_first));
    return was_halted;
}

int main(int argument_count, char **arguments) {
    static host host;
    if (argument_count != 5) return 2;
    host.models = arguments[1], host.better = arguments[2], host.root = arguments[3];
    long stride = strtol(arguments[4], NULL, 10), tried = 0;
    publish(&host, host.models, "first");
    host.engine = serving(host.root);
    make_impression(&host.impression, host.engine);
    host.scorer = scorer_of(host.engine);
    score(host.scorer, &host.impression, host.of_first);
    publish(&host, host.better, "second");
    REQUIRE_OK(valuation_engine_prepare(host.engine, NULL, NULL));
    EXPECT(serves(&host, host.of_first));
    commit(&host);
    score(host.scorer, &host.impression, host.of_second);
    EXPECT(!same_values(host.of_first, host.of_second, CANDIDATE_COUNT));
    for (long step = 1; try_step(&host, step) && failed_expectations == 0; step += stride) tried++;
    publish(&host, host.better, "third");
    for (long step = 1; try_going_back(&host, step) && failed_expectations == 0; step++) tried++;
    printf("%ld\n", tried);
    /* What commits have put aside is freed by the next call that may wait, and by the destruction of the engine. */
    valuation_scorer_destroy(host.scorer);
    valuation_engine_destroy(host.engine);
    FINISH();
}
