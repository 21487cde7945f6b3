/* SPDX-License-Identifier: Apache-2.0
 *
 * A host that has closed its standard streams publishes and loads. If the library opened a release's file under one of
 * their numbers, another thread's output would end up in it.
 *
 *     closed_streams MODELS RELEASES
 *
 * Exits with 0 on success; there is no stream to print to.
 */
#include <sys/syscall.h>
#include <unistd.h>

#include "impression.h"

#define TEXT(text) (text), strlen(text)

static long calls, calls_on_streams;

static void note(int file) {
    calls++;
    calls_on_streams += file <= STDERR_FILENO;
}

ssize_t read(int file, void *buffer, size_t count) {
    note(file);
    return syscall(SYS_read, file, buffer, count);
}

ssize_t write(int file, const void *buffer, size_t count) {
    note(file);
    return syscall(SYS_write, file, buffer, count);
}

int main(int argument_count, char **arguments) {
    if (argument_count != 3) return 2;
    for (int file = STDIN_FILENO; file <= STDERR_FILENO; file++) close(file);
    REQUIRE_OK(valuation_publish(TEXT(arguments[1]), TEXT(arguments[2]), NULL, NULL, NULL));
    valuation_engine *engine = serving(arguments[2]);
    REQUIRE_OK(valuation_engine_load(engine, TEXT(arguments[1]), NULL));
    valuation_engine_destroy(engine);
    EXPECT(calls > 0 && calls_on_streams == 0);
    for (int file = STDIN_FILENO; file <= STDERR_FILENO; file++) EXPECT(close(file) != 0);
    FINISH();
}
