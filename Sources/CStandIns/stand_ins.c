// SPDX-License-Identifier: Apache-2.0
// jansson is linked into the library, so that the library uses its own, whatever the host has under the same names.
// These functions replace what it would otherwise ask of the process: the locale, a device, an open stream. They are
// hidden, and the linker prefers them to those of the C library.
//
// A library that is linked with the shared jansson (VALUATION_SHARED=1 in Package.swift) does not have them.

#include "stand_ins.h"

#include <locale.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/random.h>
#include <time.h>

#define HIDDEN __attribute__((visibility("hidden")))

// MARK: Numbers

// In every glibc and musl; declared there for _GNU_SOURCE alone.
double strtod_l(const char *restrict text, char **restrict end, locale_t locale);

// jansson asks for the decimal point of the host's locale, which another thread may change at any moment, and writes it
// into a number before it reads the number.
HIDDEN struct lconv *localeconv(void) {
    static char point[] = ".", nothing[] = "";
    static struct lconv c_locale = {.decimal_point = point, .thousands_sep = nothing, .grouping = nothing};
    return &c_locale;
}

// Reads a number of the "C" locale. newlocale returns a constant for "C": it takes no memory and no lock.
//
// jansson asserts that the whole number was read. If its memory runs out within the number, the text is cut; the load
// then fails anyway (see JSONDocument), and must not end the process.
HIDDEN double strtod(const char *restrict text, char **restrict end) {
    locale_t c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    double number = c_locale ? strtod_l(text, NULL, c_locale) : 0;
    if (c_locale) freelocale(c_locale);
    if (end) *end = (char *)text + strlen(text);
    return number;
}

// MARK: The seed of its hash tables

// 0 until the first table is created.
HIDDEN volatile uint32_t hashtable_seed;

// jansson's own opens /dev/urandom, which a host may not have, and makes other threads wait until it is done: forever,
// in a child that was forked at that moment.
HIDDEN void json_object_seed(size_t wish) {
    if (__atomic_load_n(&hashtable_seed, __ATOMIC_RELAXED) != 0) return;
    uint32_t seed = (uint32_t)wish;
    if (seed == 0 && getrandom(&seed, sizeof seed, GRND_NONBLOCK) != sizeof seed) {
        // The random bytes that the kernel gives every process at its start, and the time.
        const void *given = (const void *)getauxval(AT_RANDOM);
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        if (given) memcpy(&seed, given, sizeof seed);
        seed ^= (uint32_t)now.tv_nsec;
    }
    if (seed == 0) seed = 1;
    uint32_t none = 0;
    // Of several threads, the first one wins.
    (void)__atomic_compare_exchange_n(&hashtable_seed, &none, seed, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

// MARK: Streams

// Used by jansson's functions for files, which the library never calls.
HIDDEN void *stdin, *stdout, *stderr;
