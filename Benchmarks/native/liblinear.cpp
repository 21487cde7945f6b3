// SPDX-License-Identifier: Apache-2.0
// `LIBLINEAR`: a model for each campaign and target, and predict_probability for each candidate.
#include <linear.h>

#include "contender.hpp"

namespace {

struct LIBLINEAR final : contender {
    explicit LIBLINEAR(const contender_models &models) : contender(models) {
        fill(clicks, models.click);
        fill(conversions, models.conversion);
    }

    // The nodes of the request's features; scoring appends the ad's own and the end.
    void prepare(const contender_requests &requests) override {
        lists.clear();
        for (size_t request = 0; request < requests.count; request++) {
            std::vector<feature_node> list{{int(models.labels) + 1, 1.0}};  // stands for the intercept
            for (size_t i = 0; i < requests.features; i++)
                list.push_back({requests.request_labels[request * requests.features + i] + 1, 1.0});
            list.resize(list.size() + requests.ad_features, {0, 1.0});
            list.push_back({-1, 0.0});
            lists.push_back(std::move(list));
        }
        out.resize(requests.candidates);
    }

    void score(size_t request) override {
        feature_node *list = lists[request].data(), *own = list + 1 + requests.features;
        const size_t first = request * requests.candidate_stride;
        for (size_t ad = 0; ad < requests.candidates; ad++) {
            const int32_t *labels = requests.ad_labels + (first + ad) * requests.ad_stride;
            for (size_t i = 0; i < requests.ad_features; i++) own[i].index = labels[i] + 1;
            const auto campaign = size_t(requests.candidate_campaigns[first + ad]);
            double click[2], conversion[2];
            predict_probability(&clicks.models[campaign], list, click);
            predict_probability(&conversions.models[campaign], list, conversion);
            out.pctr[ad] = float(click[0]);
            out.pcvr[ad] = float(conversion[0]);
            out.revenue[ad] = requests.bid * click[0] * conversion[0];
        }
    }
    void results(float *pctr, float *pcvr, double *revenue) const override {
        out.copy(requests.candidates, pctr, pcvr, revenue);
    }
    size_t bytes() const override {
        return (clicks.weights.size() + conversions.weights.size()) * sizeof(double) +
               (clicks.models.size() + conversions.models.size()) * sizeof(model);
    }

   private:
    struct Target {
        std::vector<double> weights;  // [campaigns][labels + 1], the last for the intercept
        std::vector<model> models;
    };
    Target clicks, conversions;
    std::vector<std::vector<feature_node>> lists;
    Results out;
    int classes[2] = {1, -1};

    void fill(Target &target, const contender_weights &from) {
        const size_t width = models.labels + 1;
        target.weights.resize(models.campaigns * width);
        target.models.resize(models.campaigns);
        for (size_t campaign = 0; campaign < models.campaigns; campaign++) {
            double *weights = target.weights.data() + campaign * width;
            for (auto i = from.indptr[campaign]; i < from.indptr[campaign + 1]; i++) weights[from.indices[i]] = from.values[i];
            weights[models.labels] = from.intercepts[campaign];
            model &made = target.models[campaign];
            made = {};
            made.param.solver_type = L1R_LR;
            made.nr_class = 2;
            made.nr_feature = int(models.labels);
            made.w = weights;
            made.label = classes;
            made.bias = 1;
        }
    }
};

}  // namespace

std::unique_ptr<contender> make_liblinear(const contender_models &models) {
    return std::make_unique<LIBLINEAR>(models);
}
