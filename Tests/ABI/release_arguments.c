/* SPDX-License-Identifier: Apache-2.0
 *
 * The calls for releases accept what the header says they accept, and refuse everything else with a reason.
 *
 *     release_arguments MODELS BETTER_MODELS ROOT
 *
 * ROOT is a directory that does not exist yet.
 */
#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

#include "impression.h"

#define TEXT(text) (text), strlen(text)

enum { PATH_BYTES = 4096 };

static const char *models, *better, *root;
static valuation_error error = VALUATION_ERROR_INIT;

static valuation_status publish_as(const char *id, uint32_t switches, double prior) {
    valuation_publishing publishing = VALUATION_PUBLISHING_INIT;
    publishing.id = id;
    publishing.id_length = strlen(id);
    publishing.switches = switches;
    publishing.click_prior = prior;
    return valuation_publish(TEXT(models), TEXT(root), &publishing, NULL, &error);
}

static void nulls_and_sizes_are_refused(void) {
    valuation_report *report = (valuation_report *)&error;
    EXPECT_REFUSED(valuation_releases_list(TEXT(root), NULL, &error), VALUATION_ERROR_INVALID_ARGUMENT);
    EXPECT_REFUSED(valuation_releases_list(NULL, 0, &report, &error), VALUATION_ERROR_INVALID_ARGUMENT);
    EXPECT(report == NULL);
    EXPECT_REFUSED(valuation_releases_list(NULL, 3, &report, &error), VALUATION_ERROR_INVALID_ARGUMENT);
    EXPECT_REFUSED(valuation_releases_list("a\0b", 3, &report, &error), VALUATION_ERROR_INVALID_ARGUMENT);
    EXPECT_REFUSED(valuation_publish(TEXT(models), NULL, 0, NULL, NULL, &error), VALUATION_ERROR_INVALID_ARGUMENT);
    EXPECT_REFUSED(valuation_publish(NULL, 0, TEXT(root), NULL, NULL, &error), VALUATION_ERROR_INVALID_ARGUMENT);
    EXPECT_REFUSED(valuation_releases_prune(TEXT(root), 0, NULL, &error), VALUATION_ERROR_INVALID_ARGUMENT);
    EXPECT_REFUSED(valuation_compare(TEXT(models), TEXT(better), 3, NULL, &error), VALUATION_ERROR_INVALID_ARGUMENT);
    EXPECT_REFUSED(valuation_engine_refresh(NULL, NULL, &error), VALUATION_ERROR_INVALID_ARGUMENT);
    EXPECT_REFUSED(valuation_engine_roll_back(NULL, NULL, 0, &error), VALUATION_ERROR_INVALID_ARGUMENT);
    valuation_publishing publishing = VALUATION_PUBLISHING_INIT;
    publishing.struct_size = 8;
    EXPECT_REFUSED(valuation_publish(TEXT(models), TEXT(root), &publishing, NULL, &error), VALUATION_ERROR_STRUCT_SIZE);
    publishing.struct_size = (uint32_t)sizeof publishing;
    publishing.switches = 4;
    EXPECT_REFUSED(valuation_publish(TEXT(models), TEXT(root), &publishing, NULL, &error), VALUATION_ERROR_INVALID_ARGUMENT);
    EXPECT(valuation_report_text(NULL, NULL) == NULL);
    valuation_report_destroy(NULL);
    EXPECT(access(root, F_OK) != 0);
}

static void ids_are_names_of_directories_and_nothing_else(void) {
    static const char *unsound[] = {
        ".hidden", "..", "a/b", "../a", "a b", "", "ä", "12345678901234567890123456789012345678901234567890123456789012345"};
    for (size_t i = 0; i < sizeof unsound / sizeof unsound[0]; i++) {
        if (unsound[i][0] == '\0') continue; /* means: the current time */
        EXPECT_REFUSED(publish_as(unsound[i], 0, 0), VALUATION_ERROR_INVALID_ARGUMENT);
    }
    EXPECT(publish_as("1234567890123456789012345678901234567890123456789012345678901234", 0, 0) == VALUATION_OK);
    EXPECT(publish_as("2026-11-21T030000Z_a.b", VALUATION_PUBLISH_NO_COMPILED, 0) == VALUATION_OK);
    EXPECT_REFUSED(publish_as("2026-11-21T030000Z_a.b", 0, 0), VALUATION_ERROR_RELEASE_EXISTS);
    EXPECT_REFUSED(valuation_releases_select(TEXT(root), TEXT(".."), NULL, &error), VALUATION_ERROR_INVALID_ARGUMENT);
    EXPECT_REFUSED(valuation_releases_select(TEXT(root), TEXT("absent"), NULL, &error), VALUATION_ERROR_UNKNOWN_RELEASE);
}

static void priors_are_probabilities(void) {
    static const double unsound[] = {-0.1, 1.5, NAN, INFINITY};
    for (size_t i = 0; i < sizeof unsound / sizeof unsound[0]; i++) {
        EXPECT_REFUSED(publish_as("prior", 0, unsound[i]), VALUATION_ERROR_INVALID_ARGUMENT);
    }
    EXPECT(publish_as("given", VALUATION_PUBLISH_KEEP_LATEST, 1) == VALUATION_OK);
}

static void refresh_needs_a_directory_of_releases(void) {
    bool changed = true;
    valuation_engine *engine = serving(models);
    EXPECT_REFUSED(valuation_engine_refresh(engine, &changed, &error), VALUATION_ERROR_NOTHING_FOLLOWED);
    EXPECT(!changed);
    EXPECT_REFUSED(valuation_engine_roll_back(engine, NULL, 0, &error), VALUATION_ERROR_NO_PREVIOUS);
    EXPECT_REFUSED(valuation_engine_roll_back(engine, "a", 1, &error), VALUATION_ERROR_NOTHING_FOLLOWED);
    valuation_engine_destroy(engine);
}

