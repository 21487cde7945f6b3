/* SPDX-License-Identifier: Apache-2.0
 *
 * A host's own functions under the names of jansson's, zlib's and the C library functions that these call. Each call of
 * one is counted. Link with -rdynamic, so that the loader finds them first.
 */
#ifndef STRANGERS_H
#define STRANGERS_H

#include <locale.h>
#include <stdint.h>
#include <stdlib.h>

static volatile int strangers_called;

#define STRANGER(declaration, result) \
    declaration;                      \
    declaration {                     \
        strangers_called++;           \
        return result;                \
    }

STRANGER(void *json_load_callback(void), NULL)
STRANGER(void *json_string_value(void), NULL)
STRANGER(int json_delete(void), 0)
STRANGER(int json_dumpb(void), 0)
STRANGER(int json_object_seed(void), 0)
STRANGER(int hashtable_get(void), 0)
STRANGER(int inflate(void), -2)
STRANGER(int inflateInit2_(void), -2)
STRANGER(int inflateEnd(void), -2)
STRANGER(int inflateReset(void), -2)
STRANGER(unsigned long crc32(void), 1)
STRANGER(unsigned long adler32(void), 1)

uint32_t hashtable_seed = 1;

double strtod(const char *restrict text, char **restrict end) {
    strangers_called++;
    if (end != NULL) *end = (char *)text;
    return 42;
}

struct lconv *localeconv(void) {
    static char point[] = "::";
    static struct lconv strange = {.decimal_point = point};
    strangers_called++;
    return &strange;
}

#endif
