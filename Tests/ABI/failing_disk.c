/* SPDX-License-Identifier: Apache-2.0
 *
 * Preload this (LD_PRELOAD) for a disk that fails: from byte FAILING_BYTE of each mapped file on, read gives EIO and a
 * memory access gives SIGSEGV (a real disk sends SIGBUS). With KERNEL set to "old", pages cannot be prefetched, as
 * before Linux 5.14.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* The C library's functions of the same names. */
#define NEXT(name) ((__typeof__(&name))(uintptr_t)dlsym(RTLD_NEXT, #name))

enum { POPULATE_READ = 22 };

static size_t failing_byte(void) {
    const char *byte = getenv("FAILING_BYTE");
    return byte == NULL ? SIZE_MAX : strtoull(byte, NULL, 10);
}

void *mmap(void *address, size_t length, int protection, int flags, int file, off_t offset) {
    char *start = NEXT(mmap)(address, length, protection, flags, file, offset);
    size_t sound = failing_byte();
    if (file >= 0 && start != MAP_FAILED && sound < length) mprotect(start + sound, length - sound, PROT_NONE);
    return start;
}

int madvise(void *start, size_t length, int advice) {
    if (advice != POPULATE_READ) return NEXT(madvise)(start, length, advice);
    const char *kernel = getenv("KERNEL");
    if (kernel != NULL && strcmp(kernel, "old") == 0) return errno = EINVAL, -1;
    return failing_byte() < length ? (errno = EFAULT, -1) : 0;
}

ssize_t pread(int file, void *bytes, size_t count, off_t offset) {
    if ((size_t)offset + count > failing_byte()) return errno = EIO, -1;
    return NEXT(pread)(file, bytes, count, offset);
}
