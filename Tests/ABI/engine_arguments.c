/* SPDX-License-Identifier: Apache-2.0
 *
 * Engine and scorer calls: arguments that they must refuse, and edge cases that they must accept.
 *
 *     engine_arguments MODELS
 */
#include "impression.h"

static const char *models;

static void a_handle_is_null_after_a_failure(void) {
    valuation_error error = VALUATION_ERROR_INIT;
    valuation_options options = VALUATION_OPTIONS_INIT;
    options.switches = 1u << 31;
    valuation_engine *engine = (valuation_engine *)&error;
    EXPECT_REFUSED(valuation_engine_create(&options, &engine, &error), VALUATION_ERROR_INVALID_ARGUMENT);
    EXPECT(engine == NULL);
    valuation_scorer *scorer = (valuation_scorer *)&error;
    EXPECT_REFUSED(valuation_scorer_create(NULL, &scorer, &error), VALUATION_ERROR_INVALID_ARGUMENT);
    EXPECT(scorer == NULL);
    EXPECT_REFUSED(valuation_engine_create(NULL, NULL, &error), VALUATION_ERROR_INVALID_ARGUMENT);
    EXPECT_REFUSED(valuation_scorer_create(NULL, NULL, &error), VALUATION_ERROR_INVALID_ARGUMENT);
    EXPECT(valuation_engine_create(NULL, NULL, NULL) == VALUATION_ERROR_INVALID_ARGUMENT);
    EXPECT(valuation_scorer_create(NULL, &scorer, NULL) == VALUATION_ERROR_INVALID_ARGUMENT);
    valuation_engine_destroy(NULL);
    valuation_scorer_destroy(NULL);
}

static void a_handle_is_null_after_a_failure_to_report(void) {
    valuation_error error = VALUATION_ERROR_INIT;
    valuation_engine *created = serving(models);
    error.struct_size = sizeof error - 1;
    valuation_engine *engine = (valuation_engine *)&error;
    EXPECT(valuation_engine_create(NULL, &engine, &error) == VALUATION_ERROR_STRUCT_SIZE);
    EXPECT(engine == NULL);
    valuation_scorer *scorer = (valuation_scorer *)&error;
    EXPECT(valuation_scorer_create(created, &scorer, &error) == VALUATION_ERROR_STRUCT_SIZE);
    EXPECT(scorer == NULL);
    valuation_engine_destroy(created);
}

/* A caller compiled against a newer header: its new members lie behind those that this library knows. */
static void options_of_a_newer_header_are_accepted_if_their_new_members_are_zero(void) {
    struct {
        valuation_options known;
        unsigned char added[24];
    } newer;
    valuation_error error = VALUATION_ERROR_INIT;
    valuation_engine *engine;
    memset(&newer, 0, sizeof newer);
    newer.known.struct_size = sizeof newer;
    EXPECT(valuation_engine_create(&newer.known, &engine, &error) == VALUATION_OK);
    valuation_engine_destroy(engine);
    for (size_t i = 0; i < sizeof newer.added; i++) {
        newer.added[i] = 1;
        EXPECT_REFUSED(valuation_engine_create(&newer.known, &engine, &error), VALUATION_ERROR_STRUCT_SIZE);
        EXPECT(engine == NULL);
        EXPECT_REFUSED(valuation_validate(models, strlen(models), &newer.known, NULL, NULL, &error),
                       VALUATION_ERROR_STRUCT_SIZE);
        newer.added[i] = 0;
    }
    for (uint32_t size = 0; size < sizeof newer.known; size++) {
        newer.known.struct_size = size;
        EXPECT_REFUSED(valuation_engine_create(&newer.known, &engine, &error), VALUATION_ERROR_STRUCT_SIZE);
    }
}

static void an_error_too_small_is_refused_and_not_written(void) {
    valuation_error error;
    for (uint32_t size = 0; size < sizeof error; size += 13) {
        memset(&error, 0x5a, sizeof error);
        error.struct_size = size;
        valuation_error before = error;
        EXPECT(valuation_engine_load(NULL, "", 0, &error) == VALUATION_ERROR_STRUCT_SIZE);
        EXPECT(memcmp(&before, &error, sizeof error) == 0);
    }
}

static void the_known_members_of_a_newer_headers_error_are_filled_in(void) {
    struct {
        valuation_error known;
        unsigned char added[32];
    } newer;
    static const unsigned char zeros[sizeof newer.added];
    memset(&newer, 0, sizeof newer);
    newer.known.struct_size = sizeof newer;
    EXPECT(valuation_engine_load(NULL, "", 0, &newer.known) == VALUATION_ERROR_INVALID_ARGUMENT);
    EXPECT(newer.known.status == VALUATION_ERROR_INVALID_ARGUMENT && newer.known.message[0] != '\0');
    EXPECT(memcmp(newer.added, zeros, sizeof zeros) == 0);
    EXPECT(newer.known.struct_size == sizeof newer);
}

