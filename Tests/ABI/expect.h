/* SPDX-License-Identifier: Apache-2.0
 *
 * Checks for this folder's programs. Each failed check is printed; main returns 1 if any failed, otherwise 0.
 */
#ifndef EXPECT_H
#define EXPECT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "valuation.h"

static int failed_expectations;

#define EXPECT(condition) expect((condition) ? 1 : 0, __FILE__, __LINE__, #condition)

/* The call fails with this status, and so does its valuation_error `error` say. */
#define EXPECT_REFUSED(call, expected_status) expect_refused((call), (expected_status), &error, __FILE__, __LINE__, #call)

/* The call succeeds, or the program exits: for steps that the rest depends on. */
#define REQUIRE_OK(call) require_ok((call), __FILE__, __LINE__, #call)

#define FINISH() return failed_expectations > 0 ? 1 : 0

static inline void expect(int holds, const char *file, int line, const char *condition) {
    if (holds) return;
    if (failed_expectations < 20) fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
    failed_expectations++;
}

static inline void expect_refused(valuation_status status, valuation_status expected, const valuation_error *error,
                                  const char *file, int line, const char *call) {
    int message_is_told = error->message[0] != '\0' && memchr(error->message, '\0', sizeof error->message) != NULL;
    if (status == expected && error->status == expected && message_is_told) return;
    fprintf(stderr, "%s:%d: %s: returned %s, error says %s \"%.255s\", expected %s with a message\n", file, line, call,
            valuation_status_name(status), valuation_status_name(error->status), error->message,
            valuation_status_name(expected));
    failed_expectations++;
}

static inline void require_ok(valuation_status status, const char *file, int line, const char *call) {
    if (status == VALUATION_OK) return;
    fprintf(stderr, "%s:%d: %s: %s\n", file, line, call, valuation_status_name(status));
    exit(2);
}

/* The engine describes itself. */
static inline void describe(const valuation_engine *engine) {
    valuation_report *report;
    size_t length = 0;
    REQUIRE_OK(valuation_engine_describe(engine, &report, NULL));
    const char *text = valuation_report_text(report, &length);
    EXPECT(length > 0 && strlen(text) == length);
    valuation_report_destroy(report);
}

#endif
