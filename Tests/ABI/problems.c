/* SPDX-License-Identifier: Apache-2.0
 *
 * Validates models and prints every problem on a line of its own: status, line, file, JSON path, message,
 * tab-separated.
 *
 *     problems PATH MOST
 *
 * Stops asking after MOST problems. The last line is what the call itself returned and reported.
 */
#include "expect.h"

typedef struct listener {
    long most;
    long heard;
} listener;

static void print_problem(const valuation_error *problem) {
    printf("%s\t%u\t%s\t%s\t%s\n", valuation_status_name(problem->status), problem->line, problem->file, problem->json_path,
           problem->message);
}

static bool hear(void *context, const valuation_error *problem) {
    listener *hearing = context;
    EXPECT(hearing->heard < hearing->most); /* the library called although the callback had told it to stop */
    EXPECT(problem->struct_size == sizeof *problem);
    print_problem(problem);
    return ++hearing->heard < hearing->most;
}

int main(int argument_count, char **arguments) {
    if (argument_count != 3) return 2;
    listener hearing = {strtol(arguments[2], NULL, 10), 0};
    valuation_error error = VALUATION_ERROR_INIT;
    EXPECT(valuation_validate(arguments[1], strlen(arguments[1]), NULL, hear, &hearing, &error) == error.status);
    print_problem(&error);
    FINISH();
}
