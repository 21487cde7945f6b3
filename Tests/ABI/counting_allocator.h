/* SPDX-License-Identifier: Apache-2.0
 *
 * Replaces the C library's allocator in a program and in every library that it loads. It counts allocations and frees,
 * and fails the allocation that the program asks it to fail. It needs glibc, whose allocator it calls. Include it in
 * one source only; the counts are right for single-threaded programs.
 */
#ifndef COUNTING_ALLOCATOR_H
#define COUNTING_ALLOCATOR_H

#include <errno.h>
#include <stddef.h>

/* A hook that runs at each call. */
#ifndef AT_EACH_CALL
#define AT_EACH_CALL() ((void)0)
#endif

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *memory);

/* Blocks of memory. A realloc counts as one freed and one allocated. */
static size_t given_out, given_back;

/* How many more calls succeed before one fails; negative: none fails. */
static long allocations_until_failure = -1;

/* Blocks allocated and not freed. */
static inline long live_allocations(void) {
    return (long)(given_out - given_back);
}

static int is_to_fail(void) {
    AT_EACH_CALL();
    if (allocations_until_failure < 0 || allocations_until_failure-- > 0) return 0;
    errno = ENOMEM;
    return 1;
}

static void *counted(void *memory) {
    given_out += memory != NULL;
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
    void *moved = counted(__libc_realloc(memory, size));
    /* A realloc to size 0 frees the block. */
    given_back += memory != NULL && (moved != NULL || size == 0);
    return moved;
}

void *aligned_alloc(size_t alignment, size_t size) {
    return is_to_fail() ? NULL : counted(__libc_memalign(alignment, size));
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
    AT_EACH_CALL();
    given_back += memory != NULL;
    __libc_free(memory);
}

#endif
