/* SPDX-License-Identifier: Apache-2.0
 *
 * Threads on all processors score at full speed while the main thread swaps the releases "first" and "second".
 *
 *     swaps ROOT SWAPS CALLS keep|forget
 *
 * The program replaces LATEST and refreshes the engine SWAPS times; if the engine keeps the previous release, two of
 * three swaps are rollbacks instead. Between two swaps the threads make CALLS calls. Phases with and without swaps
 * alternate. All values of a call must come, to the bit, from one of the two releases. Prints one line each: the calls
 * on the first and on the second release; and for phases with and without swaps the number of calls, p50, p99, p99.9
 * and the longest, in microseconds.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "expect.h"
#include "latency.h"

enum { FEATURES = 30, CANDIDATES = 200, MOST_THREADS = 64, PATH_BYTES = 4096, SWAPS_PER_PHASE = 20 };

typedef struct server {
    _Alignas(128) histogram durations[2];
    uint64_t seen[2], others;
    _Atomic uint64_t calls;
    pthread_t thread;
} server;

static const char *const ids[2] = {"first", "second"};
static const char *root;
static valuation_engine *engine;
static valuation_feature features[FEATURES];
static valuation_request request = VALUATION_REQUEST_INIT;
static valuation_candidate candidates[CANDIDATES];
static valuation_value expected[2][CANDIDATES];
static server servers[MOST_THREADS];
static long thread_count;
static atomic_int has_ended;
/* Counts phases: those with odd numbers have swaps. */
static atomic_uint phase;

static void make_request(void) {
    char field[16], value[16], campaign[16];
    for (int i = 0; i < FEATURES; i++) {
        int field_length = snprintf(field, sizeof field, "field%d", i);
        int value_length = snprintf(value, sizeof value, "%d", i % 10);
        features[i].key = valuation_feature_key(engine, field, (size_t)field_length, value, (size_t)value_length);
        features[i].number = 1;
    }
    for (int i = 0; i < CANDIDATES; i++) {
        int length = snprintf(campaign, sizeof campaign, "%d", i);
        candidates[i].campaign = valuation_campaign_key(engine, campaign, (size_t)length);
        candidates[i].pricing = i % 2 == 0 ? VALUATION_PRICING_CPC : VALUATION_PRICING_CPA;
        candidates[i].bid = 1 + i;
    }
    request.features = features;
    request.feature_count = FEATURES;
}

static void score(valuation_scorer *scorer, valuation_value *values) {
    REQUIRE_OK(valuation_score(scorer, &request, candidates, CANDIDATES, values, NULL, NULL));
}

static void *serve(void *own) {
    server *counts = own;
    valuation_value values[CANDIDATES];
    valuation_scorer *scorer;
    REQUIRE_OK(valuation_scorer_create(engine, &scorer, NULL));
    while (!atomic_load_explicit(&has_ended, memory_order_relaxed)) {
        unsigned before = atomic_load_explicit(&phase, memory_order_relaxed);
        uint64_t start = nanoseconds_now();
        score(scorer, values);
        uint64_t duration = nanoseconds_now() - start;
        if (before == atomic_load_explicit(&phase, memory_order_relaxed))
            count_duration(&counts->durations[before % 2], duration);
        int is_second = memcmp(values, expected[1], sizeof values) == 0;
        if (is_second || memcmp(values, expected[0], sizeof values) == 0) {
            counts->seen[is_second]++;
        } else {
            counts->others++;
        }
        atomic_fetch_add_explicit(&counts->calls, 1, memory_order_relaxed);
    }
    valuation_scorer_destroy(scorer);
    return NULL;
}

/* The values of a release, from an engine of its own. */
static void find_expected(int which) {
    char path[PATH_BYTES];
    int length = snprintf(path, sizeof path, "%s/releases/%s", root, ids[which]);
    valuation_engine *own;
    valuation_scorer *scorer;
    REQUIRE_OK(valuation_engine_create(NULL, &own, NULL));
    REQUIRE_OK(valuation_engine_load(own, path, (size_t)length, NULL));
    REQUIRE_OK(valuation_scorer_create(own, &scorer, NULL));
    score(scorer, expected[which]);
    valuation_scorer_destroy(scorer);
    valuation_engine_destroy(own);
}

