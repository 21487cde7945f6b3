/* SPDX-License-Identifier: Apache-2.0
 *
 * Loads what must be refused while valid models serve, and prints the error.
 *
 *     refuse MODELS PATH MAXIMUM_INPUT_BYTES [nobody]
 *
 * MODELS are valid and serve before and after, with the same bits. PATH is then loaded and validated. With "nobody" as
 * the last word, and run as root, the program does so as user nobody. It prints one line each: status, line, column,
 * file, JSON path, message, and the program's peak memory in KiB.
 */
#include <unistd.h>

#include "impression.h"

enum { NOBODY = 65534 };

static void become_nobody(void) {
    if (geteuid() != 0) return;
    if (setegid(NOBODY) != 0 || seteuid(NOBODY) != 0) perror("become nobody");
}

/* Keeps the first problem reported (never a warning) and asks for more. */
static bool keep_first(void *context, const valuation_error *problem) {
    valuation_error *first = context;
    if (first->status == VALUATION_OK && problem->status != VALUATION_OK) *first = *problem;
    return true;
}

/* In KiB. Unlike ru_maxrss it leaves out the memory that the process held before exec. */
static long most_memory_ever(void) {
    char line[256];
    long most = -1;
    FILE *status = fopen("/proc/self/status", "r");
    while (status != NULL && fgets(line, sizeof line, status) != NULL) {
        if (strncmp(line, "VmHWM:", 6) == 0) most = strtol(line + 6, NULL, 10);
    }
    if (status != NULL) fclose(status);
    EXPECT(most > 0);
    return most;
}

static int is_terminated(const char *text, size_t size) {
    return memchr(text, '\0', size) != NULL;
}

/* The first problem, the result of validation and the result of loading are the same. */
static void validation_finds_the_same(const char *path, const valuation_options *options, const valuation_error *expected) {
    valuation_error told = VALUATION_ERROR_INIT;
    valuation_error error = VALUATION_ERROR_INIT;
    EXPECT(valuation_validate(path, strlen(path), options, keep_first, &told, &error) == expected->status);
    EXPECT(memcmp(&error, expected, sizeof error) == 0);
    EXPECT(memcmp(&told, expected, sizeof told) == 0);
    EXPECT(valuation_validate(path, strlen(path), options, NULL, NULL, NULL) == expected->status);
}

int main(int argument_count, char **arguments) {
    if (argument_count < 4) return 2;
    const char *path = arguments[2];
    valuation_options options = VALUATION_OPTIONS_INIT;
    valuation_error error = VALUATION_ERROR_INIT;
    valuation_engine *engine;
    impression scored;
    static valuation_value before[CANDIDATE_COUNT], after[CANDIDATE_COUNT];

    options.maximum_input_bytes = strtoull(arguments[3], NULL, 10);
    make_impression(&scored, NULL);
    REQUIRE_OK(valuation_engine_create(&options, &engine, &error));
    REQUIRE_OK(valuation_engine_load(engine, arguments[1], strlen(arguments[1]), &error));
    valuation_scorer *scorer = scorer_of(engine);
    score(scorer, &scored, before);

    if (argument_count > 4) become_nobody();
    valuation_status status = valuation_engine_load(engine, path, strlen(path), &error);
    EXPECT(status == error.status);
    EXPECT(is_terminated(error.file, sizeof error.file) && is_terminated(error.json_path, sizeof error.json_path) &&
           is_terminated(error.message, sizeof error.message));
    validation_finds_the_same(path, &options, &error);
    if (status != VALUATION_OK) {
        score(scorer, &scored, after);
        EXPECT(same_values(before, after, CANDIDATE_COUNT));
        valuation_scorer *later = scorer_of(engine);
        score(later, &scored, after);
        EXPECT(same_values(before, after, CANDIDATE_COUNT));
        valuation_scorer_destroy(later);
    }
    printf("%s\n%u\n%u\n%s\n%s\n%s\n%ld\n", valuation_status_name(status), error.line, error.column, error.file,
           error.json_path, error.message, most_memory_ever());
    valuation_scorer_destroy(scorer);
    valuation_engine_destroy(engine);
    FINISH();
}
