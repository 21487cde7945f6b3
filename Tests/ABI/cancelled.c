/* SPDX-License-Identifier: Apache-2.0
 *
 * Cancels a thread that is halted at any step of a load: the load finishes first, then the thread ends. No lock stays
 * held and no file stays open.
 *
 *     cancelled MODELS RELEASES STRIDE
 *
 * Prints the number of steps tried.
 */
#include "household.h"
#include "impression.h"
#include "steps.h"

#define TEXT(text) (text), strlen(text)

typedef struct host {
    const char *models, *releases;
    valuation_engine *engine;
    volatile int loaded;
} host;

static void load(void *context) {
    host *host = context;
    host->loaded = 0;
    int status = valuation_engine_load(host->engine, TEXT(host->releases), NULL);
    status |= valuation_engine_load(host->engine, TEXT(host->models), NULL);
    host->loaded = status == VALUATION_OK;
}

static void cancel(pthread_t thread, void *context) {
    (void)context;
    EXPECT(pthread_cancel(thread) == 0);
}

int main(int argument_count, char **arguments) {
    static host host;
    if (argument_count != 4) return 2;
    host.models = arguments[1];
    host.releases = arguments[2];
    host.engine = serving(host.releases);
    long tried = 0, stride = strtol(arguments[3], NULL, 10);
    int open_files = count_entries("/proc/self/fd");
    for (long step = 1; halt_at(step, load, cancel, &host); step += stride) {
        tried++;
        REQUIRE_OK(valuation_engine_load(host.engine, TEXT(host.models), NULL));
        EXPECT(count_entries("/proc/self/fd") == open_files);
    }
    EXPECT(host.loaded);
    valuation_engine_destroy(host.engine);
    printf("%ld\n", tried);
    FINISH();
}
