/* SPDX-License-Identifier: Apache-2.0
 *
 * A plain host opens the shipped library at run time, uses everything it offers, and finds its process unchanged: the
 * same threads, signal handlers, alternate stack, locale, environment, working directory, file mode and rounding, no
 * file left open, nothing printed. Two engines know nothing of each other. A child of the process goes on scoring.
 * 1,000 reloads of each kind take no more memory than 20, after which the engine forgets old generations. Closing the
 * library is safe.
 *
 *     guest LIBRARY MODELS OTHER_MODELS REQUEST.json RELEASES POLICY.json REFUSED...
 *
 * RELEASES is a directory that does not exist yet. Prints nothing.
 */
#include <dlfcn.h>
#include <sys/wait.h>

#include "household.h"

enum { JSON_BYTES = 65536, FEW_RELOADS = 20, MANY_RELOADS = 1000, ROUNDING = 8 * 4096 };

/* The library's functions, looked up at run time. */
#define FUNCTIONS(of)                                                                                                    \
    of(engine_create) of(engine_destroy) of(engine_load) of(engine_refresh) of(engine_roll_back) of(validate)            \
        of(scorer_create) of(scorer_destroy) of(score_json) of(explain_json) of(engine_describe) of(report_destroy)      \
            of(publish) of(compile) of(releases_list) of(releases_select) of(releases_prune) of(compare) of(report_text) \
                of(report_destroy) of(engine_load_policy) of(assign_json) of(policy_check)
