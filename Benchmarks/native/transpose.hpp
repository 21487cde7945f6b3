// SPDX-License-Identifier: Apache-2.0
// The models transposed: for each label the campaigns that have a weight for it.
#pragma once

#include <vector>

#include "contender.h"

struct Posting {
    uint32_t campaign;
    double weight;
};

// Posting lists of one target, a list a label, campaigns ascending.
struct Transposed {
    std::vector<size_t> starts;  // labels + 1
    std::vector<Posting> postings;

    Transposed(const contender_weights &weights, size_t campaigns, size_t labels) : starts(labels + 1) {
        const size_t count = size_t(weights.indptr[campaigns]);
        for (size_t i = 0; i < count; i++) starts[size_t(weights.indices[i]) + 1]++;
        for (size_t label = 0; label < labels; label++) starts[label + 1] += starts[label];
        std::vector<size_t> next(starts.begin(), starts.end() - 1);
        postings.resize(count);
        for (size_t campaign = 0; campaign < campaigns; campaign++)
            for (auto i = weights.indptr[campaign]; i < weights.indptr[campaign + 1]; i++)
                postings[next[size_t(weights.indices[i])]++] = {uint32_t(campaign), weights.values[i]};
    }
    const Posting *begin(size_t label) const {
        return postings.data() + starts[label];
    }
    const Posting *end(size_t label) const {
        return postings.data() + starts[label + 1];
    }
};
