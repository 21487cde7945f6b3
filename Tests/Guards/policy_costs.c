/* SPDX-License-Identifier: Apache-2.0
 *
 * Loads a policy, answers a JSON request under it and checks it, once each.
 *
 *     policy_costs MODELS POLICY REQUEST
 *
 * Prints how many bytes loading the policy allocated.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <valuation.h>

void *__libc_malloc(size_t size);
void *__libc_realloc(void *memory, size_t size);

static size_t requested;

void *malloc(size_t size) {
    requested += size;
    return __libc_malloc(size);
}

void *realloc(void *memory, size_t size) {
    requested += size;
    return __libc_realloc(memory, size);
}

static valuation_error error = VALUATION_ERROR_INIT;

static void require(valuation_status status) {
    if (status == VALUATION_OK) return;
    fprintf(stderr, "%s %s: %s\n", error.file, error.json_path, error.message);
    exit(1);
}

int main(int argument_count, char **arguments) {
    if (argument_count != 4) return 64;
    const char *models = arguments[1], *policy = arguments[2], *request = arguments[3], *answer;
    size_t length;
    valuation_engine *engine;
    valuation_scorer *scorer;
    valuation_report *report;
    require(valuation_engine_create(NULL, &engine, &error));
    require(valuation_engine_load(engine, models, strlen(models), &error));
    size_t before = requested;
    require(valuation_engine_load_policy(engine, policy, strlen(policy), &error));
    printf("%zu\n", requested - before);
    require(valuation_scorer_create(engine, &scorer, &error));
    require(valuation_score_json(scorer, request, strlen(request), &answer, &length, &error));
    require(valuation_policy_check(policy, strlen(policy), NULL, 0, &report, &error));
    valuation_report_destroy(report);
    valuation_scorer_destroy(scorer);
    valuation_engine_destroy(engine);
    return 0;
}
