/* SPDX-License-Identifier: Apache-2.0
 *
 * Asks for a key during an engine's first load, at each of the load's allocator calls in turn. The engine then keeps
 * the standard secret, and the load is refused; its error names the path that it was to load.
 *
 *     late_key ROOT
 */
#include <valuation.h>

static valuation_engine *loading;
static long calls_until_asked;

static void ask(void) {
    if (loading != NULL && --calls_until_asked == 0) valuation_campaign_key(loading, "1042", 4);
}

#define AT_EACH_CALL() ask()
#include "counting_allocator.h"

#include "expect.h"

int main(int argument_count, char **arguments) {
    if (argument_count != 2) return 2;
    const char *root = arguments[1];
    for (long call = 1;; call++) {
        valuation_error error = VALUATION_ERROR_INIT;
        valuation_engine *engine;
        REQUIRE_OK(valuation_engine_create(NULL, &engine, NULL));
        calls_until_asked = call;
        loading = engine;
        valuation_status status = valuation_engine_load(engine, root, strlen(root), &error);
        loading = NULL;
        uint64_t standard = valuation_campaign_key(NULL, "1042", 4);
        int is_standard = valuation_campaign_key(engine, "1042", 4) == standard;
        valuation_engine_destroy(engine);
        if (calls_until_asked > 0) {
            EXPECT(status == VALUATION_OK && !is_standard);
            break;
        }
        /* After the deciding moment, asking has no effect. */
        if (status == VALUATION_OK) {
            EXPECT(!is_standard);
            continue;
        }
        EXPECT(status == VALUATION_ERROR_SECRET);
        EXPECT(is_standard);
        EXPECT(strncmp(error.file, root, strlen(root)) == 0);
        EXPECT(strstr(error.message, "another secret") != NULL);
    }
    FINISH();
}
