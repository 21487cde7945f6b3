// SPDX-License-Identifier: Apache-2.0
// What contenders with a structure for each campaign share: keys to ids, and one sum of the request's labels for each
// campaign, however many of its ads are candidates.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "contender.hpp"
#include "key_table.hpp"
#include "structs.hpp"

// The weights for one label in a campaign's two models.
struct Weighted {
    float click = 0, conversion = 0;
};

// Store gives access to a campaign's weights:
//   Store(const contender_models &)
//   void prefetch(uint32_t campaign, uint32_t label) const
//   Weighted find(uint32_t campaign, uint32_t label) const
//   size_t bytes() const
template <typename Store>
struct CampaignMajor : contender {
    explicit CampaignMajor(const contender_models &models)
        : contender(models),
          store(models),
          label_ids(models.label_keys, models.labels),
          campaign_ids(models.campaign_keys, models.campaigns),
          sums(models.campaigns),
          summed_for(models.campaigns) {
    }

    void prepare(const contender_requests &requests) override {
        structs.prepare(models, requests);
        campaigns.resize(requests.candidates);
        ads.resize(requests.candidates * requests.ad_features);
    }

    void score(size_t number) override {
        const valuation_request request = structs.request(number);
        const valuation_candidate *candidates = structs.candidates_of(number);
        const size_t n = structs.candidate_count, a = requests.ad_features;
        intern(request, candidates, n, a);
        turn++;
        for (size_t ad = 0; ad < std::min(n, ahead); ad++) prefetch(ad, a);
        for (size_t ad = 0; ad < n; ad++) {
            if (ad + ahead < n) prefetch(ad + ahead, a);
            const uint32_t campaign = campaigns[ad];
            if (summed_for[campaign] != turn) {
                sums[campaign] = sum(campaign, features.data(), features.size());
                summed_for[campaign] = turn;
            }
            const Sum shared = sums[campaign], own = sum(campaign, &ads[ad * a], a);
            valuation_value &value = structs.values[ad];
            value.pctr = probability(models.click.intercepts[campaign], shared.click + own.click);
            value.pcvr = probability(models.conversion.intercepts[campaign], shared.conversion + own.conversion);
            value.expected_revenue = candidates[ad].bid * double(value.pctr) * double(value.pcvr);
        }
    }
    void results(float *pctr, float *pcvr, double *revenue) const override {
        structs.results(pctr, pcvr, revenue);
    }
    size_t bytes() const override {
        return store.bytes() + label_ids.bytes() + campaign_ids.bytes();
    }

   private:
    // How many candidates ahead of its use memory is prefetched.
    static constexpr size_t ahead = 2;
    struct Sum {
        double click = 0, conversion = 0;
    };

    const Store store;
    const KeyTable label_ids, campaign_ids;
    Structs structs;
    std::vector<uint32_t> features, campaigns, ads;
    // Memoised for the current request.
    std::vector<Sum> sums;
    std::vector<uint64_t> summed_for;
    uint64_t turn = 0;

    void intern(const valuation_request &request, const valuation_candidate *candidates, size_t n, size_t a) {
        features.clear();
        for (size_t i = 0; i < request.feature_count; i++) {
            const uint32_t label = label_ids.find(request.features[i].key);
            if (label < models.labels && std::find(features.begin(), features.end(), label) == features.end())
                features.push_back(label);
        }
        for (size_t ad = 0; ad < n; ad++) {
            campaigns[ad] = campaign_ids.find(candidates[ad].campaign);
            for (size_t i = 0; i < a; i++) ads[ad * a + i] = label_ids.find(candidates[ad].features[i].key);
        }
    }
    void prefetch(size_t ad, size_t a) const {
        const uint32_t campaign = campaigns[ad];
        if (summed_for[campaign] != turn)
            for (uint32_t label : features) store.prefetch(campaign, label);
        for (size_t i = 0; i < a; i++) store.prefetch(campaign, ads[ad * a + i]);
    }
    Sum sum(uint32_t campaign, const uint32_t *labels, size_t count) const {
        Sum sum;
        for (size_t i = 0; i < count; i++) {
            const Weighted weight = store.find(campaign, labels[i]);
            sum.click += double(weight.click);
            sum.conversion += double(weight.conversion);
        }
        return sum;
    }
    static float probability(double intercept, double sum) {
        return float(1 / (1 + std::exp(-(intercept + sum))));
    }
};

// Calls visit(label, weights) for each label of a campaign, ascending.
template <typename Visit>
void for_each_label(const contender_models &models, size_t campaign, Visit visit) {
    const contender_weights &clicks = models.click, &conversions = models.conversion;
    auto click = clicks.indptr[campaign], conversion = conversions.indptr[campaign];
    const auto click_end = clicks.indptr[campaign + 1], conversion_end = conversions.indptr[campaign + 1];
    while (click < click_end || conversion < conversion_end) {
        const int32_t first = click < click_end ? clicks.indices[click] : INT32_MAX;
        const int32_t second = conversion < conversion_end ? conversions.indices[conversion] : INT32_MAX;
        Weighted weights;
        if (first <= second) weights.click = float(clicks.values[click++]);
        if (second <= first) weights.conversion = float(conversions.values[conversion++]);
        visit(uint32_t(std::min(first, second)), weights);
    }
}
