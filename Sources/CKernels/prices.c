// SPDX-License-Identifier: Apache-2.0
// Written by Benchmarks/prices.py from the measurements in Benchmarks/prices.csv; kernels.h names the members.
#include "kernels.h"
#include "sets.h"

const valuation_prices valuation_prices_baseline[VALUATION_LEVELS] = {
    // second cache
    {
        .dense_weight = 210,
        .sum = 71,
        .list = 5600,
        .list_weight = 1700,
        .number_weight = 4000,
        .dense_lookup = 760,
        .short_lookup = 210,
        .list_lookup = 3400,
        .number_step = 7800,
        .candidate = 690,
        .candidate_probability = 3000,
        .model_probability = 3400,
    },
    // third cache
    {
        .dense_weight = 190,
        .sum = 190,
        .list = 28000,
        .list_weight = 1900,
        .number_weight = 4000,
        .dense_lookup = 1400,
        .short_lookup = 200,
        .list_lookup = 3700,
        .number_step = 7800,
        .candidate = 850,
        .candidate_probability = 3000,
        .model_probability = 3400,
    },
    // memory
    {
        .dense_weight = 160,
        .sum = 590,
        .list = 49000,
        .list_weight = 2200,
        .number_weight = 4000,
        .dense_lookup = 3500,
        .short_lookup = 350,
        .list_lookup = 4300,
        .number_step = 7800,
        .candidate = 1800,
        .candidate_probability = 3000,
        .model_probability = 3400,
    },
};

#if defined(__x86_64__)
const valuation_prices valuation_prices_avx2[VALUATION_LEVELS] = {
    // second cache
    {
        .dense_weight = 77,
        .sum = 88,
        .list = 5600,
        .list_weight = 1700,
        .number_weight = 4000,
        .dense_lookup = 590,
        .short_lookup = 170,
        .list_lookup = 2900,
        .number_step = 7800,
        .candidate = 690,
        .candidate_probability = 1400,
        .model_probability = 1900,
    },
    // third cache
    {
        .dense_weight = 100,
        .sum = 71,
        .list = 28000,
        .list_weight = 1900,
        .number_weight = 4000,
        .dense_lookup = 1100,
        .short_lookup = 170,
        .list_lookup = 3500,
        .number_step = 7800,
        .candidate = 850,
        .candidate_probability = 1400,
        .model_probability = 1900,
    },
    // memory
    {
        .dense_weight = 190,
        .sum = 71,
        .list = 49000,
        .list_weight = 2200,
        .number_weight = 4000,
        .dense_lookup = 2500,
        .short_lookup = 690,
        .list_lookup = 4100,
        .number_step = 7800,
        .candidate = 1800,
        .candidate_probability = 1400,
        .model_probability = 1900,
    },
};

const valuation_prices valuation_prices_avx512[VALUATION_LEVELS] = {
    // second cache
    {
        .dense_weight = 65,
        .sum = 5,
        .list = 7300,
        .list_weight = 1400,
        .number_weight = 4400,
        .dense_lookup = 350,
        .short_lookup = 69,
        .list_lookup = 1900,
        .number_step = 7100,
        .candidate = 570,
        .candidate_probability = 1100,
        .model_probability = 1200,
    },
    // third cache
    {
        .dense_weight = 75,
        .sum = 22,
        .list = 25000,
        .list_weight = 1300,
        .number_weight = 4400,
        .dense_lookup = 450,
        .short_lookup = 66,
        .list_lookup = 2000,
        .number_step = 7100,
        .candidate = 610,
        .candidate_probability = 1100,
        .model_probability = 1200,
    },
    // memory
    {
        .dense_weight = 150,
        .sum = 1,
        .list = 32000,
        .list_weight = 1900,
        .number_weight = 4400,
        .dense_lookup = 590,
        .short_lookup = 1,
        .list_lookup = 1800,
        .number_step = 7100,
        .candidate = 230,
        .candidate_probability = 1100,
        .model_probability = 1200,
    },
};
#endif