/* Replaces LATEST as publishers do, but without flushing to disk. */
static void let_latest_name(const char *id) {
    char latest[PATH_BYTES], temporary[PATH_BYTES];
    snprintf(latest, sizeof latest, "%s/LATEST", root);
    snprintf(temporary, sizeof temporary, "%s/.LATEST.tmp", root);
    FILE *file = fopen(temporary, "w");
    if (file == NULL || fprintf(file, "%s\n", id) < 0 || fclose(file) != 0 || rename(temporary, latest) != 0) exit(2);
}

/* Swaps once; `number` counts swaps from 1. Odd swaps go to the second release. */
static void swap(uint64_t number, int keeps) {
    if (keeps && number % 3 != 1) {
        REQUIRE_OK(valuation_engine_roll_back(engine, NULL, 0, NULL));
        return;
    }
    bool changed;
    let_latest_name(ids[number % 2]);
    REQUIRE_OK(valuation_engine_refresh(engine, &changed, NULL));
    EXPECT(changed);
}

static uint64_t calls_made(void) {
    uint64_t calls = 0;
    for (long i = 0; i < thread_count; i++) calls += atomic_load_explicit(&servers[i].calls, memory_order_relaxed);
    return calls;
}

/* Leaves the processors to the threads until they have made so many more calls. */
static void wait_for_calls(uint64_t count) {
    const uint64_t enough = calls_made() + count;
    while (calls_made() < enough) usleep(1000);
}

static void run(uint64_t swaps, uint64_t calls, int keeps) {
    for (uint64_t number = 1; number <= swaps; number++) {
        if (number % SWAPS_PER_PHASE == 1) atomic_fetch_add(&phase, 1);
        swap(number, keeps);
        wait_for_calls(calls);
        if (number % SWAPS_PER_PHASE != 0) continue;
        atomic_fetch_add(&phase, 1);
        wait_for_calls(SWAPS_PER_PHASE * calls);
    }
}

int main(int argument_count, char **arguments) {
    if (argument_count != 5) return 2;
    root = arguments[1];
    const int keeps = strcmp(arguments[4], "keep") == 0;
    valuation_options options = VALUATION_OPTIONS_INIT;
    if (!keeps) options.switches = VALUATION_SWITCH_FORGET_PREVIOUS;
    let_latest_name(ids[0]);
    REQUIRE_OK(valuation_engine_create(&options, &engine, NULL));
    REQUIRE_OK(valuation_engine_load(engine, root, strlen(root), NULL));
    make_request();
    find_expected(0);
    find_expected(1);
    EXPECT(memcmp(expected[0], expected[1], sizeof expected[0]) != 0);

    thread_count = sysconf(_SC_NPROCESSORS_ONLN);
    if (thread_count > MOST_THREADS) thread_count = MOST_THREADS;
    for (long i = 0; i < thread_count; i++) {
        if (pthread_create(&servers[i].thread, NULL, serve, &servers[i]) != 0) return 2;
    }
    run(strtoull(arguments[2], NULL, 10), strtoull(arguments[3], NULL, 10), keeps);
    atomic_store(&has_ended, 1);
    static histogram durations[2];
    uint64_t seen[2] = {0, 0}, others = 0;
    for (long i = 0; i < thread_count; i++) {
        pthread_join(servers[i].thread, NULL);
        for (int which = 0; which < 2; which++) {
            add_histogram(&durations[which], &servers[i].durations[which]);
            seen[which] += servers[i].seen[which];
        }
        others += servers[i].others;
    }
    printf("%llu\n%llu\n", (unsigned long long)seen[0], (unsigned long long)seen[1]);
    for (int with = 1; with >= 0; with--) {
        const histogram *counted = &durations[with];
        printf("%llu %.2f %.2f %.2f %.2f\n", (unsigned long long)counted->total, quantile(counted, 0.5),
               quantile(counted, 0.99), quantile(counted, 0.999), (double)counted->longest / 1000);
    }
    if (others > 0) fprintf(stderr, "%llu calls gave values of neither release\n", (unsigned long long)others);
    EXPECT(others == 0);
    valuation_engine_destroy(engine);
    FINISH();
}
