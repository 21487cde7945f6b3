/* SPDX-License-Identifier: Apache-2.0
 *
 * Performs one operation on releases, in a process that may be killed or have a call fail on the way.
 *
 *     act publish MODELS ROOT ID|-      act publish-json MODELS ROOT ID|-      act compile MODELS FILE
 *     act select ROOT ID                act prune ROOT KEEP                    act list ROOT
 *     act load PATH
 *
 * Prints status, file and message, tab-separated, and exits with 0 on success, otherwise with 1. `list` also prints the
 * list; `load` also prints the impression's values as hexadecimal digits.
 */
#include "impression.h"

static valuation_error error = VALUATION_ERROR_INIT;

static valuation_status publish(char **arguments, uint32_t switches) {
    valuation_publishing publishing = VALUATION_PUBLISHING_INIT;
    publishing.switches = switches;
    if (strcmp(arguments[2], "-") != 0) {
        publishing.id = arguments[2];
        publishing.id_length = strlen(arguments[2]);
    }
    return valuation_publish(arguments[0], strlen(arguments[0]), arguments[1], strlen(arguments[1]), &publishing, NULL, &error);
}

static valuation_status list(const char *root) {
    valuation_report *report;
    valuation_status status = valuation_releases_list(root, strlen(root), &report, &error);
    if (status == VALUATION_OK) printf("%s\n", valuation_report_text(report, NULL));
    valuation_report_destroy(report);
    return status;
}

static valuation_status load(const char *path) {
    static impression scored;
    static valuation_value values[CANDIDATE_COUNT];
    valuation_engine *engine;
    REQUIRE_OK(valuation_engine_create(NULL, &engine, &error));
    valuation_status status = valuation_engine_load(engine, path, strlen(path), &error);
    if (status == VALUATION_OK) {
        make_impression(&scored, engine);
        valuation_scorer *scorer = scorer_of(engine);
        score(scorer, &scored, values);
        for (size_t i = 0; i < sizeof values; i++) printf("%02x", ((unsigned char *)values)[i]);
        printf("\n");
        valuation_scorer_destroy(scorer);
    }
    valuation_engine_destroy(engine);
    return status;
}

static valuation_status act(int count, char **words) {
    const char *what = words[0];
    char **arguments = words + 1;
    if (strcmp(what, "publish") == 0 && count == 4) return publish(arguments, 0);
    if (strcmp(what, "publish-json") == 0 && count == 4) return publish(arguments, VALUATION_PUBLISH_NO_COMPILED);
    if (strcmp(what, "load") == 0 && count == 2) return load(arguments[0]);
    if (strcmp(what, "list") == 0 && count == 2) return list(arguments[0]);
    if (count != 3) exit(2);
    const size_t first = strlen(arguments[0]), second = strlen(arguments[1]);
    if (strcmp(what, "compile") == 0) return valuation_compile(arguments[0], first, arguments[1], second, &error);
    if (strcmp(what, "select") == 0) {
        return valuation_releases_select(arguments[0], first, arguments[1], second, NULL, &error);
    }
    if (strcmp(what, "prune") == 0) {
        return valuation_releases_prune(arguments[0], first, strtoul(arguments[1], NULL, 10), NULL, &error);
    }
    exit(2);
}

int main(int argument_count, char **arguments) {
    if (argument_count < 3) return 2;
    valuation_status status = act(argument_count - 1, arguments + 1);
    printf("%s\t%s\t%s\n", valuation_status_name(status), error.file, error.message);
    return status == VALUATION_OK ? 0 : 1;
}
