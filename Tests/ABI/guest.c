/* SPDX-License-Identifier: Apache-2.0
 *
 * Compares the process before the library came with the process after it has done all that it can do.
 *
 *     guest LIBRARY MODELS REQUEST.json REFUSED...
 *
 * The library is loaded and closed at run time, so that what its being loaded does is seen as well. Prints nothing.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <fenv.h>
#include <locale.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "expect.h"

enum { JSON_BYTES = 65536, PATH_BYTES = 4096, SIGNALS = 65 };

extern char **environ;

/* What a guest must leave as it found it. */
typedef struct household {
    char working_directory[PATH_BYTES];
    char process_locale[1024];
    locale_t thread_locale;
    struct sigaction signals[SIGNALS];
    stack_t signal_stack;
    sigset_t blocked_signals;
    mode_t file_mode;
    int rounding;
    int open_files;
    int threads;
    size_t environment_bytes;
    char **environment;
} household;

static int count_entries(const char *path) {
    int count = 0;
    DIR *directory = opendir(path);
    if (directory == NULL) return -1;
    while (readdir(directory) != NULL) count++;
    closedir(directory);
    return count;
}

static household look_around(void) {
    household seen;
    memset(&seen, 0, sizeof seen);
    if (getcwd(seen.working_directory, sizeof seen.working_directory) == NULL) exit(2);
    strncpy(seen.process_locale, setlocale(LC_ALL, NULL), sizeof seen.process_locale - 1);
    seen.thread_locale = uselocale((locale_t)0);
    for (int number = 1; number < SIGNALS; number++) sigaction(number, NULL, &seen.signals[number]);
    sigaltstack(NULL, &seen.signal_stack);
    sigprocmask(SIG_BLOCK, NULL, &seen.blocked_signals);
    seen.file_mode = umask(0);
    umask(seen.file_mode);
    seen.rounding = fegetround();
    seen.open_files = count_entries("/proc/self/fd");
    seen.threads = count_entries("/proc/self/task");
    seen.environment = environ;
    for (char **each = environ; *each != NULL; each++) seen.environment_bytes += strlen(*each) + 1;
    return seen;
}

static void is_as_before(const household *before) {
    household after = look_around();
    EXPECT(strcmp(before->working_directory, after.working_directory) == 0);
    EXPECT(strcmp(before->process_locale, after.process_locale) == 0);
    EXPECT(before->thread_locale == after.thread_locale);
    for (int number = 1; number < SIGNALS; number++) {
        EXPECT(before->signals[number].sa_handler == after.signals[number].sa_handler);
        EXPECT(before->signals[number].sa_flags == after.signals[number].sa_flags);
    }
    EXPECT(memcmp(&before->signal_stack, &after.signal_stack, sizeof before->signal_stack) == 0);
    EXPECT(memcmp(&before->blocked_signals, &after.blocked_signals, sizeof before->blocked_signals) == 0);
    EXPECT(before->file_mode == after.file_mode);
    EXPECT(before->rounding == after.rounding);
    EXPECT(before->open_files > 0 && before->open_files == after.open_files);
    EXPECT(before->threads == 3 && after.threads == 3); /* ".", ".." and the one thread */
    EXPECT(before->environment == after.environment && before->environment_bytes == after.environment_bytes);
}

/* A function of the library. The copy keeps to ISO C, in which no object pointer becomes a function pointer. */
#define FIND(function)                                                        \
    do {                                                                      \
        void *found = dlsym(library, #function);                              \
        if (found == NULL || sizeof found != sizeof call_##function) exit(2); \
        memcpy(&call_##function, &found, sizeof found);                       \
    } while (0)

static __typeof__(&valuation_engine_create) call_valuation_engine_create;
static __typeof__(&valuation_engine_destroy) call_valuation_engine_destroy;
static __typeof__(&valuation_engine_load) call_valuation_engine_load;
static __typeof__(&valuation_validate) call_valuation_validate;
static __typeof__(&valuation_scorer_create) call_valuation_scorer_create;
static __typeof__(&valuation_scorer_destroy) call_valuation_scorer_destroy;
static __typeof__(&valuation_score_json) call_valuation_score_json;
static __typeof__(&valuation_explain_json) call_valuation_explain_json;
static __typeof__(&valuation_describe_json) call_valuation_describe_json;

static void find_functions(void *library) {
    FIND(valuation_engine_create);
    FIND(valuation_engine_destroy);
    FIND(valuation_engine_load);
    FIND(valuation_validate);
    FIND(valuation_scorer_create);
    FIND(valuation_scorer_destroy);
    FIND(valuation_score_json);
    FIND(valuation_explain_json);
    FIND(valuation_describe_json);
}

static void do_everything(const char *models, const char *json, size_t json_length, char **refused, int refused_count) {
    valuation_error error = VALUATION_ERROR_INIT;
    valuation_engine *engine;
    valuation_scorer *scorer;
    const char *text;
    size_t length;
    EXPECT(call_valuation_engine_create(NULL, &engine, &error) == VALUATION_OK);
    EXPECT(call_valuation_engine_load(engine, models, strlen(models), &error) == VALUATION_OK);
    EXPECT(call_valuation_validate(models, strlen(models), NULL, NULL, NULL, &error) == VALUATION_OK);
    EXPECT(call_valuation_scorer_create(engine, &scorer, &error) == VALUATION_OK);
    for (int i = 0; i < refused_count; i++) {
        EXPECT(call_valuation_engine_load(engine, refused[i], strlen(refused[i]), &error) != VALUATION_OK);
        EXPECT(call_valuation_validate(refused[i], strlen(refused[i]), NULL, NULL, NULL, &error) != VALUATION_OK);
    }
    EXPECT(call_valuation_score_json(scorer, json, json_length, &text, &length, &error) == VALUATION_OK);
    EXPECT(call_valuation_explain_json(scorer, json, json_length, &text, &length, &error) == VALUATION_OK);
    EXPECT(call_valuation_describe_json(scorer, &text, &length, &error) == VALUATION_OK);
    EXPECT(call_valuation_score_json(scorer, json, json_length - 2, &text, &length, &error) != VALUATION_OK);
    call_valuation_engine_destroy(engine);
    EXPECT(call_valuation_score_json(scorer, json, json_length, &text, &length, &error) == VALUATION_OK);
    call_valuation_scorer_destroy(scorer);
}

int main(int argument_count, char **arguments) {
    static char json[JSON_BYTES];
    if (argument_count < 5) return 2;
    FILE *file = fopen(arguments[3], "rb");
    if (file == NULL) return 2;
    size_t json_length = fread(json, 1, sizeof json, file);
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
        find_functions(library);
        do_everything(arguments[2], json, json_length, arguments + 4, argument_count - 4);
        is_as_before(&before);
        EXPECT(dlclose(library) == 0);
        is_as_before(&before);
    }
    FINISH();
}
