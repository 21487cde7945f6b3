// SPDX-License-Identifier: Apache-2.0
// `limit (ids)` and `limit (keys)`: how fast this machine can score if nothing but speed counts.
#include <algorithm>

#include "contender.hpp"
#include "key_table.hpp"
#include "limit_scorer.hpp"
#include "structs.hpp"

namespace {

// Candidates are scored in groups of sixteen; arrays have room for a few more than there are.
size_t padded(size_t count) {
    return (count + 63) / 64 * 64;
}

// Campaigns and labels are already ids, in the arrays that suit the scorer best.
struct LimitIds final : contender {
    explicit LimitIds(const contender_models &models) : contender(models), scorer(models) {
    }
    void prepare(const contender_requests &requests) override {
        const size_t n = requests.candidates, a = requests.ad_features;
        stride = padded(n);
        features.assign(requests.request_labels, requests.request_labels + requests.count * requests.features);
        campaigns.assign(requests.count * stride, 0);
        ads.assign(requests.count * a * stride, scorer.index.unknown);
        for (size_t request = 0; request < requests.count; request++)
            for (size_t ad = 0; ad < n; ad++) {
                const size_t place = request * requests.candidate_stride + ad;
                campaigns[request * stride + ad] = uint32_t(requests.candidate_campaigns[place]);
                for (size_t i = 0; i < a; i++)
                    ads[(request * a + i) * stride + ad] = uint32_t(requests.ad_labels[place * requests.ad_stride + i]);
            }
        bids.assign(stride, requests.bid);
        out.resize(stride);
    }
    void score(size_t number) override {
        const size_t f = requests.features, a = requests.ad_features;
        const uint32_t *own = campaigns.data() + number * stride, *labels = ads.data() + number * a * stride;
        float *pctr = out.pctr.data(), *pcvr = out.pcvr.data();
        double *revenue = out.revenue.data();
        const double *bid = bids.data();
        scorer.score({features.data() + number * f, f, own, labels, a, stride, requests.candidates},
                     [=](size_t ad, kernels::Probabilities clicks, kernels::Probabilities conversions) {
                         kernels::write(clicks, conversions, bid + ad, pctr + ad, pcvr + ad, revenue + ad);
                     });
    }
    void results(float *pctr, float *pcvr, double *revenue) const override {
        out.copy(requests.candidates, pctr, pcvr, revenue);
    }
    size_t bytes() const override {
        return scorer.index.bytes();
    }

   private:
    LimitScorer scorer;
    size_t stride = 0;
    std::vector<uint32_t> features, campaigns, ads;
    std::vector<double> bids;
    Results out;
};

// The library's own structs in and out, with 64-bit keys, which are first turned into ids.
struct LimitKeys final : contender {
    explicit LimitKeys(const contender_models &models)
        : contender(models),
          scorer(models),
          label_ids(models.label_keys, models.labels),
          campaign_ids(models.campaign_keys, models.campaigns) {
    }
    void prepare(const contender_requests &requests) override {
        structs.prepare(models, requests);
        stride = padded(requests.candidates);
        features.assign(padded(requests.features), 0);
        campaigns.assign(stride, 0);
        ads.assign(requests.ad_features * stride, scorer.index.unknown);
    }
    void score(size_t number) override {
        const valuation_request request = structs.request(number);
        const valuation_candidate *candidates = structs.candidates_of(number);
        const size_t n = structs.candidate_count, a = requests.ad_features;
        for (size_t i = 0; i < request.feature_count; i++) label_ids.prefetch(request.features[i].key);
        for (size_t ad = 0; ad < std::min(ahead, n); ad++) fetch(candidates[ad]);
        for (size_t i = 0; i < request.feature_count; i++) features[i] = label_ids.find(request.features[i].key);
        for (size_t ad = 0; ad < n; ad++) {
            // First the struct, then its features, then the table lines that these lead to.
            if (ad + 4 * ahead < n) __builtin_prefetch(&candidates[ad + 4 * ahead]);
            if (ad + 2 * ahead < n && a) {
                __builtin_prefetch(candidates[ad + 2 * ahead].features);
                __builtin_prefetch(candidates[ad + 2 * ahead].features + a - 1);
            }
            if (ad + ahead < n) fetch(candidates[ad + ahead]);
            campaigns[ad] = campaign_ids.find(candidates[ad].campaign);
            for (size_t i = 0; i < a; i++) ads[i * stride + ad] = label_ids.find(candidates[ad].features[i].key);
        }
        valuation_value *values = structs.values.data();
        scorer.score({features.data(), request.feature_count, campaigns.data(), ads.data(), a, stride, n},
                     [=](size_t ad, kernels::Probabilities clicks, kernels::Probabilities conversions) {
                         kernels::write(clicks, conversions, candidates + ad, values + ad);
                     });
    }
    void results(float *pctr, float *pcvr, double *revenue) const override {
        structs.results(pctr, pcvr, revenue);
    }
    size_t bytes() const override {
        return scorer.index.bytes() + label_ids.bytes() + campaign_ids.bytes();
    }

   private:
    // How many candidates ahead each prefetching step is.
    static constexpr size_t ahead = 16;

    LimitScorer scorer;
    const KeyTable label_ids, campaign_ids;
    Structs structs;
    size_t stride = 0;
    std::vector<uint32_t> features, campaigns, ads;

    void fetch(const valuation_candidate &candidate) const {
        campaign_ids.prefetch(candidate.campaign);
        for (size_t i = 0; i < candidate.feature_count; i++) label_ids.prefetch(candidate.features[i].key);
    }
};

}  // namespace

std::unique_ptr<contender> make_limit_ids(const contender_models &models) {
    return std::make_unique<LimitIds>(models);
}

std::unique_ptr<contender> make_limit_keys(const contender_models &models) {
    return std::make_unique<LimitKeys>(models);
}
