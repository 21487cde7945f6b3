/* SPDX-License-Identifier: Apache-2.0
 *
 * Creates scorers of one engine and destroys them in the order of their creation.
 *
 *     many_scorers MODELS COUNT
 */
#include <stdlib.h>
#include <string.h>
#include <valuation.h>

int main(int argument_count, char **arguments) {
    if (argument_count != 3) return 2;
    long count = strtol(arguments[2], NULL, 10);
    valuation_engine *engine;
    valuation_scorer **scorers = malloc((size_t)count * sizeof *scorers);
    if (scorers == NULL || valuation_engine_create(NULL, &engine, NULL) != VALUATION_OK) return 2;
    if (valuation_engine_load(engine, arguments[1], strlen(arguments[1]), NULL) != VALUATION_OK) return 2;
    for (long i = 0; i < count; i++) {
        if (valuation_scorer_create(engine, &scorers[i], NULL) != VALUATION_OK) return 2;
    }
    for (long i = 0; i < count; i++) valuation_scorer_destroy(scorers[i]);
    valuation_engine_destroy(engine);
    free(scorers);
    return 0;
}
