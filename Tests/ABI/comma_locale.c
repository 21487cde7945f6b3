/* SPDX-License-Identifier: Apache-2.0
 *
 * Calls everything that reads or prints numbers and texts, in a locale that does not write a half as 0.5.
 *
 *     comma_locale LOCALE process|thread MODELS REQUEST.json LINK_TO_ITSELF.json
 *
 * Prints every answer; the locale must be unchanged at the end.
 */
#include <locale.h>

#include "impression.h"

enum { JSON_BYTES = 65536 };

static void print_answers(const valuation_engine *engine, valuation_scorer *scorer, const char *json, size_t json_length) {
    const char *text;
    size_t length;
    REQUIRE_OK(valuation_score_json(scorer, json, json_length, &text, &length, NULL));
    printf("%.*s\n", (int)length, text);
    REQUIRE_OK(valuation_explain_json(scorer, json, json_length, &text, &length, NULL));
    printf("%.*s\n", (int)length, text);
    valuation_report *report;
    REQUIRE_OK(valuation_engine_describe(engine, &report, NULL));
    printf("%s\n", valuation_report_text(report, NULL));
    valuation_report_destroy(report);
}

static void print_refusal(valuation_engine *engine, const char *path) {
    valuation_error error = VALUATION_ERROR_INIT;
    valuation_engine_load(engine, path, strlen(path), &error);
    printf("%s: %s\n", valuation_status_name(error.status), error.message);
}

int main(int argument_count, char **arguments) {
    static char json[JSON_BYTES];
    if (argument_count != 6) return 2;
    const char *name = arguments[1];
    int of_process = strcmp(arguments[2], "process") == 0;
    locale_t of_thread = newlocale(LC_ALL_MASK, name, (locale_t)0);
    if (of_thread == (locale_t)0 || (of_process && setlocale(LC_ALL, name) == NULL)) {
        fprintf(stderr, "no such locale: %s\n", name);
        return 2;
    }
    if (!of_process) uselocale(of_thread);
    locale_t before = uselocale((locale_t)0);

    FILE *file = fopen(arguments[4], "rb");
    if (file == NULL) return 2;
    size_t json_length = fread(json, 1, sizeof json, file);
    fclose(file);
    valuation_engine *engine = serving(arguments[3]);
    valuation_scorer *scorer = scorer_of(engine);
    print_answers(engine, scorer, json, json_length);
    print_refusal(engine, arguments[5]);
    print_answers(engine, scorer, json, json_length);

    /* The host's locale is unchanged. */
    char half[8];
    snprintf(half, sizeof half, "%.1f", 0.5);
    char expected[16];
    snprintf(expected, sizeof expected, "0%s5", localeconv()->decimal_point);
    EXPECT(strcmp(half, expected) == 0 && (strchr(half, '.') != NULL) == (strcmp(name, "C") == 0));
    EXPECT(strcmp(setlocale(LC_ALL, NULL), of_process ? name : "C") == 0);
    EXPECT(uselocale((locale_t)0) == before);
    valuation_scorer_destroy(scorer);
    valuation_engine_destroy(engine);
    uselocale(LC_GLOBAL_LOCALE);
    freelocale(of_thread);
    FINISH();
}
