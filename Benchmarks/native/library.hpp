// SPDX-License-Identifier: Apache-2.0
// libvaluation.so, opened by its path, so that no other copy in the process is measured by mistake.
#pragma once

#include <dlfcn.h>

#include <cstring>
#include <stdexcept>
#include <string>

#include "valuation.h"

// The library's functions that the benchmark calls; never unloaded.
struct Library {
    decltype(&valuation_abi_version) abi_version;
    decltype(&valuation_engine_create) engine_create;
    decltype(&valuation_engine_load) engine_load;
    decltype(&valuation_engine_load_policy) engine_load_policy;
    decltype(&valuation_engine_destroy) engine_destroy;
    decltype(&valuation_scorer_create) scorer_create;
    decltype(&valuation_scorer_destroy) scorer_destroy;
    decltype(&valuation_score) score;
    decltype(&valuation_score_json) score_json;
    decltype(&valuation_engine_prepare) engine_prepare;
    decltype(&valuation_engine_commit) engine_commit;
    decltype(&valuation_engine_read_state) read_state;
    decltype(&valuation_engine_describe) engine_describe;
    decltype(&valuation_report_text) report_text;
    decltype(&valuation_report_destroy) report_destroy;

    explicit Library(const char *path) {
        void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
        if (!handle) throw std::runtime_error(dlerror());
        bind(handle, "valuation_abi_version", abi_version);
        bind(handle, "valuation_engine_create", engine_create);
        bind(handle, "valuation_engine_load", engine_load);
        bind(handle, "valuation_engine_load_policy", engine_load_policy);
        bind(handle, "valuation_engine_destroy", engine_destroy);
        bind(handle, "valuation_scorer_create", scorer_create);
        bind(handle, "valuation_scorer_destroy", scorer_destroy);
        bind(handle, "valuation_score", score);
        bind(handle, "valuation_score_json", score_json);
        bind(handle, "valuation_engine_prepare", engine_prepare);
        bind(handle, "valuation_engine_commit", engine_commit);
        bind(handle, "valuation_engine_read_state", read_state);
        bind(handle, "valuation_engine_describe", engine_describe);
        bind(handle, "valuation_report_text", report_text);
        bind(handle, "valuation_report_destroy", report_destroy);
        if (abi_version() != VALUATION_ABI_VERSION) throw std::runtime_error(std::string(path) + " has another ABI version");
    }

   private:
    template <typename Function>
    static void bind(void *handle, const char *name, Function &function) {
        void *symbol = dlsym(handle, name);
        if (!symbol) throw std::runtime_error(dlerror());
        memcpy(&function, &symbol, sizeof function);
    }
};

// An engine with models loaded, and a policy if there is one.
struct Engine {
    const Library library;
    valuation_engine *handle = nullptr;

    Engine(const char *path, const char *models, const char *policy = nullptr, uint32_t switches = 0) : library(path) {
        valuation_options options = VALUATION_OPTIONS_INIT;
        options.switches = switches;
        check(library.engine_create(&options, &handle, &error));
        try {
            check(library.engine_load(handle, models, strlen(models), &error));
            if (policy) check(library.engine_load_policy(handle, policy, strlen(policy), &error));
        } catch (...) {
            library.engine_destroy(handle);
            throw;
        }
    }
    Engine(const Engine &) = delete;
    ~Engine() {
        library.engine_destroy(handle);
    }

   private:
    valuation_error error = VALUATION_ERROR_INIT;

    void check(valuation_status status) const {
        if (status != VALUATION_OK) throw std::runtime_error(std::string(error.file) + ": " + error.message);
    }
};
