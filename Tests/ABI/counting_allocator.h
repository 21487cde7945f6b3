/* SPDX-License-Identifier: Apache-2.0
 *
 * Takes the place of the C library's allocator in a program and in every library that it loads: counts the calls, and lets the
 * one that is asked for fail. For glibc, whose allocator it calls; for programs of one thread and one source.
 */
#ifndef COUNTING_ALLOCATOR_H
#define COUNTING_ALLOCATOR_H

#include <errno.h>
#include <stddef.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *memory);

/* Calls that asked for memory, and calls that gave some back. */
static size_t allocation_count;
static size_t release_count;

/* How many more calls succeed before one fails; none fails while it is negative. */
static long allocations_until_failure = -1;

static int is_to_fail(void) {
    allocation_count++;
    if (allocations_until_failure < 0 || allocations_until_failure-- > 0) return 0;
    errno = ENOMEM;
    return 1;
}

void *malloc(size_t size) {
    return is_to_fail() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
    return is_to_fail() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size) {
    return is_to_fail() ? NULL : __libc_realloc(memory, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    return is_to_fail() ? NULL : __libc_memalign(alignment, size);
}

void *memalign(size_t alignment, size_t size) {
    return aligned_alloc(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size) {
    void *taken = aligned_alloc(alignment, size);
    if (taken == NULL) return ENOMEM;
    *memory = taken;
    return 0;
}

void free(void *memory) {
    if (memory != NULL) release_count++;
    __libc_free(memory);
}

#endif
