/* SPDX-License-Identifier: Apache-2.0
 *
 * An operator overrides all campaigns while threads score. Once valuation_engine_refresh has returned, every call obeys
 * the override. Setting it reads no file of a release, and it can be undone.
 *
 *     kill_switch ROOT FOLLOWED CALM_POLICY KILLING_POLICY
 *
 * Under KILLING_POLICY, predictor "safe" decides everything.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "follow.h"
#include "impression.h"

enum { THREAD_COUNT = 4, CALLS = 100, DESCRIPTION_BYTES = 65536 };

/* Which policy decides now; threads read it before each call. Values between two turns are ignored. */
typedef enum turn { CALM, BETWEEN, KILLED, CALM_AGAIN, ENDED } turn;

static valuation_engine *engine;
static impression scored;
static valuation_value of_calm[CANDIDATE_COUNT];
static atomic_int now;
static atomic_long calls[ENDED];

static void expect_killed(const valuation_value *values) {
    valuation_source source = VALUATION_SOURCE_INIT;
    for (int i = 0; i < CANDIDATE_COUNT; i++) {
        EXPECT((values[i].flags & VALUATION_FLAG_OVERRIDDEN) != 0 && values[i].source == values[0].source);
    }
    /* The name is known, even if the policy has been replaced meanwhile. */
    REQUIRE_OK(valuation_engine_find_source(engine, 0, values[0].source, &source, NULL));
    EXPECT(strcmp(source.predictor, "safe") == 0 && source.experiment[0] == '\0' && source.variant[0] == '\0');
}

static void *serve(void *nothing) {
    valuation_value values[CANDIDATE_COUNT];
    valuation_scorer *scorer = scorer_of(engine);
    for (turn before = atomic_load(&now); before != ENDED; before = atomic_load(&now)) {
        score(scorer, &scored, values);
        /* A call that spans two turns may show either. */
        if ((turn)atomic_load(&now) != before) continue;
        if (before == KILLED) expect_killed(values);
        if (before == CALM || before == CALM_AGAIN) EXPECT(same_values(values, of_calm, CANDIDATE_COUNT));
        atomic_fetch_add(&calls[before], 1);
    }
    valuation_scorer_destroy(scorer);
    return nothing;
}

static void wait_for_calls(turn awaited) {
    long enough = atomic_load(&calls[awaited]) + (long)THREAD_COUNT * CALLS;
    while (atomic_load(&calls[awaited]) < enough) sched_yield();
}

static void follow(const char *followed, const char *policy) {
    bool changed = false;
    atomic_store(&now, BETWEEN);
    replace_by(followed, policy);
    REQUIRE_OK(valuation_engine_refresh(engine, &changed, NULL));
    EXPECT(changed);
}

/* What valuation_engine_describe says of the release that serves. */
static void describe_release(char description[DESCRIPTION_BYTES]) {
    valuation_report *report;
    size_t length;
    REQUIRE_OK(valuation_engine_describe(engine, &report, NULL));
    const char *text = valuation_report_text(report, &length);
    const char *release = strstr(text, "\"release\":");
    if (release == NULL || length >= DESCRIPTION_BYTES) exit(2);
    size_t end = strcspn(release, "}");
    memcpy(description, release, end);
    description[end] = '\0';
    valuation_report_destroy(report);
}

int main(int argument_count, char **arguments) {
    if (argument_count != 5) return 2;
    char releases[FOLLOWED_BYTES], away[FOLLOWED_BYTES];
    static char before[DESCRIPTION_BYTES], after[DESCRIPTION_BYTES];
    const char *root = arguments[1], *followed = arguments[2];
    snprintf(releases, sizeof releases, "%s/releases", root);
    snprintf(away, sizeof away, "%s-away", root);
    engine = serving(root);
    make_impression(&scored, engine);
    replace_by(followed, arguments[3]);
    REQUIRE_OK(valuation_engine_load_policy(engine, followed, strlen(followed), NULL));
    valuation_scorer *scorer = scorer_of(engine);
    score(scorer, &scored, of_calm);
    describe_release(before);
    pthread_t threads[THREAD_COUNT];
    for (int i = 0; i < THREAD_COUNT; i++) {
        if (pthread_create(&threads[i], NULL, serve, NULL) != 0) return 2;
    }
    wait_for_calls(CALM);
    /* File clocks are coarse: only once LATEST is older than one tick does a refresh skip the release that it names. */
    usleep(2300000);
    REQUIRE_OK(valuation_engine_refresh(engine, NULL, NULL));
    /* No file of a release can be opened now, so a refresh that succeeds opened none. */
    if (rename(releases, away) != 0) return 2;
    follow(followed, arguments[4]);
    atomic_store(&now, KILLED);
    wait_for_calls(KILLED);
    describe_release(after);
    EXPECT(strcmp(before, after) == 0 && strstr(after, "\"id\":\"second\"") != NULL);
    follow(followed, arguments[3]);
    atomic_store(&now, CALM_AGAIN);
    wait_for_calls(CALM_AGAIN);
    atomic_store(&now, ENDED);
    for (int i = 0; i < THREAD_COUNT; i++) pthread_join(threads[i], NULL);
    if (rename(away, releases) != 0) return 2;
    valuation_scorer_destroy(scorer);
    valuation_engine_destroy(engine);
    FINISH();
}
