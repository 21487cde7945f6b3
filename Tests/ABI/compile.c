/* SPDX-License-Identifier: Apache-2.0
 *
 * Compiles models.
 *
 *     compile MODELS FILE.valuation
 */
#include "expect.h"

int main(int argument_count, char **arguments) {
    valuation_error error = VALUATION_ERROR_INIT;
    if (argument_count != 3) return 2;
    if (valuation_compile(arguments[1], strlen(arguments[1]), arguments[2], strlen(arguments[2]), &error) != VALUATION_OK) {
        fprintf(stderr, "%s: %s\n", error.file, error.message);
        return 1;
    }
    return 0;
}
