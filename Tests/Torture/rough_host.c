/* SPDX-License-Identifier: Apache-2.0
 *
 * A difficult host: it links json-c and has functions of its own under the names of the library's inner parts. Two of
 * its threads score, one loads and changes policies, one lives in one locale after another, and one keeps changing the
 * process's locale. Meanwhile the process forks at random moments, with a fixed seed. Every child uses its parent's
 * engines and scorers, whatever the other threads were doing.
 *
 *     rough_host MODELS OTHER RELEASES POLICY FORKS LOCALE...
 *
 * No value may be wrong by a bit and nothing may hang. After FORKS forks the process may hold no memory and no file
 * that it did not hold after the first few. Prints the numbers of calls, loads and locales, and by how many bytes the
 * memory grew.
 */
#include <json-c/json.h>
#include <langinfo.h>
#include <pthread.h>
#include <sys/wait.h>

#include "household.h"
#include "impression.h"
#include "strangers.h"

enum {
    SCORING = 2,
    QUIET = SCORING + 1,
    ROUGH = QUIET + 2,
    KNOWN = 4,
    FEW_FORKS = 10,
    ROUNDING = 16384,
    MOST_MICROSECONDS = 3000
};
enum { OF_MODELS, OF_OTHERS, WITH_POLICY };

#define TEXT(text) (text), strlen(text)

static const char *models, *other, *releases, *policy;
static char **locales;
static int locale_count;
static impression scored;
static valuation_engine *engine;
static valuation_scorer *own, *scorers[SCORING];
/* The values of MODELS and OTHER, each without the policy and with it. */
static valuation_value known[KNOWN][CANDIDATE_COUNT];
static volatile int is_over;
static long calls, loads, lived;

static void load(const char *path) {
    REQUIRE_OK(valuation_engine_load(engine, TEXT(path), NULL));
}

static void decide(const char *file) {
    REQUIRE_OK(valuation_engine_load_policy(engine, file, file == NULL ? 0 : strlen(file), NULL));
}

static void go_back(void) {
    valuation_status status = valuation_engine_roll_back(engine, NULL, 0, NULL);
    EXPECT(status == VALUATION_OK || status == VALUATION_ERROR_NO_PREVIOUS);
}

/* Which of the known values these are, or -1. */
static int answer(valuation_scorer *scorer) {
    valuation_value values[CANDIDATE_COUNT];
    score(scorer, &scored, values);
    for (int i = 0; i < KNOWN; i++) {
        if (same_values(values, known[i], CANDIDATE_COUNT)) return i;
    }
    return -1;
}

static void *live_in_locales(void *context) {
    for (int i = 0; !is_over; i++) {
        locale_t locale = newlocale(LC_ALL_MASK, locales[i % locale_count], (locale_t)0);
        if (locale == (locale_t)0) exit(2);
        uselocale(locale);
        char half[32], expected[32];
        snprintf(half, sizeof half, "%.1f", 0.5);
        snprintf(expected, sizeof expected, "0%s5", nl_langinfo_l(RADIXCHAR, locale));
        EXPECT(strcmp(half, expected) == 0);
        uselocale(LC_GLOBAL_LOCALE);
        freelocale(locale);
        lived++;
    }
    return context;
}

static void *change_the_locale(void *context) {
    for (int i = 0; !is_over; i++) {
        if (setlocale(LC_ALL, locales[i % locale_count]) == NULL) exit(2);
    }
    return context;
}

static void *keep_scoring(void *context) {
    valuation_scorer **place = context;
    *place = scorer_of(engine);
    while (!is_over) {
        EXPECT(answer(*place) >= 0);
        __atomic_fetch_add(&calls, 1, __ATOMIC_RELAXED);
    }
    valuation_scorer *scorer = *place;
    *place = NULL;
    valuation_scorer_destroy(scorer);
    return NULL;
}

static void *keep_loading(void *context) {
    unsigned int seed = 1;
    while (!is_over) {
        switch (rand_r(&seed) % 7) {
            case 0:
                load(models);
                break;
            case 1:
                load(other);
                break;
            case 2:
                load(releases);
                REQUIRE_OK(valuation_engine_refresh(engine, NULL, NULL));
                break;
            case 3:
                go_back();
                break;
            case 4:
                decide(policy);
                break;
            case 5:
                decide(NULL);
                break;
            default:
                REQUIRE_OK(valuation_validate(TEXT(models), NULL, NULL, NULL, NULL));
        }
        loads++;
    }
    return context;
}

