/* SPDX-License-Identifier: Apache-2.0
 *
 * Fails each allocation of a call in turn, each time in a process of its own.
 *
 *     no_memory CALL STEP MODELS OTHER ROOT
 *
 * ROOT is a directory of releases "first", of MODELS, and "second", of OTHER; LATEST names "first". ROOT-json is the
 * same without compiled files. ROOT-first.json and ROOT-second.json are policies under which the release of that name
 * decides. CALL is one of `calls` below; every STEPth of its allocations fails.
 *
 * The call must fail with OUT_OF_MEMORY or succeed. It must leak neither memory nor an open file. What served must
 * serve on with the same bits. LATEST must still name a sound release. The repeated call must succeed. Prints how many
 * allocations failed and how often all went well.
 */
#include "counting_allocator.h"
#include "impression.h"

#include <dirent.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PATH_BYTES = 4096, NEEDED_FEWER = 3, MOST_REPORTS = 10 };

/* What serves, or what LATEST names. */
typedef enum which { FIRST, SECOND, OTHERS } which;

/* A call, what to do before it, and what serves and what LATEST names once it has succeeded. */
typedef struct call {
    const char *name;
    void (*prepare)(void);
    valuation_status (*run)(valuation_error *error);
    which serves, latest;
} call;

static char policy[PATH_BYTES], other_policy[PATH_BYTES], root[PATH_BYTES], json_root[PATH_BYTES], compiled[PATH_BYTES],
    second[PATH_BYTES], second_json[PATH_BYTES];
static const char *models, *other;
static impression scored;
static valuation_engine *engine;
static valuation_scorer *scorer;
static valuation_value known[2][CANDIDATE_COUNT];

static void load(const char *path) {
    REQUIRE_OK(valuation_engine_load(engine, path, strlen(path), NULL));
}

static void let_latest_name(const char *directory, const char *id) {
    REQUIRE_OK(valuation_releases_select(directory, strlen(directory), id, strlen(id), NULL, NULL));
}

static valuation_status publish_as(const char *path, const char *id, uint32_t switches, valuation_error *error) {
    valuation_publishing publishing = VALUATION_PUBLISHING_INIT;
    publishing.id = id;
    publishing.id_length = strlen(id);
    publishing.switches = switches;
    valuation_report *report;
    valuation_status status = valuation_publish(path, strlen(path), root, strlen(root), &publishing, &report, error);
    EXPECT((report == NULL) == (status != VALUATION_OK));
    valuation_report_destroy(report);
    return status;
}

/* ---- Preparations. Afterwards the first release serves. ---- */

static void serve_models(void) {
    load(models);
}

static void serve_first_release(void) {
    load(root);
}

static void serve_before_a_switch(void) {
    load(root);
    let_latest_name(root, "second");
}

static void serve_json_before_a_switch(void) {
    load(json_root);
    let_latest_name(json_root, "second");
}

static void compile_first(void) {
    load(models);
    REQUIRE_OK(valuation_compile(models, strlen(models), compiled, strlen(compiled), NULL));
}

static void publish_more(void) {
    load(root);
    REQUIRE_OK(publish_as(other, "third", VALUATION_PUBLISH_KEEP_LATEST, NULL));
    REQUIRE_OK(publish_as(other, "fourth", VALUATION_PUBLISH_KEEP_LATEST, NULL));
}

static void load_policy_at(const char *path) {
    REQUIRE_OK(valuation_engine_load_policy(engine, path, strlen(path), NULL));
}

static void decide_by_first(void) {
    load(root);
    load_policy_at(policy);
}

static void decide_by_first_of_model_files(void) {
    load(json_root);
    load_policy_at(policy);
}

static void decide_by_first_before_a_switch(void) {
    decide_by_first();
    let_latest_name(root, "second");
}

/* ---- The calls. ---- */

static valuation_status load_release(valuation_error *error) {
    return valuation_engine_load(engine, second, strlen(second), error);
}

static valuation_status load_json_release(valuation_error *error) {
    return valuation_engine_load(engine, second_json, strlen(second_json), error);
}

static valuation_status load_root(valuation_error *error) {
    return valuation_engine_load(engine, root, strlen(root), error);
}

