// SPDX-License-Identifier: Apache-2.0
// The limit's scoring of one request whose labels and campaigns are ids. It takes the one of three ways that it expects
// to be the fastest: to sum the rows of all campaigns, to look up each candidate's campaign in each label's row, or,
// for a handful of candidates, to look up each label in each campaign.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "kernels.hpp"
#include "limit_index.hpp"

// Arrays have room for a multiple of 64 candidates, padded with valid ids.
struct LimitRequest {
    const uint32_t *features;
    size_t feature_count;
    const uint32_t *campaigns;
    const uint32_t *ad_labels;  // [ad_features][ad_stride]
    size_t ad_features, ad_stride;
    size_t candidates;
};

class LimitScorer {
   public:
    explicit LimitScorer(const contender_models &models);

    const std::shared_ptr<const LimitIndex> owned;
    const LimitIndex &index = *owned;

    // Calls finish(ad, clicks, conversions) with the probabilities of candidates ad ... ad + 15, for ad = 0, 16, ...
    template <typename Finish>
    void score(const LimitRequest &request, Finish finish) {
        if (request.candidates <= few)
            score_few(request, finish);
        else if (!prefers_rows(request))
            score_many<false>(request, finish);
        else if (request.ad_features == 0 && request.candidates >= 2 * index.padded)
            score_campaigns(request, finish);
        else
            score_many<true>(request, finish);
    }

   private:
    static constexpr size_t few = 4;
    static constexpr size_t most_labels = 256;
    // Candidates whose sums are looked up together.
    static constexpr size_t block = 2048;
    // How many rows, and how many blocks of sixteen candidates, ahead of its use memory is prefetched.
    static constexpr size_t rows_ahead = 8, pairs_ahead = 4, ring = 8;

    // A packed or dense row while it is being added.
    struct Progress {
        const int32_t *weights;
        const uint64_t *masks;  // null if dense
        size_t lines;
    };

    double nanoseconds_per_byte, nanoseconds_per_lookup;
    uint32_t most_scattered = 0;  // entries of a list, for the current request
    // Clicks, then conversions; [2 * padded].
    HugeArray<int32_t> sums, scattered;                                // `scattered` is 0 between requests
    std::vector<float> click_probabilities, conversion_probabilities;  // of each campaign
    std::vector<Progress> rows[2];
    std::vector<Pair> looked_up;
    std::vector<uint32_t> few_labels, few_places;
    // Positions of the pairs of blocks' ads in flight; [ad feature][candidate].
    std::vector<uint32_t> pair_places[ring];

    bool prefers_rows(const LimitRequest &request) const;

    void add_rows(const LimitRequest &request);
    template <int width>
    void add_tiles(int target, size_t first, size_t last);
    void add_list(const Label &label, int32_t *to) const;
    void fetch_list(const LimitRequest &request, size_t feature) const;

    // Whether the lookup way adds a label's list to the sums of all its campaigns instead.
    bool scatters(const Label &label) const {
        return label.listed && label.list_count < most_scattered;
    }
    bool scatter(const LimitRequest &request);
    void clear(const LimitRequest &request);
    void fetch_words(const LimitRequest &request, size_t feature, const uint32_t *campaigns, size_t n) const;
    void look_up(const LimitRequest &request, size_t first, size_t last);
    void look_few_up(const LimitRequest &request);
    void find_ad_pairs(const LimitRequest &request, size_t ad);

    // Looks up each label in each campaign.
    template <typename Finish>
    void score_few(const LimitRequest &request, Finish finish) {
        look_few_up(request);
        const kernels::Pairs first = kernels::load(&looked_up[0]), second = kernels::no_pairs();
        finish(0, kernels::probability(kernels::clicks(first, second), index.shift),
               kernels::probability(kernels::conversions(first, second), index.shift));
    }

    // Computes all campaigns' sums and their probabilities: there are more candidates than campaigns, and ads have no
    // features of their own.
    template <typename Finish>
    void score_campaigns(const LimitRequest &request, Finish finish) {
        add_rows(request);
        const int shift = index.shift;
        for (size_t i = 0; i < index.padded; i += 16) {
            kernels::store(&click_probabilities[i], kernels::probability(kernels::load(&sums[i]), shift));
            kernels::store(&conversion_probabilities[i], kernels::probability(kernels::load(&sums[index.padded + i]), shift));
        }
        for (size_t ad = 0; ad < request.candidates; ad += 16)
            finish(ad, kernels::gather(click_probabilities.data(), request.campaigns + ad),
                   kernels::gather(conversion_probabilities.data(), request.campaigns + ad));
    }

    // The request's labels by rows or by lookups, and each ad's own by lookups.
    template <bool by_rows, typename Finish>
    void score_many(const LimitRequest &request, Finish finish) {
        const size_t n = request.candidates, a = request.ad_features;
        const int shift = index.shift;
        const Pair *pairs = index.pairs.data();
        bool has_sums = true;
        if (by_rows)
            add_rows(request);
        else
            has_sums = scatter(request);
        const int32_t *clicks = by_rows ? sums.data() : scattered.data(), *conversions = clicks + index.padded;
        for (size_t first = 0; first < n; first += block) {
            const size_t last = std::min(first + block, n);
            if (!by_rows) look_up(request, first, last);
            for (size_t ad = first; ad < last; ad += 16) {
                kernels::Pairs halves[2] = {kernels::no_pairs(), kernels::no_pairs()};
                if (!by_rows)
                    for (size_t half = 0; half < 2; half++) halves[half] = kernels::load(&looked_up[ad - first + half * 8]);
                if (a) {
                    if (ad == 0)
                        for (size_t i = 0; i < pairs_ahead && i * 16 < n; i++) find_ad_pairs(request, i * 16);
                    if (ad + pairs_ahead * 16 < n) find_ad_pairs(request, ad + pairs_ahead * 16);
                    const uint32_t *places = pair_places[ad / 16 % ring].data();
                    for (size_t i = 0; i < a; i++)
                        for (size_t half = 0; half < 2; half++)
                            halves[half] = kernels::add(halves[half], kernels::gather(pairs, places + i * 16 + half * 8));
                }
                kernels::Sums click = kernels::clicks(halves[0], halves[1]);
                kernels::Sums conversion = kernels::conversions(halves[0], halves[1]);
                if (has_sums) {
                    click = kernels::add(click, kernels::gather(clicks, request.campaigns + ad));
                    conversion = kernels::add(conversion, kernels::gather(conversions, request.campaigns + ad));
                }
                finish(ad, kernels::probability(click, shift), kernels::probability(conversion, shift));
            }
        }
        if (!by_rows && has_sums) clear(request);
    }
};
