/* SPDX-License-Identifier: Apache-2.0
 *
 * What a guest library must leave in its host's process as it found it.
 */
#ifndef HOUSEHOLD_H
#define HOUSEHOLD_H

#include <dirent.h>
#include <fenv.h>
#include <locale.h>
#include <malloc.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "expect.h"

enum { PATH_BYTES = 4096, SIGNALS = 65 };

extern char **environ;

typedef struct household {
    char working_directory[PATH_BYTES];
    char process_locale[1024];
    locale_t thread_locale;
    struct sigaction signals[SIGNALS];
    stack_t signal_stack;
    sigset_t blocked_signals;
    mode_t file_mode;
    int rounding;
    int open_files;
    int threads;
    size_t environment_bytes;
    char **environment;
} household;

static inline int count_entries(const char *path) {
    int count = 0;
    DIR *directory = opendir(path);
    if (directory == NULL) return -1;
    while (readdir(directory) != NULL) count++;
    closedir(directory);
    return count;
}

/* The number of mappings that are backed by files. */
static inline int count_mapped_files(void) {
    int count = 0;
    char line[PATH_BYTES + 128];
    FILE *file = fopen("/proc/self/maps", "r");
    if (file == NULL) exit(2);
    while (fgets(line, sizeof line, file) != NULL) count += strchr(line, '/') != NULL;
    fclose(file);
    return count;
}

static inline household look_around(void) {
    household seen;
    memset(&seen, 0, sizeof seen);
    if (getcwd(seen.working_directory, sizeof seen.working_directory) == NULL) exit(2);
    strncpy(seen.process_locale, setlocale(LC_ALL, NULL), sizeof seen.process_locale - 1);
    seen.thread_locale = uselocale((locale_t)0);
    for (int number = 1; number < SIGNALS; number++) sigaction(number, NULL, &seen.signals[number]);
    sigaltstack(NULL, &seen.signal_stack);
    sigprocmask(SIG_BLOCK, NULL, &seen.blocked_signals);
    seen.file_mode = umask(0);
    umask(seen.file_mode);
    seen.rounding = fegetround();
    seen.open_files = count_entries("/proc/self/fd");
    seen.threads = count_entries("/proc/self/task");
    seen.environment = environ;
    for (char **each = environ; *each != NULL; each++) seen.environment_bytes += strlen(*each) + 1;
    return seen;
}

static inline void is_as_before(const household *before) {
    household after = look_around();
    EXPECT(strcmp(before->working_directory, after.working_directory) == 0);
    EXPECT(strcmp(before->process_locale, after.process_locale) == 0);
    EXPECT(before->thread_locale == after.thread_locale);
    for (int number = 1; number < SIGNALS; number++) {
        EXPECT(before->signals[number].sa_handler == after.signals[number].sa_handler);
        EXPECT(before->signals[number].sa_flags == after.signals[number].sa_flags);
    }
    EXPECT(memcmp(&before->signal_stack, &after.signal_stack, sizeof before->signal_stack) == 0);
    EXPECT(memcmp(&before->blocked_signals, &after.blocked_signals, sizeof before->blocked_signals) == 0);
    EXPECT(before->file_mode == after.file_mode);
    EXPECT(before->rounding == after.rounding);
    EXPECT(before->open_files > 0 && before->open_files == after.open_files);
    EXPECT(before->threads == 3 && after.threads == 3); /* ".", ".." and the only thread */
    EXPECT(before->environment == after.environment && before->environment_bytes == after.environment_bytes);
}

/* The process's own memory in bytes: without mapped files, and without what the allocator keeps of freed memory. */
static inline long resident_bytes(void) {
    malloc_trim(0);
    char line[256];
    long kilobytes = -1;
    FILE *file = fopen("/proc/self/smaps_rollup", "r");
    if (file == NULL) exit(2);
    while (fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "Anonymous: %ld kB", &kilobytes) == 1) break;
    }
    fclose(file);
    if (kilobytes < 0) exit(2);
    return kilobytes * 1024;
}

/* The memory that the process has allocated and not freed. It is exact only if the allocator keeps no freed memory
 * for the same thread: GLIBC_TUNABLES=glibc.malloc.tcache_count=0. */
static inline size_t allocated_bytes(void) {
    struct mallinfo2 heap = mallinfo2();
    return heap.uordblks + heap.hblkhd;
}

#endif