static void unknown_bytes_of_an_error_are_left_alone(void) {
    struct {
        valuation_error known;
        unsigned char added[32];
    } newer;
    memset(&newer, 0, sizeof newer);
    newer.known.struct_size = sizeof newer;
    newer.added[31] = 1;
    EXPECT(valuation_engine_create(NULL, NULL, &newer.known) == VALUATION_ERROR_INVALID_ARGUMENT);
    EXPECT(newer.known.status == VALUATION_ERROR_INVALID_ARGUMENT && newer.known.message[0] != 0);
    EXPECT(newer.known.struct_size == sizeof newer && newer.added[0] == 0 && newer.added[31] == 1);
}

static void a_failure_sets_every_member_and_a_success_only_the_status(void) {
    valuation_engine *engine = serving(models);
    valuation_error error;
    memset(&error, 'x', sizeof error);
    error.struct_size = sizeof error;
    EXPECT_REFUSED(valuation_engine_load(engine, NULL, 0, &error), VALUATION_ERROR_INVALID_ARGUMENT);
    EXPECT(error.line == 0 && error.column == 0);
    EXPECT(strcmp(error.file, "") == 0 && strcmp(error.json_path, "") == 0);
    EXPECT(memchr(error.message, '\0', sizeof error.message) != NULL);
    valuation_error before = error;
    EXPECT(valuation_engine_load(engine, models, strlen(models), &error) == VALUATION_OK);
    before.status = VALUATION_OK;
    EXPECT(memcmp(&before, &error, sizeof error) == 0);
    EXPECT(valuation_engine_load(engine, models, strlen(models), NULL) == VALUATION_OK);
    EXPECT(valuation_engine_load(engine, NULL, 0, NULL) == VALUATION_ERROR_INVALID_ARGUMENT);
    valuation_engine_destroy(engine);
}

static void expect_path_refused(valuation_engine *engine, const char *path, size_t length) {
    valuation_error error = VALUATION_ERROR_INIT;
    EXPECT_REFUSED(valuation_engine_load(engine, path, length, &error), VALUATION_ERROR_INVALID_ARGUMENT);
    EXPECT_REFUSED(valuation_validate(path, length, NULL, NULL, NULL, &error), VALUATION_ERROR_INVALID_ARGUMENT);
}

static void impossible_paths_are_refused(void) {
    valuation_engine *engine = serving(models);
    expect_path_refused(engine, NULL, 0);
    expect_path_refused(engine, NULL, 6);
    expect_path_refused(engine, "", 0);
    expect_path_refused(engine, models, 0);
    expect_path_refused(engine, "models\0.json", 12);
    expect_path_refused(engine, models, SIZE_MAX);
    valuation_error error = VALUATION_ERROR_INIT;
    EXPECT_REFUSED(valuation_engine_load(NULL, models, strlen(models), &error), VALUATION_ERROR_INVALID_ARGUMENT);
    /* The length counts, not a NUL byte. */
    char longer[4096];
    snprintf(longer, sizeof longer, "%s/absent", models);
    EXPECT(valuation_engine_load(engine, longer, strlen(models), &error) == VALUATION_OK);
    valuation_engine_destroy(engine);
}

/* Each instruction set is accepted, or refused because this machine lacks it. The baseline is always accepted. Two
 * at once are refused. */
static void one_instruction_set_may_be_chosen(void) {
    static const uint32_t sets[] = {VALUATION_SWITCH_USE_BASELINE, VALUATION_SWITCH_USE_AVX2, VALUATION_SWITCH_USE_AVX512};
    valuation_options options = VALUATION_OPTIONS_INIT;
    valuation_error error = VALUATION_ERROR_INIT;
    valuation_engine *engine;
    for (int i = 0; i < 3; i++) {
        options.switches = sets[i] | VALUATION_SWITCH_COPY_COMPILED;
        valuation_status status = valuation_engine_create(&options, &engine, &error);
        EXPECT(status == VALUATION_OK || (i > 0 && status == VALUATION_ERROR_INVALID_ARGUMENT));
        EXPECT((status == VALUATION_OK) == (strstr(error.message, "lacks the instruction set") == NULL));
        valuation_engine_destroy(engine);
        options.switches = sets[i] | sets[(i + 1) % 3];
        EXPECT_REFUSED(valuation_engine_create(&options, &engine, &error), VALUATION_ERROR_INVALID_ARGUMENT);
        EXPECT(engine == NULL);
    }
}

int main(int argument_count, char **arguments) {
    if (argument_count != 2) return 2;
    models = arguments[1];
    a_handle_is_null_after_a_failure();
    a_handle_is_null_after_a_failure_to_report();
    options_of_a_newer_header_are_accepted_if_their_new_members_are_zero();
    an_error_too_small_is_refused_and_not_written();
    the_known_members_of_a_newer_headers_error_are_filled_in();
    unknown_bytes_of_an_error_are_left_alone();
    a_failure_sets_every_member_and_a_success_only_the_status();
    impossible_paths_are_refused();
    one_instruction_set_may_be_chosen();
    FINISH();
}
