/* SPDX-License-Identifier: Apache-2.0
 *
 * Fails each allocation of a call in turn, each time in a process of its own.
 *
 *     out_of_memory load|refuse|scorer|json|explain|describe MODELS OTHER REQUEST.json
 *
 * The call must fail with OUT_OF_MEMORY or end as it would have without the failure. After a failure, MODELS must serve
 * on with the same bits, and the repeated call must succeed. Prints how many allocations failed and how often all went
 * well.
 */
#include <sys/wait.h>
#include <unistd.h>

#include "counting_allocator.h"
#include "impression.h"

enum { JSON_BYTES = 65536, NEEDED_FEWER = 3, MOST_REPORTS = 10 };

static const char *what, *other;
static char json[JSON_BYTES];
static size_t json_length;
static impression scored;
static valuation_engine *engine;
static valuation_scorer *scorer;
static valuation_value before[CANDIDATE_COUNT], of_other[CANDIDATE_COUNT], after[CANDIDATE_COUNT];

static valuation_status call(valuation_error *error) {
    const char *text;
    size_t length;
    if (strcmp(what, "json") == 0) return valuation_score_json(scorer, json, json_length, &text, &length, error);
    if (strcmp(what, "explain") == 0) return valuation_explain_json(scorer, json, json_length, &text, &length, error);
    if (strcmp(what, "describe") == 0) {
        valuation_report *report;
        valuation_status status = valuation_engine_describe(engine, &report, error);
        EXPECT((report == NULL) == (status != VALUATION_OK));
        valuation_report_destroy(report);
        return status;
    }
    if (strcmp(what, "scorer") == 0) {
        valuation_scorer *made = scorer;
        valuation_status status = valuation_scorer_create(engine, &made, error);
        EXPECT((made == NULL) == (status != VALUATION_OK));
        valuation_scorer_destroy(made);
        return status;
    }
    return valuation_engine_load(engine, other, strlen(other), error);
}

/* Fails the allocation `number`. Returns an exit status. */
static int fail_one(long number, int is_reported) {
    const valuation_status expected = strcmp(what, "refuse") == 0 ? VALUATION_ERROR_INVALID_VALUE : VALUATION_OK;
    const int is_load = strcmp(what, "load") == 0;
    valuation_error error = VALUATION_ERROR_INIT;
    if (!is_reported && freopen("/dev/null", "w", stderr) == NULL) return 2;
    allocations_until_failure = number;
    valuation_status status = call(&error);
    int has_failed = allocations_until_failure < 0;
    allocations_until_failure = -1;
    if (!has_failed) return NEEDED_FEWER;
    if (status != VALUATION_ERROR_OUT_OF_MEMORY && status != expected) {
        fprintf(stderr, "allocation %ld: %s, \"%s\"\n", number, valuation_status_name(status), error.message);
        return 1;
    }
    EXPECT(error.status == status);
    score(scorer, &scored, after);
    EXPECT(same_values(after, is_load && status == VALUATION_OK ? of_other : before, CANDIDATE_COUNT));
    EXPECT(call(&error) == expected);
    score(scorer, &scored, after);
    EXPECT(same_values(after, is_load ? of_other : before, CANDIDATE_COUNT));
    valuation_scorer_destroy(scorer);
    valuation_engine_destroy(engine);
    FINISH();
}

static void prepare(char **arguments) {
    what = arguments[1];
    other = arguments[3];
    FILE *file = fopen(arguments[4], "rb");
    if (file == NULL) exit(2);
    json_length = fread(json, 1, sizeof json, file);
    fclose(file);
    make_impression(&scored, NULL);
    if (strcmp(what, "load") == 0) {
        engine = serving(other);
        scorer = scorer_of(engine);
        score(scorer, &scored, of_other);
        valuation_scorer_destroy(scorer);
        valuation_engine_destroy(engine);
    }
    engine = serving(arguments[2]);
    scorer = scorer_of(engine);
    score(scorer, &scored, before);
}

int main(int argument_count, char **arguments) {
    if (argument_count != 5) return 2;
    prepare(arguments);
    long number, survived = 0;
    for (number = 0;; number++) {
        int is_reported = number - survived < MOST_REPORTS;
        pid_t child = fork();
        if (child == 0) _exit(fail_one(number, is_reported));
        int status;
        if (child < 0 || waitpid(child, &status, 0) != child) return 2;
        if (WIFEXITED(status) && WEXITSTATUS(status) == NEEDED_FEWER) break;
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0) survived++;
        if (WIFSIGNALED(status) && is_reported) {
            fprintf(stderr, "allocation %ld: signal %d ended the process\n", number, WTERMSIG(status));
        }
    }
    printf("%ld %ld\n", number, survived);
    valuation_scorer_destroy(scorer);
    valuation_engine_destroy(engine);
    FINISH();
}