#define DECLARE(name) static __typeof__(&valuation_##name) call_##name;
/* ISO C does not convert an object pointer to a function pointer; hence the copy. */
#define FIND(name)                                                 \
    do {                                                           \
        void *found = dlsym(library, "valuation_" #name);          \
        if (found == NULL || sizeof found != sizeof call_##name) { \
            exit(2);                                               \
        }                                                          \
        memcpy(&call_##name, &found, sizeof found);                \
    } while (0);
FUNCTIONS(DECLARE)

typedef struct host {
    const char *models, *other_models, *releases, *policy;
    char json[JSON_BYTES];
    size_t json_length;
    char **refused;
    int refused_count;
} host;

static valuation_error error = VALUATION_ERROR_INIT;

#define OK(call) EXPECT((call) == VALUATION_OK)
#define TEXT(text) (text), strlen(text)

static void load(valuation_engine *engine, const char *path) {
    OK(call_engine_load(engine, TEXT(path), &error));
}

static int answers(valuation_scorer *scorer, const host *host, char *answer) {
    const char *text;
    size_t length;
    if (call_score_json(scorer, host->json, host->json_length, &text, &length, &error) != VALUATION_OK) return 0;
    if (length >= JSON_BYTES) exit(2);
    /* From the values on: what precedes them names the generation, which rises with every load. */
    const char *values = strstr(text, "\"values\":");
    if (!values) return 0;
    memcpy(answer, values, length + 1 - (size_t)(values - text));
    return 1;
}

static void load_and_score(const host *host) {
    valuation_engine *engine;
    valuation_scorer *scorer;
    const char *text;
    size_t length;
    OK(call_engine_create(NULL, &engine, &error));
    load(engine, host->models);
    OK(call_validate(TEXT(host->models), NULL, NULL, NULL, &error));
    OK(call_scorer_create(engine, &scorer, &error));
    for (int i = 0; i < host->refused_count; i++) {
        EXPECT(call_engine_load(engine, TEXT(host->refused[i]), &error) != VALUATION_OK);
        EXPECT(call_validate(TEXT(host->refused[i]), NULL, NULL, NULL, &error) != VALUATION_OK);
    }
    OK(call_score_json(scorer, host->json, host->json_length, &text, &length, &error));
    OK(call_explain_json(scorer, host->json, host->json_length, &text, &length, &error));
    valuation_report *description, *findings;
    OK(call_engine_describe(engine, &description, &error));
    call_report_destroy(description);
    OK(call_policy_check(TEXT(host->policy), TEXT(host->models), &findings, &error));
    call_report_destroy(findings);
    OK(call_engine_load_policy(engine, TEXT(host->policy), &error));
    OK(call_score_json(scorer, host->json, host->json_length, &text, &length, &error));
    OK(call_assign_json(scorer, host->json, host->json_length, &text, &length, &error));
    EXPECT(call_engine_load_policy(engine, TEXT(host->refused[0]), &error) != VALUATION_OK);
    OK(call_engine_load_policy(engine, NULL, 0, &error));
    EXPECT(call_score_json(scorer, host->json, host->json_length - 2, &text, &length, &error) != VALUATION_OK);
    call_engine_destroy(engine);
    OK(call_score_json(scorer, host->json, host->json_length, &text, &length, &error));
    call_scorer_destroy(scorer);
}

static void publish(const host *host, const char *models) {
    valuation_report *report;
    OK(call_publish(TEXT(models), TEXT(host->releases), NULL, &report, &error));
    EXPECT(strstr(call_report_text(report, NULL), "valuation-release/1") != NULL);
    call_report_destroy(report);
}

static void publish_and_follow(const host *host) {
    static char old_answer[JSON_BYTES], new_answer[JSON_BYTES], answer[JSON_BYTES];
    char compiled[PATH_BYTES];
    valuation_engine *engine;
    valuation_scorer *scorer;
    valuation_report *report;
    bool changed = true;
    publish(host, host->models);
    OK(call_engine_create(NULL, &engine, &error));
    load(engine, host->releases);
    OK(call_scorer_create(engine, &scorer, &error));
    EXPECT(answers(scorer, host, old_answer));
    OK(call_engine_refresh(engine, &changed, &error));
    EXPECT(!changed);
    publish(host, host->other_models);
    OK(call_engine_refresh(engine, &changed, &error));
    EXPECT(changed);
    EXPECT(answers(scorer, host, new_answer) && strcmp(old_answer, new_answer) != 0);
    OK(call_engine_roll_back(engine, NULL, 0, &error));
    EXPECT(answers(scorer, host, answer) && strcmp(answer, old_answer) == 0);
    OK(call_releases_list(TEXT(host->releases), &report, &error));
    call_report_destroy(report);
    OK(call_compare(TEXT(host->models), TEXT(host->other_models), 3, &report, &error));
    call_report_destroy(report);
    OK(call_releases_select(TEXT(host->releases), NULL, 0, NULL, &error));
    OK(call_releases_prune(TEXT(host->releases), 1, &report, &error));
    call_report_destroy(report);
    snprintf(compiled, sizeof compiled, "%s/all.valuation", host->releases);
    OK(call_compile(TEXT(host->other_models), TEXT(compiled), &error));
    load(engine, compiled);
    EXPECT(answers(scorer, host, answer) && strcmp(answer, new_answer) == 0);
    call_scorer_destroy(scorer);
    call_engine_destroy(engine);
}

static void two_engines_and_a_child(const host *host) {
    static char first_answer[JSON_BYTES], second_answer[JSON_BYTES], answer[JSON_BYTES];
    valuation_engine *engines[2];
    valuation_scorer *scorers[2];
    for (int i = 0; i < 2; i++) {
        OK(call_engine_create(NULL, &engines[i], &error));
        load(engines[i], i == 0 ? host->models : host->other_models);
        OK(call_scorer_create(engines[i], &scorers[i], &error));
    }
    EXPECT(answers(scorers[0], host, first_answer) && answers(scorers[1], host, second_answer));
    EXPECT(strcmp(first_answer, second_answer) != 0);
    pid_t child = fork();
    if (child == 0) {
        int is_well = answers(scorers[0], host, answer) && strcmp(answer, first_answer) == 0;
        is_well = is_well && call_engine_load(engines[0], TEXT(host->other_models), &error) == VALUATION_OK;
        is_well = is_well && answers(scorers[0], host, answer) && strcmp(answer, second_answer) == 0;
        _exit(is_well ? 0 : 1);
    }
    int status = -1;
    EXPECT(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    EXPECT(answers(scorers[0], host, answer) && strcmp(answer, first_answer) == 0);
    call_scorer_destroy(scorers[1]);
    call_engine_destroy(engines[1]);
    EXPECT(answers(scorers[0], host, answer) && strcmp(answer, first_answer) == 0);
    call_scorer_destroy(scorers[0]);
    call_engine_destroy(engines[0]);
}

/* Each kind of reload in turn: model files and a policy; a compiled file; a release; the previous release without a
 * policy. */
static void reload(valuation_engine *engine, valuation_scorer *scorer, const host *host, int turn) {
    static char answer[JSON_BYTES];
    char compiled[PATH_BYTES];
    snprintf(compiled, sizeof compiled, "%s/all.valuation", host->releases);
    switch (turn % 5) {
        case 0:
            load(engine, host->models);
            OK(call_engine_load_policy(engine, TEXT(host->policy), &error));
            break;
        case 1:
            load(engine, compiled);
            break;
        case 2:
            load(engine, host->releases);
            break;
        case 3:
            OK(call_engine_roll_back(engine, NULL, 0, &error));
            OK(call_engine_load_policy(engine, NULL, 0, &error));
            break;
        default:
            EXPECT(call_engine_load(engine, TEXT(host->refused[turn / 5 % host->refused_count]), &error) != VALUATION_OK);
    }
    EXPECT(answers(scorer, host, answer));
}

static void reloads_take_no_memory(const host *host) {
    valuation_engine *engine;
    valuation_scorer *scorer;
    OK(call_engine_create(NULL, &engine, &error));
    load(engine, host->models);
    OK(call_scorer_create(engine, &scorer, &error));
    for (int turn = 0; turn < FEW_RELOADS * 5; turn++) reload(engine, scorer, host, turn);
    size_t allocated = allocated_bytes();
    int mapped = count_mapped_files();
    long resident = resident_bytes();
    for (int turn = FEW_RELOADS * 5; turn < MANY_RELOADS * 5; turn++) reload(engine, scorer, host, turn);
    /* The smallest leak of one reload is 24 bytes; the allocator rounds up now and then. */
    EXPECT(allocated_bytes() < allocated + MANY_RELOADS);
    EXPECT(count_mapped_files() == mapped);
    long difference = resident_bytes() - resident;
    if (difference > ROUNDING) fprintf(stderr, "the later reloads added %ld resident bytes\n", difference);
    EXPECT(difference <= ROUNDING);
    call_scorer_destroy(scorer);
    call_engine_destroy(engine);
}

int main(int argument_count, char **arguments) {
    static host host;
    if (argument_count < 8) return 2;
    host.models = arguments[2];
    host.other_models = arguments[3];
    host.releases = arguments[5];
    host.policy = arguments[6];
    host.refused = arguments + 7;
    host.refused_count = argument_count - 7;
    FILE *file = fopen(arguments[4], "rb");
    if (file == NULL) return 2;
    host.json_length = fread(host.json, 1, sizeof host.json, file);
    fclose(file);
    EXPECT(dlsym(RTLD_DEFAULT, "valuation_version") == NULL);
    household before = look_around();
    for (int visit = 0; visit < 3; visit++) {
        void *library = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
        if (library == NULL) {
            fprintf(stderr, "%s\n", dlerror());
            return 2;
        }
        is_as_before(&before);
        FUNCTIONS(FIND)
        load_and_score(&host);
        is_as_before(&before);
        publish_and_follow(&host);
        is_as_before(&before);
        two_engines_and_a_child(&host);
        is_as_before(&before);
        if (visit == 2) reloads_take_no_memory(&host);
        is_as_before(&before);
        EXPECT(dlclose(library) == 0);
        is_as_before(&before);
    }
    FINISH();
}
