/* SPDX-License-Identifier: Apache-2.0
 *
 * Answers the JSON requests of a file, one a line, with valuation_score_json, and prints each value's bits.
 *
 *     score_requests MODELS REQUESTS.jsonl
 *
 * One line for each value, in the order of requests and candidates: expected revenue, pCTR and pCVR as hexadecimal
 * floating-point numbers, or "nan" where the answer says null. Another program can so compare its own values bit for
 * bit.
 */
#define _GNU_SOURCE /* getline */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "valuation.h"

static void fail_with(const char *what, const valuation_error *error) {
    fprintf(stderr, "%s: %s:%u:%u %s: %s: %s\n", what, error->file, error->line, error->column, error->json_path,
            valuation_status_name(error->status), error->message);
    exit(1);
}

static void fail(const char *what, const char *why) {
    fprintf(stderr, "%s: %s\n", what, why);
    exit(1);
}

/* A number of the answer; NaN for null. */
static double number_of(const json_t *value, const char *name) {
    const json_t *number = json_object_get(value, name);
    if (json_is_null(number)) return NAN;
    if (!json_is_number(number)) fail("the answer has no number or null named", name);
    return json_number_value(number);
}

static void print_values(const char *text, size_t length) {
    json_error_t error;
    json_t *answer = json_loadb(text, length, 0, &error);
    if (answer == NULL) fail("the answer is not JSON", error.text);
    const json_t *values = json_object_get(answer, "values");
    if (!json_is_array(values)) fail("the answer has no array named", "values");
    for (size_t i = 0; i < json_array_size(values); i++) {
        const json_t *value = json_array_get(values, i);
        /* Probabilities are floats, printed as the shortest text that reads back to the same float. */
        double revenue = number_of(value, "expected_revenue");
        float pctr = (float)number_of(value, "pctr");
        float pcvr = (float)number_of(value, "pcvr");
        printf("%a %a %a\n", revenue, (double)pctr, (double)pcvr);
    }
    json_decref(answer);
}

int main(int argument_count, char **arguments) {
    if (argument_count != 3) fail("usage", "score_requests MODELS REQUESTS.jsonl");
    valuation_error error = VALUATION_ERROR_INIT;
    valuation_engine *engine;
    valuation_scorer *scorer;
    if (valuation_engine_create(NULL, &engine, &error) != VALUATION_OK) fail_with("create", &error);
    if (valuation_engine_load(engine, arguments[1], strlen(arguments[1]), &error) != VALUATION_OK) fail_with("load", &error);
    if (valuation_scorer_create(engine, &scorer, &error) != VALUATION_OK) fail_with("scorer", &error);

    FILE *requests = fopen(arguments[2], "rb");
    if (requests == NULL) fail(arguments[2], strerror(errno));
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length;
    while ((length = getline(&line, &capacity, requests)) > 0) {
        const char *text;
        size_t text_length;
        if (valuation_score_json(scorer, line, (size_t)length, &text, &text_length, &error) != VALUATION_OK) {
            fail_with("score", &error);
        }
        print_values(text, text_length);
    }
    if (ferror(requests)) fail(arguments[2], "could not be read to its end");
    free(line);
    fclose(requests);
    valuation_scorer_destroy(scorer);
    valuation_engine_destroy(engine);
    return 0;
}
