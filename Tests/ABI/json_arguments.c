/* SPDX-License-Identifier: Apache-2.0
 *
 * The JSON calls with arguments and texts that they must refuse, and every call before a load.
 *
 *     json_arguments MODELS
 */
#include "impression.h"

typedef valuation_status (*json_call)(valuation_scorer *, const char *, size_t, const char **, size_t *, valuation_error *);

static const json_call calls[2] = {valuation_score_json, valuation_explain_json};
static const char request[] = "{\"candidates\": [{\"campaign\": \"1042\", \"pricing\": \"cpc\", \"bid\": 0.5}]}";
static const char *text;
static size_t length;

static void missing_arguments_are_refused(valuation_scorer *scorer) {
    valuation_error error = VALUATION_ERROR_INIT;
    const valuation_status refused = VALUATION_ERROR_INVALID_ARGUMENT;
    for (int i = 0; i < 2; i++) {
        EXPECT_REFUSED(calls[i](NULL, request, strlen(request), &text, &length, &error), refused);
        EXPECT_REFUSED(calls[i](scorer, NULL, 5, &text, &length, &error), refused);
        EXPECT_REFUSED(calls[i](scorer, request, SIZE_MAX, &text, &length, &error), refused);
        EXPECT_REFUSED(calls[i](scorer, request, strlen(request), NULL, &length, &error), refused);
        EXPECT_REFUSED(calls[i](scorer, request, strlen(request), &text, NULL, &error), refused);
        EXPECT(calls[i](scorer, request, strlen(request), NULL, NULL, NULL) == refused);
    }
}

static void answers_end_with_nul_and_count_without_it(valuation_scorer *scorer) {
    for (int i = 0; i < 2; i++) {
        REQUIRE_OK(calls[i](scorer, request, strlen(request), &text, &length, NULL));
        EXPECT(length > 0 && strlen(text) == length);
    }
}

typedef struct malformed_request {
    const char *text;
    valuation_status status;
    uint32_t line;
    uint32_t column;
    const char *json_path;
} malformed_request;

static void malformed_requests_are_refused_with_their_place(valuation_scorer *scorer) {
    static const malformed_request malformed[] = {
        {"", VALUATION_ERROR_JSON_SYNTAX, 1, 1, ""},
        {"   \n", VALUATION_ERROR_JSON_SYNTAX, 2, 1, ""},
        {"[]", VALUATION_ERROR_JSON_SYNTAX, 1, 1, ""},
        {"{\"candidates\": [}", VALUATION_ERROR_JSON_SYNTAX, 1, 17, ""},
        {"{\n\"candidates\": [],\n}", VALUATION_ERROR_JSON_SYNTAX, 3, 1, ""},
        {"{\"candidates\": []} x", VALUATION_ERROR_JSON_SYNTAX, 1, 20, ""},
        {"{\"id\": \"\xff\", \"candidates\": []}", VALUATION_ERROR_JSON_SYNTAX, 1, 9, ""},
        {"{\"id\": \"\\ud800\", \"candidates\": []}", VALUATION_ERROR_JSON_SYNTAX, 1, 15, ""},
        {"{\"features\": {\"age\": 01}, \"candidates\": []}", VALUATION_ERROR_JSON_SYNTAX, 1, 23, ""},
        {"{\"features\": {\"age\": NaN}, \"candidates\": []}", VALUATION_ERROR_JSON_SYNTAX, 1, 22, ""},
        {"{}", VALUATION_ERROR_INVALID_VALUE, 1, 3, "$.candidates"},
        {"{\"candidates\": {}}", VALUATION_ERROR_INVALID_VALUE, 1, 16, "$.candidates"},
        {"{\"features\": [], \"candidates\": []}", VALUATION_ERROR_INVALID_VALUE, 1, 14, "$.features"},
        {"{\"top\": -1, \"candidates\": []}", VALUATION_ERROR_INVALID_VALUE, 1, 9, "$.top"},
        {"{\"top\": 1.5, \"candidates\": []}", VALUATION_ERROR_INVALID_VALUE, 1, 9, "$.top"},
        {"{\"budget_us\": 1e999, \"candidates\": []}", VALUATION_ERROR_INVALID_VALUE, 1, 15, "$.budget_us"},
    };
    for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++) {
        const malformed_request *each = &malformed[i];
        for (int call = 0; call < 2; call++) {
            valuation_error error = VALUATION_ERROR_INIT;
            EXPECT_REFUSED(calls[call](scorer, each->text, strlen(each->text), &text, &length, &error), each->status);
            int is_at_its_place = error.line == each->line && error.column == each->column;
            if (!is_at_its_place) fprintf(stderr, "%s: line %u, column %u\n", each->text, error.line, error.column);
            EXPECT(is_at_its_place);
            EXPECT(strcmp(error.json_path, each->json_path) == 0 && strcmp(error.file, "") == 0);
        }
    }
    valuation_error error = VALUATION_ERROR_INIT;
    EXPECT_REFUSED(valuation_score_json(scorer, NULL, 0, &text, &length, &error), VALUATION_ERROR_JSON_SYNTAX);
    EXPECT_REFUSED(valuation_score_json(scorer, request, strlen(request) - 1, &text, &length, &error),
                   VALUATION_ERROR_JSON_SYNTAX);
}

