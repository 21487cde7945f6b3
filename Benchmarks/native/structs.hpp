// SPDX-License-Identifier: Apache-2.0
// Requests in the structs of the public C API: the input of `valuation` and of `limit (keys)`.
#pragma once

#include <string>
#include <vector>

#include "contender.hpp"
#include "valuation.h"

// All requests of a contender_requests as arrays of structs.
struct Structs {
    std::vector<valuation_feature> features;      // [count][features]
    std::vector<valuation_candidate> candidates;  // [count][N]
    std::vector<valuation_value> values;          // [N], the last call's output
    size_t feature_count = 0, candidate_count = 0;

    void prepare(const contender_models &models, const contender_requests &requests) {
        feature_count = requests.features;
        candidate_count = requests.candidates;
        features.clear();
        for (size_t i = 0; i < requests.count * feature_count; i++)
            features.push_back({models.label_keys[requests.request_labels[i]], 1.0});
        ad_features.clear();
        ad_features.reserve(requests.count * candidate_count * requests.ad_features);
        candidates.clear();
        for (size_t request = 0; request < requests.count; request++)
            for (size_t ad = 0; ad < candidate_count; ad++) {
                const size_t place = request * requests.candidate_stride + ad;
                const valuation_feature *own = requests.ad_features ? ad_features.data() + ad_features.size() : nullptr;
                for (size_t i = 0; i < requests.ad_features; i++)
                    ad_features.push_back({models.label_keys[requests.ad_labels[place * requests.ad_stride + i]], 1.0});
                candidates.push_back({models.campaign_keys[requests.candidate_campaigns[place]], own,
                                      uint32_t(requests.ad_features), VALUATION_PRICING_CPA, requests.bid});
            }
        values.resize(candidate_count + 64);
        texts.clear();
        units.clear();
        if (!models.policy) return;
        for (size_t i = 0; i < requests.count; i++) texts.push_back("user-" + std::to_string(1000003 * i));
        for (const std::string &text : texts) units.push_back({"user", 4, text.data(), text.size()});
    }
    valuation_request request(size_t number) const {
        valuation_request request = VALUATION_REQUEST_INIT;
        request.feature_count = uint32_t(feature_count);
        request.features = features.data() + number * feature_count;
        if (!units.empty()) {
            request.units = &units[number];
            request.unit_count = 1;
        }
        return request;
    }
    const valuation_candidate *candidates_of(size_t number) const {
        return candidates.data() + number * candidate_count;
    }
    void results(float *pctr, float *pcvr, double *revenue) const {
        for (size_t ad = 0; ad < candidate_count; ad++) {
            pctr[ad] = values[ad].pctr;
            pcvr[ad] = values[ad].pcvr;
            revenue[ad] = values[ad].expected_revenue;
        }
    }

   private:
    std::vector<valuation_feature> ad_features;  // [count][N][A]
    std::vector<std::string> texts;              // [count], if there is a policy
    std::vector<valuation_unit> units;           // [count], if there is a policy
};