static valuation_status refresh(valuation_error *error) {
    bool has_changed = true;
    valuation_status status = valuation_engine_refresh(engine, &has_changed, error);
    EXPECT(status == VALUATION_OK || !has_changed);
    return status;
}

/* A refresh may succeed for the policy and fail for the models, or the reverse; it then reports both and keeps
 * memory. */
static bool has_changed_and_failed;

static valuation_status refresh_both(valuation_error *error) {
    bool has_changed;
    valuation_status status = valuation_engine_refresh(engine, &has_changed, error);
    has_changed_and_failed = status != VALUATION_OK && has_changed;
    return status;
}

/* What is prepared can be committed without memory. */
static valuation_status prepare_and_commit(valuation_error *error) {
    bool is_ready = true;
    valuation_status status = valuation_engine_prepare(engine, &is_ready, error);
    EXPECT((status == VALUATION_OK) == is_ready);
    if (is_ready) REQUIRE_OK(valuation_engine_commit(engine, NULL));
    return status;
}

static valuation_status roll_back(valuation_error *error) {
    return valuation_engine_roll_back(engine, "second", 6, error);
}

static valuation_status publish(valuation_error *error) {
    return publish_as(other, "new", 0, error);
}

static valuation_status publish_json(valuation_error *error) {
    return publish_as(other, "new", VALUATION_PUBLISH_NO_COMPILED, error);
}

static valuation_status compile(valuation_error *error) {
    return valuation_compile(other, strlen(other), compiled, strlen(compiled), error);
}

static valuation_status select_second(valuation_error *error) {
    return valuation_releases_select(root, strlen(root), "second", 6, NULL, error);
}

/* Reads a report to its end and destroys it. */
static valuation_status reported(valuation_status status, valuation_report *report) {
    EXPECT((report == NULL) == (status != VALUATION_OK));
    if (status == VALUATION_OK) EXPECT(strlen(valuation_report_text(report, NULL)) > 1);
    valuation_report_destroy(report);
    return status;
}

static valuation_status prune(valuation_error *error) {
    valuation_report *report;
    valuation_status status = valuation_releases_prune(root, strlen(root), 1, &report, error);
    return reported(status, report);
}

static valuation_status list(valuation_error *error) {
    valuation_report *report;
    valuation_status status = valuation_releases_list(root, strlen(root), &report, error);
    return reported(status, report);
}

static valuation_status compare(valuation_error *error) {
    valuation_report *report;
    valuation_status status = valuation_compare(models, strlen(models), root, strlen(root), 5, &report, error);
    return reported(status, report);
}

static valuation_status validate(valuation_error *error) {
    return valuation_validate(root, strlen(root), NULL, NULL, NULL, error);
}

static valuation_status load_policy(valuation_error *error) {
    return valuation_engine_load_policy(engine, other_policy, strlen(other_policy), error);
}

static valuation_status check_policy(valuation_error *error) {
    valuation_report *report;
    valuation_status status = valuation_policy_check(other_policy, strlen(other_policy), root, strlen(root), &report, error);
    return reported(status, report);
}

/* A scorer keeps the memory that it allocates for a policy, so these calls use a scorer of their own. */
static valuation_status assign(valuation_error *error) {
    static const char request[] = "{\"unit\": {\"user\": \"u-77\"}, \"candidates\": [{\"campaign\": \"1042\"}]}";
    const char *text;
    size_t length;
    valuation_scorer *own;
    valuation_status status = valuation_scorer_create(engine, &own, error);
    if (status != VALUATION_OK) return status;
    status = valuation_assign_json(own, request, strlen(request), &text, &length, error);
    EXPECT(status != VALUATION_OK || strlen(text) == length);
    valuation_scorer_destroy(own);
    return status;
}

