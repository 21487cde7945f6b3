/* SPDX-License-Identifier: Apache-2.0
 *
 * Prints the library's answers to the JSON requests of a file, one a line, in the file's order.
 *
 *     answer_requests MODELS REQUESTS.jsonl
 */
#include "impression.h"

enum { LINE_BYTES = 65536 };

int main(int argument_count, char **arguments) {
    static char line[LINE_BYTES];
    if (argument_count != 3) return 2;
    valuation_engine *engine = serving(arguments[1]);
    valuation_scorer *scorer = scorer_of(engine);
    FILE *requests = fopen(arguments[2], "r");
    if (requests == NULL) return 2;
    while (fgets(line, sizeof line, requests) != NULL) {
        const char *text;
        size_t length;
        REQUIRE_OK(valuation_score_json(scorer, line, strlen(line), &text, &length, NULL));
        printf("%s\n", text);
    }
    fclose(requests);
    valuation_scorer_destroy(scorer);
    valuation_engine_destroy(engine);
    FINISH();
}
