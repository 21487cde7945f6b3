// SPDX-License-Identifier: Apache-2.0
// The base of every native contender.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "contender.h"

// One way to score requests. Failures are thrown as std::exception.
struct contender {
    explicit contender(const contender_models &models) : models(models) {
    }
    virtual ~contender() = default;

    // Converts requests into this contender's form; not timed.
    virtual void prepare(const contender_requests &requests) = 0;
    // Scores one request; what contender_run times.
    virtual void score(size_t request) = 0;
    // Returns the results of the last score.
    virtual void results(float *pctr, float *pcvr, double *revenue) const = 0;
    // Bytes of the models in this contender's form.
    virtual size_t bytes() const = 0;
    // Another instance for another thread that shares this one's models and preparation; null if that is impossible.
    virtual std::unique_ptr<contender> sibling() const {
        return nullptr;
    }

    const contender_models models;
    contender_requests requests{};
};

// Results in the form that most contenders use.
struct Results {
    std::vector<float> pctr, pcvr;
    std::vector<double> revenue;

    // Room for `count` candidates plus a vector's width that kernels may overwrite.
    void resize(size_t count) {
        pctr.resize(count + 64);
        pcvr.resize(count + 64);
        revenue.resize(count + 64);
    }
    void copy(size_t count, float *pctr_out, float *pcvr_out, double *revenue_out) const;
};

// The contenders, each in a file of its own.
std::unique_ptr<contender> make_valuation(const contender_models &models);
std::unique_ptr<contender> make_valuation_json(const contender_models &models);
std::unique_ptr<contender> make_jansson(const contender_models &models);
std::unique_ptr<contender> make_open_addressing(const contender_models &models);
std::unique_ptr<contender> make_sorted_arrays(const contender_models &models);
std::unique_ptr<contender> make_liblinear(const contender_models &models);
std::unique_ptr<contender> make_limit_ids(const contender_models &models);
std::unique_ptr<contender> make_limit_keys(const contender_models &models);
