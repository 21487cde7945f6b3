// SPDX-License-Identifier: Apache-2.0
// How long an event loop is held up by new models: commits LIBVALUATION.so ROOT COUNT
//
// One thread prepares whatever is new in the directory of releases ROOT, again and again. The event loop scores an empty
// request, and commits when the other thread says that something is ready, until it has done so COUNT times. Prints a
// JSON object: for each commit and for each turn of the loop that follows one, nanoseconds of wall time.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <thread>
#include <vector>

#include "library.hpp"

namespace {

using Clock = std::chrono::steady_clock;

long long nanoseconds_since(Clock::time_point start) {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start).count();
}

void print(const char *name, std::vector<long long> times) {
    std::sort(times.begin(), times.end());
    const auto at = [&](double share) { return times[std::min(times.size() - 1, size_t(share * double(times.size())))]; };
    printf("\"%s\": {\"p50\": %lld, \"p99\": %lld, \"p99.9\": %lld, \"max\": %lld}", name, at(0.5), at(0.99), at(0.999),
           times.back());
}

}  // namespace

int main(int argc, char **argv) try {
    if (argc != 4) {
        fprintf(stderr, "usage: %s LIBVALUATION.so ROOT COUNT\n", argv[0]);
        return 64;
    }
    const Engine engine(argv[1], argv[2]);
    const Library &library = engine.library;
    const size_t count = strtoull(argv[3], nullptr, 10);
    std::atomic<bool> is_ready{false}, has_ended{false};
    std::atomic<size_t> failures{0}, prepared{0};
    std::thread preparer([&] {
        while (!has_ended) {
            bool ready = false;
            if (library.engine_prepare(engine.handle, &ready, nullptr) != VALUATION_OK) failures++;
            if (ready && !is_ready) prepared++;
            is_ready = ready;
            std::this_thread::sleep_for(std::chrono::microseconds(500));
        }
    });
    valuation_scorer *scorer;
    if (library.scorer_create(engine.handle, &scorer, nullptr) != VALUATION_OK) throw std::runtime_error("no scorer");
    valuation_request request = VALUATION_REQUEST_INIT;
    std::vector<long long> commits, turns;
    size_t late = 0;
    while (commits.size() < count) {
        if (!is_ready.exchange(false)) {
            library.score(scorer, &request, nullptr, 0, nullptr, nullptr);
            std::this_thread::sleep_for(std::chrono::microseconds(100));
            continue;
        }
        const auto start = Clock::now();
        const valuation_status status = library.engine_commit(engine.handle, nullptr);
        const long long taken = nanoseconds_since(start);
        library.score(scorer, &request, nullptr, 0, nullptr, nullptr);
        if (status == VALUATION_OK) {
            commits.push_back(taken);
            turns.push_back(nanoseconds_since(start));
        } else {
            late++;  // the other thread had looked just before the last commit
        }
    }
    has_ended = true;
    preparer.join();
    library.scorer_destroy(scorer);
    printf("{\"commits\": %zu, \"nothing_prepared\": %zu, \"failures\": %zu, ", commits.size(), late, failures.load());
    print("commit_ns", commits);
    printf(", ");
    print("turn_ns", turns);
    printf("}\n");
    return 0;
} catch (const std::exception &failure) {
    fprintf(stderr, "%s\n", failure.what());
    return 1;
}
