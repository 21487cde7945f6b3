/* SPDX-License-Identifier: Apache-2.0
 *
 * Loads paths that it reads from standard input, and prints the outcome of each.
 *
 *     reader BEFORE KNOWN...
 *
 * Each path is loaded into an engine of its own that serves BEFORE. The program prints one line for it, tab-separated:
 * status, what serves now, the process's peak memory in KiB, file and message. What serves is "before", the position of
 * the KNOWN models that give the same values to the bit, or "other".
 */
#include "impression.h"

enum { LINE_BYTES = 8192, MOST_KNOWN = 16 };

static impression scored;
static valuation_value before[CANDIDATE_COUNT], known[MOST_KNOWN][CANDIDATE_COUNT];

static void values_of(const char *path, valuation_value values[CANDIDATE_COUNT]) {
    valuation_engine *engine = serving(path);
    valuation_scorer *scorer = scorer_of(engine);
    score(scorer, &scored, values);
    valuation_scorer_destroy(scorer);
    valuation_engine_destroy(engine);
}

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

static void print_what_serves(const valuation_value *values, int known_count) {
    if (same_values(values, before, CANDIDATE_COUNT)) {
        printf("before");
        return;
    }
    for (int position = 0; position < known_count; position++) {
        if (!same_values(values, known[position], CANDIDATE_COUNT)) continue;
        printf("%d", position);
        return;
    }
    printf("other");
}

static void read_one(const char *path, const char *path_before, int known_count) {
    static valuation_value values[CANDIDATE_COUNT];
    valuation_error error = VALUATION_ERROR_INIT;
    valuation_engine *engine = serving(path_before);
    valuation_scorer *scorer = scorer_of(engine);
    valuation_status status = valuation_engine_load(engine, path, strlen(path), &error);
    score(scorer, &scored, values);
    printf("%s\t", valuation_status_name(status));
    print_what_serves(values, known_count);
    printf("\t%ld\t%s\t%s\n", most_memory_ever(), error.file, error.message);
    fflush(stdout);
    valuation_scorer_destroy(scorer);
    valuation_engine_destroy(engine);
}

int main(int argument_count, char **arguments) {
    static char path[LINE_BYTES];
    int known_count = argument_count - 2;
    if (known_count < 0 || known_count > MOST_KNOWN) return 2;
    make_impression(&scored, NULL);
    values_of(arguments[1], before);
    for (int i = 0; i < known_count; i++) values_of(arguments[2 + i], known[i]);
    while (fgets(path, sizeof path, stdin) != NULL) {
        path[strcspn(path, "\n")] = '\0';
        read_one(path, arguments[1], known_count);
    }
    return 0;
}