static void be_a_child(void) {
    EXPECT(answer(own) >= 0);
    describe(engine);
    decide(NULL);
    load(models);
    EXPECT(answer(own) == OF_MODELS);
    load(other);
    EXPECT(answer(own) == OF_OTHERS);
    decide(policy);
    EXPECT(answer(own) == OF_OTHERS + WITH_POLICY);
    go_back();
    EXPECT(answer(own) == OF_MODELS + WITH_POLICY);
    valuation_scorer_destroy(scorer_of(engine));
    /* The threads' scorers; that of a thread that was just creating or destroying it may be gone. */
    for (int i = 0; i < SCORING; i++) valuation_scorer_destroy(scorers[i]);
    valuation_scorer_destroy(own);
    valuation_engine_destroy(engine);
    EXPECT(strangers_called == 0);
    _exit(failed_expectations > 0);
}

static void live(int forks, int thread_count) {
    void *(*const lives[ROUGH])(void *) = {keep_scoring, keep_scoring, keep_loading, live_in_locales, change_the_locale};
    unsigned int seed = 1;
    pthread_t threads[ROUGH];
    is_over = 0;
    if (setlocale(LC_ALL, locales[0]) == NULL) exit(2);
    for (int i = 0; i < thread_count; i++) {
        if (pthread_create(&threads[i], NULL, lives[i], i < SCORING ? &scorers[i] : NULL) != 0) exit(2);
    }
    for (int i = 0; i < SCORING; i++) {
        while (*(valuation_scorer *volatile *)&scorers[i] == NULL) usleep(100);
    }
    for (int i = 0; i < forks && failed_expectations == 0; i++) {
        usleep((useconds_t)(rand_r(&seed) % MOST_MICROSECONDS));
        pid_t child = fork();
        if (child == 0) be_a_child();
        int status = -1;
        EXPECT(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
        EXPECT(answer(own) >= 0);
    }
    is_over = 1;
    for (int i = 0; i < thread_count; i++) pthread_join(threads[i], NULL);
    setlocale(LC_ALL, "C");
    decide(NULL);
    for (int i = 0; i < 3; i++) load(models);
    EXPECT(answer(own) == OF_MODELS);
}

int main(int argument_count, char **arguments) {
    if (argument_count < 7) return 2;
    models = arguments[1];
    other = arguments[2];
    releases = arguments[3];
    policy = arguments[4];
    int forks = atoi(arguments[5]);
    locales = arguments + 6;
    locale_count = argument_count - 6;
    json_object *object = json_tokener_parse("{\"a\": [1, 2], \"b\": \"text\"}");
    json_object *held = json_object_get(object);
    strangers_called = 0;
    make_impression(&scored, NULL);
    engine = serving(models);
    own = scorer_of(engine);
    for (int i = 0; i < KNOWN; i++) {
        load(i % 2 == OF_MODELS ? models : other);
        decide(i < WITH_POLICY ? NULL : policy);
        score(own, &scored, known[i]);
        for (int j = 0; j < i; j++) EXPECT(!same_values(known[i], known[j], CANDIDATE_COUNT));
    }
    live(FEW_FORKS, QUIET);
    size_t allocated = allocated_bytes();
    int open_files = count_entries("/proc/self/fd");
    live(forks - forks / 2, QUIET);
    /* Measure before locales change: the C library's newlocale itself leaks memory. */
    long growth = (long)(allocated_bytes() - allocated);
    EXPECT(growth < ROUNDING);
    live(forks / 2, ROUGH);
    EXPECT(count_entries("/proc/self/fd") == open_files);
    valuation_scorer_destroy(own);
    valuation_engine_destroy(engine);
    EXPECT(strangers_called == 0);
    EXPECT(json_object_put(held) == 0 && json_object_put(object) == 1);
    printf("%ld %ld %ld %ld\n", calls, loads, lived, growth);
    FINISH();
}
