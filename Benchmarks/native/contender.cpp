// SPDX-License-Identifier: Apache-2.0
// The C interface over the contenders: names, timing, threads, errors.
#include "contender.hpp"

#include <time.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <thread>

namespace {

struct Entry {
    const char *name;
    std::unique_ptr<contender> (*make)(const contender_models &);
};

const Entry entries[] = {
    {"valuation", make_valuation},
    {"valuation json", make_valuation_json},
    {"jansson", make_jansson},
    {"open addressing", make_open_addressing},
    {"sorted arrays", make_sorted_arrays},
    {"LIBLINEAR", make_liblinear},
    {"limit (ids)", make_limit_ids},
    {"limit (keys)", make_limit_keys},
};

thread_local std::string problem;

uint64_t now() {
    timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return uint64_t(time.tv_sec) * 1'000'000'000u + uint64_t(time.tv_nsec);
}

// Runs what may throw; returns whether it succeeded.
template <typename Body>
bool attempt(Body body) {
    try {
        body();
        return true;
    } catch (const std::exception &failure) {
        problem = failure.what();
        return false;
    }
}

}  // namespace

void Results::copy(size_t count, float *pctr_out, float *pcvr_out, double *revenue_out) const {
    std::copy_n(pctr.begin(), count, pctr_out);
    std::copy_n(pcvr.begin(), count, pcvr_out);
    std::copy_n(revenue.begin(), count, revenue_out);
}

contender *contender_create(const char *name, const contender_models *models) {
    contender *made = nullptr;
    attempt([&] {
        for (const Entry &entry : entries)
            if (!strcmp(entry.name, name)) made = entry.make(*models).release();
        if (!made) throw std::invalid_argument(std::string("there is no contender called ") + name);
    });
    return made;
}

const char *contender_names(void) {
    static const std::string names = [] {
        std::string text;
        for (const Entry &entry : entries) (text += entry.name) += '\n';
        return text;
    }();
    return names.c_str();
}

int contender_prepare(contender *self, const contender_requests *requests) {
    return attempt([&] {
        self->requests = *requests;
        self->prepare(*requests);
    });
}

int contender_score(contender *self, uint64_t request, float *pctr, float *pcvr, double *revenue) {
    return attempt([&] {
        self->score(request);
        self->results(pctr, pcvr, revenue);
    });
}

int contender_run(contender *self, uint64_t first, uint64_t count, uint64_t *nanoseconds) {
    return attempt([&] {
        const uint64_t begin = now();
        for (uint64_t i = 0; i < 3 * self->requests.count && now() - begin < 10'000'000; i++)
            self->score((first + i) % self->requests.count);
        for (uint64_t sample = 0; sample < count; sample++) {
            const size_t request = (first + sample) % self->requests.count;
            const uint64_t start = now();
            self->score(request);
            nanoseconds[sample] = now() - start;
        }
    });
}

double contender_throughput(contender *self, uint64_t threads, double seconds) {
    double rate = 0;
    attempt([&] {
        std::vector<std::unique_ptr<contender>> workers;
        for (uint64_t i = 0; i < threads; i++) {
            workers.push_back(self->sibling());
            if (!workers.back()) throw std::invalid_argument("this contender does not share its models");
        }
        std::atomic<uint64_t> ready{0};
        std::vector<double> rates(threads);
        std::vector<std::thread> running;
        for (uint64_t i = 0; i < threads; i++)
            running.emplace_back([&, i] {
                contender &worker = *workers[i];
                for (size_t request = 0; request < self->requests.count; request++) worker.score(request);
                ready++;
                while (ready < threads) std::this_thread::yield();
                const uint64_t start = now();
                uint64_t count = 0, elapsed = 0;
                // Each thread starts at another request, as a server's threads do.
                for (; double(elapsed) < seconds * 1e9; elapsed = now() - start, count++)
                    worker.score((count + i * self->requests.count / threads) % self->requests.count);
                rates[i] = double(count) * 1e9 / double(elapsed);
            });
        for (std::thread &thread : running) thread.join();
        for (double each : rates) rate += each;
    });
    return rate;
}

uint64_t contender_bytes(const contender *self) {
    return self->bytes();
}

void contender_destroy(contender *self) {
    delete self;
}

const char *contender_problem(void) {
    return problem.c_str();
}