static valuation_status explore(valuation_error *error) {
    static valuation_value values[CANDIDATE_COUNT];
    static double propensities[CANDIDATE_COUNT];
    valuation_scorer *own;
    valuation_status status = valuation_scorer_create(engine, &own, error);
    if (status != VALUATION_OK) return status;
    /* The experiment for all who have a unit explores. */
    static const valuation_unit user = {"user", 4, "u-77", 4};
    valuation_request request = scored.request;
    request.units = &user;
    request.unit_count = 1;
    status = valuation_explore(own, &request, scored.candidates, CANDIDATE_COUNT, values, propensities, NULL, NULL, error);
    EXPECT(status != VALUATION_OK || (values[0].flags & VALUATION_FLAG_EXPLORED) != 0);
    valuation_scorer_destroy(own);
    return status;
}

static const call calls[] = {
    {"load", serve_models, load_release, SECOND, FIRST},
    {"load-json", serve_models, load_json_release, SECOND, FIRST},
    {"load-root", serve_models, load_root, FIRST, FIRST},
    {"refresh", serve_before_a_switch, refresh, SECOND, SECOND},
    {"refresh-json", serve_json_before_a_switch, refresh, SECOND, FIRST},
    {"prepare", serve_before_a_switch, prepare_and_commit, SECOND, SECOND},
    {"roll-back", serve_first_release, roll_back, SECOND, FIRST},
    {"publish", serve_models, publish, FIRST, SECOND},
    {"publish-json", serve_models, publish_json, FIRST, SECOND},
    {"compile", compile_first, compile, FIRST, FIRST},
    {"select", serve_first_release, select_second, FIRST, SECOND},
    {"prune", publish_more, prune, FIRST, FIRST},
    {"list", serve_first_release, list, FIRST, FIRST},
    {"compare", serve_first_release, compare, FIRST, FIRST},
    {"validate", serve_first_release, validate, FIRST, FIRST},
    {"load-policy", decide_by_first, load_policy, SECOND, FIRST},
    {"load-policy-json", decide_by_first_of_model_files, load_policy, SECOND, FIRST},
    {"load-first-policy", serve_first_release, load_policy, SECOND, FIRST},
    {"refresh-under-policy", decide_by_first_before_a_switch, refresh_both, FIRST, SECOND},
    {"check-policy", decide_by_first, check_policy, FIRST, FIRST},
    {"assign", decide_by_first, assign, FIRST, FIRST},
    {"explore", decide_by_first, explore, FIRST, FIRST},
};

/* ---- Checks. ------------- ---- */

static int open_files(void) {
    int count = 0;
    DIR *files = opendir("/proc/self/fd");
    while (readdir(files) != NULL) count++;
    closedir(files);
    return count;
}

static which value_of(valuation_scorer *asked) {
    static valuation_value values[CANDIDATE_COUNT];
    score(asked, &scored, values);
    /* Ignore what a policy adds: the releases do not differ in it. */
    for (int i = 0; i < CANDIDATE_COUNT; i++) {
        values[i].source = 0;
        values[i].flags &= ~(valuation_flags)VALUATION_FLAG_NO_UNIT;
    }
    if (same_values(values, known[FIRST], CANDIDATE_COUNT)) return FIRST;
    return same_values(values, known[SECOND], CANDIDATE_COUNT) ? SECOND : OTHERS;
}

/* What a new process would serve. */
static which value_at(const char *path) {
    valuation_engine *own = serving(path);
    valuation_scorer *asked = scorer_of(own);
    which found = value_of(asked);
    valuation_scorer_destroy(asked);
    valuation_engine_destroy(own);
    return found;
}

