/* SPDX-License-Identifier: Apache-2.0
 *
 * Loads models and a policy with an allocator that succeeds at its second attempt and leaves errno at ENOMEM, as when
 * mmap makes good for a failed sbrk.
 *
 *     second_attempt MODELS POLICY
 */
#define AT_EACH_CALL() (errno = ENOMEM)
#include <string.h>

#include "counting_allocator.h"
#include "expect.h"
#include "valuation.h"

int main(int argument_count, char **arguments) {
    if (argument_count != 3) return 2;
    valuation_engine *engine;
    valuation_error error = VALUATION_ERROR_INIT;
    REQUIRE_OK(valuation_engine_create(NULL, &engine, &error));
    REQUIRE_OK(valuation_engine_load(engine, arguments[1], strlen(arguments[1]), &error));
    REQUIRE_OK(valuation_engine_load_policy(engine, arguments[2], strlen(arguments[2]), &error));
    valuation_engine_destroy(engine);
    FINISH();
}
