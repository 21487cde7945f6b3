/* SPDX-License-Identifier: Apache-2.0
 *
 * Preload this (LD_PRELOAD): it counts the calls by which a program reads and changes files, and makes one of them
 * fail.
 *
 *     FAULTY_CALL   which call, from 0
 *     FAULT         "kill": SIGKILL ends the process; "short": a read or write moves one byte; otherwise an errno's number
 *
 * A failing call has no effect. The program prints its name to standard error.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* The C library's functions of the same names. */
#define NEXT(name) ((__typeof__(&name))(uintptr_t)dlsym(RTLD_NEXT, #name))

/* Returns from the enclosing function if this call is to fail. */
#define MAY_FAIL(name, failure) \
    if (is_its_turn(#name) && !is_short()) return failure

static int is_its_turn(const char *name) {
    static long count;
    const char *turn = getenv("FAULTY_CALL");
    const char *fault = getenv("FAULT");
    if (turn == NULL || fault == NULL || count++ != strtol(turn, NULL, 10)) return 0;
    dprintf(STDERR_FILENO, "%s\n", name);
    if (strcmp(fault, "kill") == 0) raise(SIGKILL);
    errno = (int)strtol(fault, NULL, 10);
    return 1;
}

/* Only reads and writes can be cut short; other calls then succeed. */
static int is_short(void) {
    return strcmp(getenv("FAULT"), "short") == 0;
}

static size_t cut(const char *name, size_t count, int *fails) {
    *fails = 0;
    if (!is_its_turn(name)) return count;
    if (is_short()) return count > 1 ? 1 : count;
    *fails = 1;
    return count;
}

ssize_t write(int file, const void *bytes, size_t count) {
    int fails;
    size_t length = cut("write", count, &fails);
    return fails ? -1 : NEXT(write)(file, bytes, length);
}

ssize_t read(int file, void *bytes, size_t count) {
    int fails;
    size_t length = cut("read", count, &fails);
    return fails ? -1 : NEXT(read)(file, bytes, length);
}

ssize_t pread(int file, void *bytes, size_t count, off_t offset) {
    int fails;
    size_t length = cut("pread", count, &fails);
    return fails ? -1 : NEXT(pread)(file, bytes, length, offset);
}

static mode_t mode_of(int flags, va_list arguments) {
    return (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
}

int open(const char *path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    MAY_FAIL(open, -1);
    return NEXT(open)(path, flags, mode);
}

int openat(int directory, const char *path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    MAY_FAIL(openat, -1);
    return NEXT(openat)(directory, path, flags, mode);
}

int fsync(int file) {
    MAY_FAIL(fsync, -1);
    return NEXT(fsync)(file);
}

int fchmod(int file, mode_t mode) {
    MAY_FAIL(fchmod, -1);
    return NEXT(fchmod)(file, mode);
}

int fchown(int file, uid_t owner, gid_t group) {
    MAY_FAIL(fchown, -1);
    return NEXT(fchown)(file, owner, group);
}

int fchmodat(int directory, const char *path, mode_t mode, int flags) {
    MAY_FAIL(fchmodat, -1);
    return NEXT(fchmodat)(directory, path, mode, flags);
}

int flock(int file, int operation) {
    MAY_FAIL(flock, -1);
    return NEXT(flock)(file, operation);
}

int mkdir(const char *path, mode_t mode) {
    MAY_FAIL(mkdir, -1);
    return NEXT(mkdir)(path, mode);
}

int mkdirat(int directory, const char *path, mode_t mode) {
    MAY_FAIL(mkdirat, -1);
    return NEXT(mkdirat)(directory, path, mode);
}

int renameat(int from, const char *source, int to, const char *target) {
    MAY_FAIL(renameat, -1);
    return NEXT(renameat)(from, source, to, target);
}

int unlinkat(int directory, const char *path, int flags) {
    MAY_FAIL(unlinkat, -1);
    return NEXT(unlinkat)(directory, path, flags);
}

int rename(const char *source, const char *target) {
    MAY_FAIL(rename, -1);
    return NEXT(rename)(source, target);
}

int unlink(const char *path) {
    MAY_FAIL(unlink, -1);
    return NEXT(unlink)(path);
}

int rmdir(const char *path) {
    MAY_FAIL(rmdir, -1);
    return NEXT(rmdir)(path);
}

int lstat(const char *restrict path, struct stat *restrict status) {
    MAY_FAIL(lstat, -1);
    return NEXT(lstat)(path, status);
}

int stat(const char *restrict path, struct stat *restrict status) {
    MAY_FAIL(stat, -1);
    return NEXT(stat)(path, status);
}

int fstat(int file, struct stat *status) {
    MAY_FAIL(fstat, -1);
    return NEXT(fstat)(file, status);
}

int fstatat(int directory, const char *restrict path, struct stat *restrict status, int flags) {
    MAY_FAIL(fstatat, -1);
    return NEXT(fstatat)(directory, path, status, flags);
}

void *mmap(void *address, size_t length, int protection, int flags, int file, off_t offset) {
    if (file >= 0) MAY_FAIL(mmap, MAP_FAILED);
    return NEXT(mmap)(address, length, protection, flags, file, offset);
}

int madvise(void *start, size_t length, int advice) {
    MAY_FAIL(madvise, -1);
    return NEXT(madvise)(start, length, advice);
}

DIR *opendir(const char *path) {
    MAY_FAIL(opendir, NULL);
    return NEXT(opendir)(path);
}

DIR *fdopendir(int file) {
    MAY_FAIL(fdopendir, NULL);
    return NEXT(fdopendir)(file);
}

struct dirent *readdir(DIR *stream) {
    MAY_FAIL(readdir, NULL);
    return NEXT(readdir)(stream);
}

char *realpath(const char *restrict path, char *restrict resolved) {
    MAY_FAIL(realpath, NULL);
    return NEXT(realpath)(path, resolved);
}
