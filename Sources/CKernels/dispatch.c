// SPDX-License-Identifier: Apache-2.0
// The choice among the instruction sets.
#include "kernels.h"
#include "sets.h"

#if defined(__x86_64__)
#include <cpuid.h>

// The features of processor and system, asked once: on a virtual machine each question takes microseconds. The
// compiler's own __builtin_cpu_supports does the same for every processor there is, in five kilobytes.
static int has_avx2, has_avx512;

__attribute__((constructor)) static void ask_processor(void) {
    enum { SAVES_STATE = 1 << 27, COUNTS_BITS = 1 << 23, AVX2 = 1 << 5, BITS = 1 << 3 | 1 << 8 };
    enum { AVX_STATE = 0x06, AVX512_STATE = 0xe6 };
    const unsigned avx512 = 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31;  // F, DQ, BW, VL
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & SAVES_STATE)) return;
    const int counts_bits = (c & COUNTS_BITS) != 0;
    unsigned state, upper;
    __asm__("xgetbv" : "=a"(state), "=d"(upper) : "c"(0));
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return;
    has_avx2 = (state & AVX_STATE) == AVX_STATE && (b & (AVX2 | BITS)) == (AVX2 | BITS) && counts_bits;
    has_avx512 = (state & AVX512_STATE) == AVX512_STATE && (b & avx512) == avx512 && has_avx2;
}
#endif

const valuation_kernels *valuation_kernels_for(valuation_kernels_level level) {
    switch (level) {
        case VALUATION_KERNELS_BASELINE:
            return &valuation_kernels_baseline;
#if defined(__x86_64__)
        case VALUATION_KERNELS_AVX2:
            return has_avx2 ? &valuation_kernels_avx2 : NULL;
        case VALUATION_KERNELS_AVX512:
            return has_avx512 ? &valuation_kernels_avx512 : NULL;
#endif
        default:
            return NULL;
    }
}

const valuation_kernels *valuation_kernels_for_this_machine(void) {
    for (int level = VALUATION_KERNELS_AVX512; level > VALUATION_KERNELS_BASELINE; level--) {
        const valuation_kernels *kernels = valuation_kernels_for((valuation_kernels_level)level);
        if (kernels) return kernels;
    }
    return &valuation_kernels_baseline;
}