/* Fails the allocation `number` of a call. Returns an exit status. */
static int fail_one(const call *tried, long number, int is_reported) {
    valuation_error error = VALUATION_ERROR_INIT;
    if (!is_reported && freopen("/dev/null", "w", stderr) == NULL) return 2;
    const long memory_before_all = live_allocations();
    const int files_before_all = open_files();
    REQUIRE_OK(valuation_engine_create(NULL, &engine, NULL));
    tried->prepare();
    scorer = scorer_of(engine);
    EXPECT(value_of(scorer) == FIRST);
    const which latest = value_at(root);
    const long memory_before = live_allocations();
    allocations_until_failure = number;
    valuation_status status = tried->run(&error);
    const int has_failed = allocations_until_failure < 0;
    allocations_until_failure = -1;
    if (!has_failed) return NEEDED_FEWER;
    if (status != VALUATION_ERROR_OUT_OF_MEMORY && status != VALUATION_OK) {
        fprintf(stderr, "allocation %ld: %s, \"%s\"\n", number, valuation_status_name(status), error.message);
        failed_expectations++;
    }
    EXPECT(error.status == status);
    if (status != VALUATION_OK) {
        EXPECT(live_allocations() == memory_before || has_changed_and_failed);
        EXPECT(value_of(scorer) == FIRST);
        EXPECT(value_at(root) == latest);
        if (tried->run == compile) EXPECT(value_at(compiled) == FIRST);
        status = tried->run(&error);
        if (status != VALUATION_OK) {
            fprintf(stderr, "allocation %ld: the repeated call says %s: %s\n", number, valuation_status_name(status),
                    error.message);
            failed_expectations++;
        }
    }
    EXPECT(value_of(scorer) == tried->serves);
    EXPECT(value_at(root) == tried->latest);
    if (tried->run == compile) EXPECT(value_at(compiled) == SECOND);
    valuation_scorer_destroy(scorer);
    valuation_engine_destroy(engine);
    EXPECT(live_allocations() == memory_before_all);
    EXPECT(open_files() == files_before_all);
    FINISH();
}

/* Restores the directories of releases, in a process of its own. */
static int put_back(void) {
    char command[4 * PATH_BYTES];
    snprintf(command, sizeof command, "rm -rf '%s/releases/new' '%s/releases/third' '%s/releases/fourth'", root, root, root);
    let_latest_name(root, "first");
    let_latest_name(json_root, "first");
    EXPECT(publish_as(other, "second", VALUATION_PUBLISH_KEEP_LATEST, NULL) != VALUATION_ERROR_INVALID_ARGUMENT);
    EXPECT(system(command) == 0);
    FINISH();
}

/* A child's exit status; -1 if it did not exit by itself. */
static int in_a_child(const call *tried, long number, int is_reported) {
    pid_t child = fork();
    if (child == 0) _exit(tried == NULL ? put_back() : fail_one(tried, number, is_reported));
    int status;
    if (child < 0 || waitpid(child, &status, 0) != child) exit(2);
    if (WIFSIGNALED(status)) fprintf(stderr, "allocation %ld: signal %d ended the process\n", number, WTERMSIG(status));
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void prepare(char **arguments) {
    models = arguments[3];
    other = arguments[4];
    snprintf(root, sizeof root, "%s", arguments[5]);
    snprintf(json_root, sizeof json_root, "%s-json", arguments[5]);
    snprintf(compiled, sizeof compiled, "%s.valuation", arguments[5]);
    snprintf(second, sizeof second, "%s/releases/second", arguments[5]);
    snprintf(policy, sizeof policy, "%s-first.json", arguments[5]);
    snprintf(other_policy, sizeof other_policy, "%s-second.json", arguments[5]);
    snprintf(second_json, sizeof second_json, "%s-json/releases/second", arguments[5]);
    make_impression(&scored, NULL);
    tzset(); /* the C library keeps what it reads of the time zone */
    const char *paths[2] = {models, other};
    for (int which = 0; which < 2; which++) {
        engine = serving(paths[which]);
        scorer = scorer_of(engine);
        score(scorer, &scored, known[which]);
        valuation_scorer_destroy(scorer);
        valuation_engine_destroy(engine);
    }
}

int main(int argument_count, char **arguments) {
    if (argument_count != 6) return 2;
    const long step = strtol(arguments[2], NULL, 10);
    const call *tried = NULL;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        if (strcmp(arguments[1], calls[i].name) == 0) tried = &calls[i];
    }
    if (tried == NULL || step < 1) return 2;
    prepare(arguments);
    long failures = 0, survived = 0;
    for (long number = 0;; number += step) {
        if (in_a_child(NULL, number, 1) != 0) return 2;
        int outcome = in_a_child(tried, number, failures - survived < MOST_REPORTS);
        if (outcome == NEEDED_FEWER) break;
        failures++;
        survived += outcome == 0;
    }
    printf("%ld %ld\n", failures, survived);
    FINISH();
}
