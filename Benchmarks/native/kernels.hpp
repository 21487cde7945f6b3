// SPDX-License-Identifier: Apache-2.0
// The limit's inner loops: for AVX-512 if the compiler may use it, otherwise in plain C++ for it to vectorise.
#pragma once

#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512DQ__) && defined(__AVX512VL__) && \
    defined(__AVX512VPOPCNTDQ__)
#include "kernels_avx512.hpp"
#else
#include "kernels_portable.hpp"
#endif
