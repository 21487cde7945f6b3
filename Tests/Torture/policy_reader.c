/* SPDX-License-Identifier: Apache-2.0
 *
 * Loads policies whose paths it reads from standard input, and prints the outcome of each.
 *
 *     policy_reader MODELS SOUND_POLICY
 *
 * Each policy is loaded into an engine on top of the sound one. The program prints one line for it, tab-separated as by
 * reader.c: status, what decides now, the process's peak memory in KiB, file and message. What decides is "before" if
 * all values are those of the sound policy, "other" if not, and "unsound" if a value is not finite or has no source, or
 * if valuation_policy_check and the engine disagree.
 */
#include <math.h>

#include "impression.h"

enum { LINE_BYTES = 8192 };

static impression scored;
static valuation_value before[CANDIDATE_COUNT], values[CANDIDATE_COUNT];
static double propensities[CANDIDATE_COUNT];

static long most_memory_ever(void) {
    char line[256];
    long most = -1;
    FILE *status = fopen("/proc/self/status", "r");
    while (status != NULL && fgets(line, sizeof line, status) != NULL) {
        if (strncmp(line, "VmHWM:", 6) == 0) most = strtol(line + 6, NULL, 10);
    }
    if (status != NULL) fclose(status);
    return most;
}

/* Whether the check finds an error exactly if the engine does. */
static int is_of_one_mind(const char *models, const char *path, valuation_status loaded) {
    valuation_report *report;
    valuation_status status = valuation_policy_check(path, strlen(path), models, strlen(models), &report, NULL);
    /* The check is not called if the path is not a readable file. */
    if (status != VALUATION_OK) return status == loaded;
    int has_error = strstr(valuation_report_text(report, NULL), "{\"severity\":\"error\"") != NULL;
    valuation_report_destroy(report);
    return has_error == (loaded != VALUATION_OK);
}

/* Decides in every possible way. */
static int is_sound(const valuation_engine *engine, valuation_scorer *scorer) {
    static const char request[] =
        "{\"unit\": {\"user\": \"u-77\"}, \"features\": {\"slot\": \"12\"}, \"candidates\": [{\"campaign\": \"1042\", "
        "\"pricing\": \"cpa\", \"bid\": 2}, {\"campaign\": \"77\", \"pricing\": \"cpc\", \"bid\": 2}]}";
    const char *text;
    size_t length;
    valuation_source source = VALUATION_SOURCE_INIT;
    double sum = 0;
    REQUIRE_OK(valuation_assign_json(scorer, request, strlen(request), &text, &length, NULL));
    REQUIRE_OK(valuation_score_json(scorer, request, strlen(request), &text, &length, NULL));
    REQUIRE_OK(valuation_explain_json(scorer, request, strlen(request), &text, &length, NULL));
    describe(engine);
    REQUIRE_OK(
        valuation_explore(scorer, &scored.request, scored.candidates, CANDIDATE_COUNT, values, propensities, NULL, NULL, NULL));
    for (int i = 0; i < CANDIDATE_COUNT; i++) {
        sum += propensities[i];
        if (!(values[i].expected_revenue >= 0) || isinf(values[i].expected_revenue)) return 0;
        if (!(propensities[i] >= 0)) return 0;
        if (valuation_engine_find_source(engine, 0, values[i].source, &source, NULL) != VALUATION_OK) return 0;
    }
    return sum == 0 || fabs(sum - 1) < 1e-6;
}

static void read_one(const char *models, const char *sound, const char *path) {
    valuation_error error = VALUATION_ERROR_INIT;
    valuation_engine *engine = serving(models);
    REQUIRE_OK(valuation_engine_load_policy(engine, sound, strlen(sound), NULL));
    valuation_scorer *scorer = scorer_of(engine);
    valuation_status status = valuation_engine_load_policy(engine, path, strlen(path), &error);
    int is_fine = is_sound(engine, scorer) && is_of_one_mind(models, path, status);
    score(scorer, &scored, values);
    const char *what = same_values(values, before, CANDIDATE_COUNT) ? "before" : "other";
    printf("%s\t%s\t%ld\t%s\t%s\n", valuation_status_name(status), is_fine ? what : "unsound", most_memory_ever(), error.file,
           error.message);
    fflush(stdout);
    valuation_scorer_destroy(scorer);
    valuation_engine_destroy(engine);
}

int main(int argument_count, char **arguments) {
    static char path[LINE_BYTES];
    static const valuation_unit user = {"user", 4, "u-77", 4};
    if (argument_count != 3) return 2;
    const char *models = arguments[1], *sound = arguments[2];
    make_impression(&scored, NULL);
    scored.request.units = &user;
    scored.request.unit_count = 1;
    scored.request.seed = 7;
    valuation_engine *engine = serving(models);
    REQUIRE_OK(valuation_engine_load_policy(engine, sound, strlen(sound), NULL));
    valuation_scorer *scorer = scorer_of(engine);
    score(scorer, &scored, before);
    valuation_scorer_destroy(scorer);
    valuation_engine_destroy(engine);
    while (fgets(path, sizeof path, stdin) != NULL) {
        path[strcspn(path, "\n")] = '\0';
        read_one(models, sound, path);
    }
    return 0;
}
