// SPDX-License-Identifier: Apache-2.0
// `valuation` and `valuation json`: the library under test, through its public C API.
#include <jansson.h>

#include <cstdlib>

#include "contender.hpp"
#include "library.hpp"
#include "structs.hpp"

namespace {

// What the struct call and the JSON call share: an engine, which siblings share too, and a scorer.
struct Valuation : contender {
    Valuation(const contender_models &models, std::shared_ptr<const Engine> engine)
        : contender(models), engine(std::move(engine)) {
        check(library().scorer_create(this->engine->handle, &scorer, &error));
    }
    ~Valuation() override {
        library().scorer_destroy(scorer);
    }
    // The index's size by the library's own account.
    size_t bytes() const override {
        valuation_engine_state state = VALUATION_ENGINE_STATE_INIT;
        check(library().read_state(engine->handle, &state, &error));
        return state.index_bytes;
    }

   protected:
    const std::shared_ptr<const Engine> engine;
    valuation_scorer *scorer = nullptr;
    mutable valuation_error error = VALUATION_ERROR_INIT;

    const Library &library() const {
        return engine->library;
    }
    void check(valuation_status status) const {
        if (status != VALUATION_OK) throw std::runtime_error(error.message);
    }
};

// valuation_score, with keys and structs made in advance.
struct StructCall final : Valuation {
    using Valuation::Valuation;

    void prepare(const contender_requests &requests) override {
        structs.prepare(models, requests);
    }
    void score(size_t number) override {
        const valuation_request request = structs.request(number);
        check(library().score(scorer, &request, structs.candidates_of(number), structs.candidate_count, structs.values.data(),
                              nullptr, &error));
    }
    void results(float *pctr, float *pcvr, double *revenue) const override {
        structs.results(pctr, pcvr, revenue);
    }
    std::unique_ptr<contender> sibling() const override {
        auto other = std::make_unique<StructCall>(models, engine);
        other->requests = requests;
        other->prepare(requests);
        return other;
    }

   private:
    Structs structs;
};

// valuation_score_json on the same requests as texts.
struct JSONCall final : Valuation {
    using Valuation::Valuation;

    void prepare(const contender_requests &requests) override {
        if (!requests.texts) throw std::invalid_argument("this contender needs the requests as texts");
    }
    void score(size_t request) override {
        check(library().score_json(scorer, requests.texts[request], requests.text_lengths[request], &answer, &length, &error));
    }
    void results(float *pctr, float *pcvr, double *revenue) const override {
        json_t *document = json_loadb(answer, length, 0, nullptr);
        const json_t *values = json_object_get(document, "values");
        for (size_t ad = 0; ad < requests.candidates; ad++) {
            const json_t *value = json_array_get(values, ad);
            pctr[ad] = float(json_number_value(json_object_get(value, "pctr")));
            pcvr[ad] = float(json_number_value(json_object_get(value, "pcvr")));
            revenue[ad] = json_number_value(json_object_get(value, "expected_revenue"));
        }
        json_decref(document);
    }

   private:
    const char *answer = nullptr;
    size_t length = 0;
};

}  // namespace

std::unique_ptr<contender> make_valuation(const contender_models &models) {
    auto engine = std::make_shared<const Engine>(models.library, models.folder, models.policy, uint32_t(models.switches));
    return std::make_unique<StructCall>(models, std::move(engine));
}

std::unique_ptr<contender> make_valuation_json(const contender_models &models) {
    return std::make_unique<JSONCall>(models, std::make_shared<const Engine>(models.library, models.folder));
}
