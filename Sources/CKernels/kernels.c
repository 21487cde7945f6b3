// SPDX-License-Identifier: Apache-2.0
// The loops of kernels.inc for each instruction set, and the choice among them.
// A fused multiplication and addition rounds once instead of twice: the bits would depend on the machine.
#pragma STDC FP_CONTRACT OFF

#include "candidates.h"
#include "kernels.h"
#include "look_up.h"
#include "resolve.h"

#define WIDTH 16
#define LANE_BITS 0
#define TARGET
#define NAME(name) name##_baseline
#include "kernels.inc"

#if defined(__x86_64__)
#define HAS_X86 1
#include <cpuid.h>

#define WIDTH 32
#define LANE_BITS 0
#define TARGET __attribute__((target("avx2")))
#define NAME(name) name##_avx2
#include "kernels.inc"

#define WIDTH 64
#define LANE_BITS 4
#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))
#define NAME(name) name##_avx512
#include "kernels.inc"

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
    has_avx2 = (state & AVX_STATE) == AVX_STATE && (b & AVX2);
    has_avx512 =
        (state & AVX512_STATE) == AVX512_STATE && (b & avx512) == avx512 && (b & BITS) == BITS && counts_bits && has_avx2;
}
#endif

const valuation_kernels *valuation_kernels_for(valuation_kernels_level level) {
    switch (level) {
        case VALUATION_KERNELS_BASELINE:
            return &kernels_baseline;
#if HAS_X86
        case VALUATION_KERNELS_AVX2:
            return has_avx2 ? &kernels_avx2 : NULL;
        case VALUATION_KERNELS_AVX512:
            return has_avx512 ? &kernels_avx512 : NULL;
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
    return &kernels_baseline;
}
