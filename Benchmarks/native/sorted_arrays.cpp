// SPDX-License-Identifier: Apache-2.0
// `sorted arrays`: for each campaign its labels in ascending order, found by branchless binary search, and their
// weights.
#include "campaign_major.hpp"

namespace {

struct Arrays {
    explicit Arrays(const contender_models &models) : starts(models.campaigns + 1) {
        for (size_t campaign = 0; campaign < models.campaigns; campaign++) {
            for_each_label(models, campaign, [&](uint32_t label, Weighted each) {
                labels.push_back(label);
                weights.push_back(each);
            });
            starts[campaign + 1] = labels.size();
        }
        labels.shrink_to_fit();
        weights.shrink_to_fit();
    }
    // Every search starts at the middle of the array.
    void prefetch(uint32_t campaign, uint32_t) const {
        __builtin_prefetch(&labels[(starts[campaign] + starts[campaign + 1]) / 2]);
    }
    Weighted find(uint32_t campaign, uint32_t label) const {
        const uint32_t *first = labels.data() + starts[campaign];
        size_t count = starts[campaign + 1] - starts[campaign];
        if (count == 0) return {};
        while (count > 1) {
            const size_t half = count / 2;
            first += first[half] <= label ? half : 0;
            count -= half;
        }
        return *first == label ? weights[size_t(first - labels.data())] : Weighted{};
    }
    size_t bytes() const {
        return starts.size() * sizeof(size_t) + labels.size() * sizeof(uint32_t) + weights.size() * sizeof(Weighted);
    }

   private:
    std::vector<size_t> starts;
    std::vector<uint32_t> labels;
    std::vector<Weighted> weights;
};

}  // namespace

std::unique_ptr<contender> make_sorted_arrays(const contender_models &models) {
    return std::make_unique<CampaignMajor<Arrays>>(models);
}
