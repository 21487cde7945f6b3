/* SPDX-License-Identifier: Apache-2.0
 *
 * Loads a policy that must be refused while a valid one decides, and prints the error.
 *
 *     refuse_policy MODELS SOUND_POLICY POLICY
 *
 * SOUND_POLICY decides before and after, with the same bits. The program prints one line each: status, line, column,
 * file, JSON path, message, and what valuation_policy_check finds in POLICY beside MODELS, or why it does not look.
 */
#include "impression.h"

static const char *models, *sound, *path;
static impression scored;
static valuation_engine *engine;
static valuation_scorer *scorer;

/* The valid policy still decides, for old and new scorers, and the engine still follows its file. */
static void expect_as_before(const valuation_value before[CANDIDATE_COUNT]) {
    static valuation_value after[CANDIDATE_COUNT];
    valuation_source source = VALUATION_SOURCE_INIT;
    score(scorer, &scored, after);
    EXPECT(same_values(before, after, CANDIDATE_COUNT));
    EXPECT(valuation_engine_find_source(engine, 0, before[0].source, &source, NULL) == VALUATION_OK);
    valuation_scorer *later = scorer_of(engine);
    score(later, &scored, after);
    EXPECT(same_values(before, after, CANDIDATE_COUNT));
    valuation_scorer_destroy(later);
    bool changed = true;
    EXPECT(valuation_engine_refresh(engine, &changed, NULL) == VALUATION_OK && !changed);
}

static void print_findings(void) {
    valuation_error error = VALUATION_ERROR_INIT;
    valuation_report *report;
    valuation_status status = valuation_policy_check(path, strlen(path), models, strlen(models), &report, &error);
    printf("%s\n", status == VALUATION_OK ? valuation_report_text(report, NULL) : valuation_status_name(status));
    valuation_report_destroy(report);
}

int main(int argument_count, char **arguments) {
    if (argument_count != 4) return 2;
    static valuation_value before[CANDIDATE_COUNT];
    valuation_error error = VALUATION_ERROR_INIT;
    models = arguments[1];
    sound = arguments[2];
    path = arguments[3];
    make_impression(&scored, NULL);
    engine = serving(models);
    scorer = scorer_of(engine);
    REQUIRE_OK(valuation_engine_load_policy(engine, sound, strlen(sound), NULL));
    score(scorer, &scored, before);
    EXPECT(before[0].source != 0);
    valuation_status status = valuation_engine_load_policy(engine, path, strlen(path), &error);
    EXPECT(status == error.status);
    if (status != VALUATION_OK) expect_as_before(before);
    printf("%s\n%u\n%u\n%s\n%s\n%s\n", valuation_status_name(status), error.line, error.column, error.file, error.json_path,
           error.message);
    print_findings();
    valuation_scorer_destroy(scorer);
    valuation_engine_destroy(engine);
    FINISH();
}