static void an_engine_follows_latest_rolls_back_and_is_not_moved_forward_again(void) {
    static impression scored;
    static valuation_value old_values[CANDIDATE_COUNT], new_values[CANDIDATE_COUNT], values[CANDIDATE_COUNT];
    bool changed;
    EXPECT(publish_as("first", 0, 0) == VALUATION_OK);
    valuation_engine *engine = serving(root);
    make_impression(&scored, engine);
    valuation_scorer *scorer = scorer_of(engine);
    score(scorer, &scored, old_values);
    REQUIRE_OK(valuation_publish(TEXT(better), TEXT(root), NULL, NULL, &error));
    REQUIRE_OK(valuation_engine_refresh(engine, &changed, &error));
    EXPECT(changed);
    score(scorer, &scored, new_values);
    EXPECT(!same_values(old_values, new_values, CANDIDATE_COUNT));
    REQUIRE_OK(valuation_engine_roll_back(engine, TEXT("first"), &error));
    score(scorer, &scored, values);
    EXPECT(same_values(values, old_values, CANDIDATE_COUNT));
    REQUIRE_OK(valuation_engine_refresh(engine, &changed, &error));
    EXPECT(!changed);
    score(scorer, &scored, values);
    EXPECT(same_values(values, old_values, CANDIDATE_COUNT));
    /* A release published later is followed again. The release that was rolled back can be restored by its id. */
    EXPECT(publish_as("third", VALUATION_PUBLISH_NO_COMPILED, 0) == VALUATION_OK);
    REQUIRE_OK(valuation_engine_refresh(engine, NULL, &error));
    EXPECT_REFUSED(valuation_engine_roll_back(engine, TEXT("absent"), &error), VALUATION_ERROR_UNKNOWN_RELEASE);
    REQUIRE_OK(valuation_engine_roll_back(engine, TEXT("2026-11-21T030000Z_a.b"), &error));
    score(scorer, &scored, values);
    EXPECT(same_values(values, old_values, CANDIDATE_COUNT));
    valuation_scorer_destroy(scorer);
    valuation_engine_destroy(engine);
}

static void an_engine_that_keeps_no_previous_models_cannot_roll_back(void) {
    valuation_options options = VALUATION_OPTIONS_INIT;
    options.switches = VALUATION_SWITCH_FORGET_PREVIOUS | VALUATION_SWITCH_TRUST_COMPILED;
    valuation_engine *engine;
    REQUIRE_OK(valuation_engine_create(&options, &engine, &error));
    REQUIRE_OK(valuation_engine_load(engine, TEXT(root), &error));
    REQUIRE_OK(valuation_engine_load(engine, TEXT(models), &error));
    EXPECT_REFUSED(valuation_engine_roll_back(engine, NULL, 0, &error), VALUATION_ERROR_NO_PREVIOUS);
    valuation_engine_destroy(engine);
}

static void a_count_may_exceed_the_number_of_releases(void) {
    valuation_report *report;
    REQUIRE_OK(valuation_compare(TEXT(models), TEXT(better), SIZE_MAX, &report, &error));
    valuation_report_destroy(report);
    REQUIRE_OK(valuation_releases_prune(TEXT(root), SIZE_MAX, &report, &error));
    EXPECT(strcmp(valuation_report_text(report, NULL), "[]") == 0);
    valuation_report_destroy(report);
}

static void a_compiled_file_needs_its_suffix_and_cannot_be_published(void) {
    char file[PATH_BYTES];
    valuation_report *report;
    snprintf(file, sizeof file, "%s/all.bin", root);
    EXPECT_REFUSED(valuation_compile(TEXT(models), TEXT(file), &error), VALUATION_ERROR_INVALID_ARGUMENT);
    snprintf(file, sizeof file, "%s/absent/all.valuation", root);
    EXPECT_REFUSED(valuation_compile(TEXT(models), TEXT(file), &error), VALUATION_ERROR_FILE_NOT_FOUND);
    snprintf(file, sizeof file, "%s/all.valuation", root);
    REQUIRE_OK(valuation_compile(TEXT(models), TEXT(file), &error));
    REQUIRE_OK(valuation_compile(TEXT(file), TEXT(file), &error));
    REQUIRE_OK(valuation_validate(TEXT(file), NULL, NULL, NULL, &error));
    EXPECT_REFUSED(valuation_publish(TEXT(file), TEXT(root), NULL, NULL, &error), VALUATION_ERROR_INVALID_ARGUMENT);
    EXPECT_REFUSED(valuation_compare(TEXT(file), TEXT(models), 1, &report, &error), VALUATION_ERROR_INVALID_ARGUMENT);
}

int main(int argument_count, char **arguments) {
    if (argument_count != 4) return 2;
    models = arguments[1];
    better = arguments[2];
    root = arguments[3];
    nulls_and_sizes_are_refused();
    ids_are_names_of_directories_and_nothing_else();
    priors_are_probabilities();
    refresh_needs_a_directory_of_releases();
    an_engine_follows_latest_rolls_back_and_is_not_moved_forward_again();
    an_engine_that_keeps_no_previous_models_cannot_roll_back();
    a_count_may_exceed_the_number_of_releases();
    a_compiled_file_needs_its_suffix_and_cannot_be_published();
    FINISH();
}
