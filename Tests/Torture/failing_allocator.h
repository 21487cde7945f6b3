/* SPDX-License-Identifier: Apache-2.0
 *
 * Takes the place of the C library's allocator in a program and in every library that it loads: counts what is allocated and
 * not given back, and lets the call that is asked for fail. For glibc, whose allocator it calls; for programs of one thread and
 * one source.
 */
#ifndef FAILING_ALLOCATOR_H
#define FAILING_ALLOCATOR_H

#include <errno.h>
#include <stddef.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *memory);

/* Pieces of memory that were handed out and not given back. */
static long live_allocations;

/* How many more calls succeed before one fails; none fails while it is negative. */
static long allocations_until_failure = -1;

static int is_to_fail(void) {
    if (allocations_until_failure < 0 || allocations_until_failure-- > 0) return 0;
    errno = ENOMEM;
    return 1;
}

static void *counted(void *memory) {
    live_allocations += memory != NULL;
    return memory;
}

void *malloc(size_t size) {
    return is_to_fail() ? NULL : counted(__libc_malloc(size));
}

void *calloc(size_t count, size_t size) {
    return is_to_fail() ? NULL : counted(__libc_calloc(count, size));
}

void *realloc(void *memory, size_t size) {
    if (is_to_fail()) return NULL;
    void *moved = __libc_realloc(memory, size);
    if (memory == NULL) return counted(moved);
    /* Nothing is left of what is made to have no bytes. */
    live_allocations -= moved == NULL && size == 0;
    return moved;
}

void *aligned_alloc(size_t alignment, size_t size) {
    return is_to_fail() ? NULL : counted(__libc_memalign(alignment, size));
}

int posix_memalign(void **memory, size_t alignment, size_t size) {
    void *taken = aligned_alloc(alignment, size);
    if (taken == NULL) return ENOMEM;
    *memory = taken;
    return 0;
}

void free(void *memory) {
    live_allocations -= memory != NULL;
    __libc_free(memory);
}

#endif
