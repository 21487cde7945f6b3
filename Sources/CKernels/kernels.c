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
#endif

const valuation_kernels *valuation_kernels_for(valuation_kernels_level level) {
    switch (level) {
        case VALUATION_KERNELS_BASELINE:
            return &kernels_baseline;
#if HAS_X86
        case VALUATION_KERNELS_AVX2:
            return __builtin_cpu_supports("avx2") ? &kernels_avx2 : NULL;
        case VALUATION_KERNELS_AVX512:
            return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
                           __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt")
                       ? &kernels_avx512
                       : NULL;
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
