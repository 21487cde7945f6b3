// SPDX-License-Identifier: Apache-2.0
// `jansson`: reads a request's text into jansson's tree and frees it, nothing else; a yardstick for reading.
#include <jansson.h>

#include "contender.hpp"

namespace {

struct Jansson final : contender {
    using contender::contender;

    void prepare(const contender_requests &requests) override {
        if (!requests.texts) throw std::invalid_argument("this contender needs the requests as texts");
    }
    void score(size_t request) override {
        json_error_t error;
        json_t *document = json_loadb(requests.texts[request], requests.text_lengths[request], 0, &error);
        if (!document) throw std::runtime_error(error.text);
        json_decref(document);
    }
    void results(float *, float *, double *) const override {
        throw std::logic_error("jansson only reads; it has no results");
    }
    size_t bytes() const override {
        return 0;
    }
};

}  // namespace

std::unique_ptr<contender> make_jansson(const contender_models &models) {
    return std::make_unique<Jansson>(models);
}
