/* SPDX-License-Identifier: Apache-2.0
 *
 * Refreshes an engine at each line of input, and prints how much of its files the library read.
 *
 *     refresh_again ROOT
 *
 * A line gives the seconds by which the library's clock is ahead of the machine's. For each line the program prints the
 * status, the number of file bytes read or mapped, and the message of a failure.
 */
#include <dlfcn.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "expect.h"

static size_t bytes_seen;
static long seconds_ahead;

/* The library's calls end up here, because the program's symbols take precedence. */
ssize_t read(int file, void *bytes, size_t count) {
    ssize_t length = syscall(SYS_read, file, bytes, count);
    if (file != STDIN_FILENO && length > 0) bytes_seen += (size_t)length;
    return length;
}

time_t time(time_t *seconds) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (seconds != NULL) *seconds = now.tv_sec + seconds_ahead;
    return now.tv_sec + seconds_ahead;
}

void *mmap(void *address, size_t length, int protection, int flags, int file, off_t offset) {
    void *(*next)(void *, size_t, int, int, int, off_t) =
        (void *(*)(void *, size_t, int, int, int, off_t))(uintptr_t)dlsym(RTLD_NEXT, "mmap");
    if (file >= 0) bytes_seen += length;
    return next(address, length, protection, flags, file, offset);
}

int main(int argument_count, char **arguments) {
    static char line[64];
    if (argument_count != 2) return 2;
    valuation_engine *engine;
    REQUIRE_OK(valuation_engine_create(NULL, &engine, NULL));
    REQUIRE_OK(valuation_engine_load(engine, arguments[1], strlen(arguments[1]), NULL));
    while (fgets(line, sizeof line, stdin) != NULL) {
        valuation_error error = VALUATION_ERROR_INIT;
        bytes_seen = 0;
        seconds_ahead = strtol(line, NULL, 10);
        valuation_status status = valuation_engine_refresh(engine, NULL, &error);
        printf("%s\t%zu\t%s\t%s\n", valuation_status_name(status), bytes_seen, error.file, error.message);
        fflush(stdout);
    }
    valuation_engine_destroy(engine);
    return 0;
}
