// SPDX-License-Identifier: Apache-2.0
// The texts that C joins from the versions of valuation.h, for both libraries; Swift cannot join literals.
#ifndef VALUATION_VERSION_H
#define VALUATION_VERSION_H

#include <stdbool.h>

#include "../../Include/valuation.h"

#define VALUATION_DIGITS_OF(number) #number
#define VALUATION_DIGITS(number) VALUATION_DIGITS_OF(number)
#define VALUATION_BUILD                                                                                                 \
    "valuation " VALUATION_VERSION ", ABI " VALUATION_DIGITS(VALUATION_ABI_VERSION) ", model format " VALUATION_DIGITS( \
        VALUATION_MODEL_FORMAT_VERSION) ", compiled format " VALUATION_DIGITS(VALUATION_COMPILED_FORMAT_VERSION)

#if defined(__x86_64__)
#define VALUATION_PROCESSOR ", x86_64"
#elif defined(__aarch64__)
#define VALUATION_PROCESSOR ", arm64"
#else
#define VALUATION_PROCESSOR ""
#endif

static inline const char *valuation_version_text(void) {
    return VALUATION_VERSION;
}

static inline const char *valuation_build_text(bool is_embedded) {
    return is_embedded ? VALUATION_BUILD ", embedded" VALUATION_PROCESSOR : VALUATION_BUILD ", with the Swift runtime";
}

#endif
