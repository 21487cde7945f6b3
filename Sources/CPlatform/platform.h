// SPDX-License-Identifier: Apache-2.0
// What the core needs of the C library. The Embedded standard library has no Glibc module of its own.
#ifndef VALUATION_PLATFORM_H
#define VALUATION_PLATFORM_H

// No _GNU_SOURCE: it changes the layout of types that Swift's own Glibc module has imported without it, and one build
// cannot hold both.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

// errno is a macro over a function call, which Swift does not import.
static inline int valuation_platform_errno(void) {
    return errno;
}

// Duplicates a descriptor of a standard stream to a higher one: in a host that has closed its own streams, the output
// of others would otherwise go into a file that is being written. Descriptors below 0 stay as they are.
static inline int valuation_platform_beyond_streams(int descriptor) {
    if (descriptor < 0 || descriptor > STDERR_FILENO) return descriptor;
    const int moved = fcntl(descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1), code = errno;
    (void)close(descriptor);
    errno = code;
    return moved;
}

// open() is variadic, which Swift does not import.
static inline int valuation_platform_open(const char *path) {
    return valuation_platform_beyond_streams(open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
}

// The same below a directory, without following links.
static inline int valuation_platform_open_at(int directory, const char *name) {
    const int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW;
    return valuation_platform_beyond_streams(openat(directory, name, flags));
}

// The same, following a link.
static inline int valuation_platform_open_linked_at(int directory, const char *name) {
    return valuation_platform_beyond_streams(openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
}

static inline int valuation_platform_open_directory(const char *path) {
    return valuation_platform_beyond_streams(open(path, O_RDONLY | O_CLOEXEC | O_DIRECTORY));
}

static inline int valuation_platform_open_directory_at(int directory, const char *name) {
    return valuation_platform_beyond_streams(openat(directory, name, O_RDONLY | O_CLOEXEC | O_DIRECTORY | O_NOFOLLOW));
}

// Creates a new file, for writing.
static inline int valuation_platform_create_at(int directory, const char *name, mode_t mode) {
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
    return valuation_platform_beyond_streams(openat(directory, name, flags, mode));
}

static inline bool valuation_platform_is_directory(const struct stat *status) {
    return S_ISDIR(status->st_mode);
}

static inline bool valuation_platform_is_regular_file(const struct stat *status) {
    return S_ISREG(status->st_mode);
}

// The name in a directory entry: a flexible array, which Swift imports as a fixed tuple.
static inline const char *valuation_platform_entry_name(const struct dirent *entry) {
    return entry->d_name;
}

// Nanoseconds of a clock that never goes back. Served by the vDSO: no system call.
static inline uint64_t valuation_platform_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

// Seconds since 1970, to some milliseconds: the time of the last tick, without reading the clock.
static inline int64_t valuation_platform_seconds(void) {
    struct timespec now;
#ifdef CLOCK_REALTIME_COARSE
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
#else
    clock_gettime(CLOCK_REALTIME, &now);
#endif
    return (int64_t)now.tv_sec;
}

// Numbers that nobody outside the process knows, the same for its whole life; the multiplier is odd.
typedef struct {
    uint64_t offset, multiplier;
} valuation_salt;

// Made of the sixteen random bytes that the kernel gives each process at its start, which needs no call and cannot
// fail.
static inline valuation_salt valuation_platform_salt(void) {
    valuation_salt salt = {0, 0};
    const void *random = (const void *)getauxval(AT_RANDOM);
    if (random) memcpy(&salt, random, sizeof salt);
    // If there are none: the address of the stack, and the time.
    if (!salt.offset && !salt.multiplier) salt.offset = (uintptr_t)&salt, salt.multiplier = valuation_platform_now();
    // The bytes also guard stacks, so they are not used unchanged.
    salt.offset = (salt.offset ^ salt.offset >> 29) * UINT64_C(0xbf58476d1ce4e5b9);
    salt.multiplier = (salt.multiplier ^ salt.multiplier >> 29) * UINT64_C(0x94d049bb133111eb) | 1;
    return salt;
}

// For calls that report a failure by errno alone: readdir, and jansson, which does not always say that it ran out of
// memory. So jansson's memory comes from here: a malloc that succeeds at its second attempt leaves errno at that of the
// first.
static inline void *valuation_platform_malloc(size_t size) {
    const int code = errno;
    void *memory = malloc(size);
    errno = memory ? code : ENOMEM;
    return memory;
}

static inline void valuation_platform_free(void *memory) {
    const int code = errno;
    free(memory);
    errno = code;
}

static inline void valuation_platform_clear_errno(void) {
    errno = 0;
}

// In glibc since 2.32; declared there for _GNU_SOURCE alone.
const char *strerrordesc_np(int code);

// The message for an errno in English: a constant, independent of the locale.
static inline const char *valuation_platform_error_text(int code) {
    const char *text = strerrordesc_np(code);
    return text ? text : "unknown error";
}

// A word that another thread may be writing.
static inline int32_t valuation_platform_load(const int32_t *word) {
    return __atomic_load_n(word, __ATOMIC_RELAXED);
}

// nanosleep for less than a second.
static inline void valuation_platform_sleep(long nanoseconds) {
    struct timespec time = {0, nanoseconds};
    nanosleep(&time, NULL);
}

// Waits until another thread wakes this one, if the word still has the value; may return early.
static inline void valuation_platform_wait(const void *word, uint32_t value) {
    (void)syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

static inline void valuation_platform_wake(const void *word) {
    (void)syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

// From now until the returned state is restored, pthread_cancel does not end this thread: it would leave a lock held.
static inline int valuation_platform_disable_cancel(void) {
    int state = PTHREAD_CANCEL_ENABLE;
    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
    return state;
}

static inline void valuation_platform_restore_cancel(int state) {
    (void)pthread_setcancelstate(state, NULL);
}

// Memory at a multiple of 64, to be passed to free; NULL if there is none.
static inline void *valuation_platform_allocate(size_t size) {
    void *memory = NULL;
    return posix_memalign(&memory, 64, size) ? NULL : memory;
}

// Zeros in huge pages, to be passed to munmap; NULL if there are none. Random reads of small pages miss the TLB more
// often than the caches. Pages that are never written take no memory.
static inline void *valuation_platform_map_zeros(size_t size) {
    const size_t huge_page = 2 << 20, page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t used = (size + page - 1) & ~(page - 1);
    char *start = mmap(NULL, used + huge_page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED) return NULL;
    const size_t before = (huge_page - (uintptr_t)start % huge_page) % huge_page;
    if (before > 0) (void)munmap(start, before);
    (void)munmap(start + before + used, huge_page - before);
#ifdef MADV_HUGEPAGE
    (void)madvise(start + before, used, MADV_HUGEPAGE);
#endif
    return start + before;
}

// Two pages of zeros, to be passed to munmap, the first of which a forked child finds zeroed; NULL if there are none. A
// kernel before 4.14 cannot do this: the child finds the page as it was.
static inline void *valuation_platform_map_wiped(size_t page) {
    void *start = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED) return NULL;
#ifdef MADV_WIPEONFORK
    (void)madvise(start, page, MADV_WIPEONFORK);
#endif
    return start;
}

// Fills memory with unpredictable bits; false if the system has none.
static inline bool valuation_platform_random(void *memory, size_t size) {
    size_t done = 0;
    while (done < size) {
        ssize_t length = getrandom((char *)memory + done, size - done, 0);
        if (length < 0 && errno != EINTR) return false;
        if (length > 0) done += (size_t)length;
    }
    return true;
}

// A file's first bytes, read-only and shared with all processes that map it; NULL with errno if that is not possible.
static inline void *valuation_platform_map(int file, size_t size) {
    void *start = mmap(NULL, size, PROT_READ, MAP_SHARED, file, 0);
    return start == MAP_FAILED ? NULL : start;
}

// Reads the pages of a mapped file, if the kernel can (Linux 5.14): 0, or an errno. A page that cannot be read is only
// an error here; a later access would get SIGBUS.
static inline int valuation_platform_populate(void *start, size_t size) {
    const int populate_read = 22;
    return madvise(start, size, populate_read) ? errno : 0;
}

// Returns the pages that are entirely in a range of the heap to the system; their contents are lost.
static inline void valuation_platform_discard(void *start, size_t length) {
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t first = ((uintptr_t)start + page - 1) & ~(page - 1);
    uintptr_t end = ((uintptr_t)start + length) & ~(page - 1);
    if (first < end) (void)madvise((void *)first, end - first, MADV_DONTNEED);
}

// In every glibc and musl; declared there for _GNU_SOURCE alone.
double strtod_l(const char *__restrict text, char **__restrict end, locale_t locale);

// strtod in the "C" locale whatever the host's locale is. newlocale of "C" allocates nothing in glibc.
static inline double valuation_platform_parse_double(const char *text) {
    locale_t c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    double number = c_locale ? strtod_l(text, NULL, c_locale) : strtod(text, NULL);
    if (c_locale) freelocale(c_locale);
    return number;
}

#endif
