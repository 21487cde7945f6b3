/* SPDX-License-Identifier: Apache-2.0
 *
 * Replaces a file that an engine follows, as an operator does: writes another file and renames it over the first.
 */
#ifndef FOLLOW_H
#define FOLLOW_H

#include <unistd.h>

#include "expect.h"

enum { FOLLOWED_BYTES = 4096 };

/* Replaces `followed` with a copy of `path`. */
static inline void replace_by(const char *followed, const char *path) {
    char beside[FOLLOWED_BYTES], text[FOLLOWED_BYTES * 4];
    snprintf(beside, sizeof beside, "%s.new", followed);
    FILE *from = fopen(path, "rb"), *to = fopen(beside, "wb");
    if (from == NULL || to == NULL) exit(2);
    size_t length = fread(text, 1, sizeof text, from);
    if (length == sizeof text || fwrite(text, 1, length, to) != length) exit(2);
    if (fclose(from) != 0 || fclose(to) != 0 || rename(beside, followed) != 0) exit(2);
}

#endif