static void deep_nesting_is_refused(valuation_scorer *scorer) {
    enum { DEPTH = 100000 };
    static char nested[DEPTH + 16] = "{\"unknown\": ";
    memset(nested + strlen(nested), '[', DEPTH);
    valuation_error error = VALUATION_ERROR_INIT;
    EXPECT_REFUSED(valuation_score_json(scorer, nested, strlen(nested), &text, &length, &error),
                   VALUATION_ERROR_LIMIT_EXCEEDED);
}

static void nothing_is_scored_before_a_load(void) {
    static const size_t offsets[2] = {0, 1};
    const valuation_status refused = VALUATION_ERROR_NOTHING_LOADED;
    impression scored;
    valuation_value value;
    size_t index, count;
    valuation_error error = VALUATION_ERROR_INIT;
    valuation_engine *engine;
    REQUIRE_OK(valuation_engine_create(NULL, &engine, NULL));
    valuation_scorer *scorer = scorer_of(engine);
    make_impression(&scored, NULL);
    EXPECT_REFUSED(valuation_score(scorer, &scored.request, scored.candidates, 1, &value, NULL, &error), refused);
    EXPECT_REFUSED(valuation_score(scorer, &scored.request, NULL, 0, NULL, NULL, &error), refused);
    EXPECT_REFUSED(valuation_rank(scorer, &scored.request, scored.candidates, 1, 1, &index, &value, &count, NULL, &error),
                   refused);
    EXPECT_REFUSED(valuation_score_batch(scorer, NULL, 0, &scored.request, 1, scored.candidates, offsets, &value, NULL, &error),
                   refused);
    for (int i = 0; i < 2; i++) {
        EXPECT_REFUSED(calls[i](scorer, request, strlen(request), &text, &length, &error), refused);
    }
    valuation_engine_destroy(engine);
    EXPECT_REFUSED(valuation_score(scorer, &scored.request, scored.candidates, 1, &value, NULL, &error), refused);
    valuation_scorer_destroy(scorer);
}

int main(int argument_count, char **arguments) {
    if (argument_count != 2) return 2;
    valuation_engine *engine = serving(arguments[1]);
    valuation_scorer *scorer = scorer_of(engine);
    missing_arguments_are_refused(scorer);
    answers_end_with_nul_and_count_without_it(scorer);
    malformed_requests_are_refused_with_their_place(scorer);
    deep_nesting_is_refused(scorer);
    nothing_is_scored_before_a_load();
    valuation_scorer_destroy(scorer);
    valuation_engine_destroy(engine);
    FINISH();
}
