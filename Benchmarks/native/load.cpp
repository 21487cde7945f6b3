// SPDX-License-Identifier: Apache-2.0
// Loads models in a process of its own, so that its peak of resident memory is the load's: load LIBVALUATION.so MODELS
// Prints one JSON object; Benchmarks/native.py documents its members.
#include <jansson.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iostream>

#include "library.hpp"

// A line of /proc/self/status, in bytes.
static size_t status_bytes(const std::string &name) {
    std::ifstream file("/proc/self/status");
    for (std::string line; std::getline(file, line);)
        if (line.compare(0, name.size() + 1, name + ":") == 0)
            return strtoull(line.c_str() + name.size() + 1, nullptr, 10) * 1024;
    throw std::runtime_error("/proc/self/status has no " + name);
}

int main(int argc, char **argv) try {
    if (argc != 3) {
        fprintf(stderr, "usage: %s LIBVALUATION.so MODELS\n", argv[0]);
        return 64;
    }
    const size_t start_bytes = status_bytes("VmRSS");
    const auto start = std::chrono::steady_clock::now();
    const clock_t start_clock = clock();
    const Engine engine(argv[1], argv[2]);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    const double cpu_seconds = double(clock() - start_clock) / CLOCKS_PER_SEC;
    const size_t peak_bytes = status_bytes("VmHWM");
    valuation_report *report;
    if (engine.library.engine_describe(engine.handle, &report, nullptr) != VALUATION_OK)
        throw std::runtime_error("the library does not describe what it has loaded");
    json_t *description = json_loads(engine.library.report_text(report, nullptr), 0, nullptr);
    engine.library.report_destroy(report);
    json_t *result = json_pack("{s:f,s:f,s:I,s:I}", "seconds", seconds.count(), "cpu_seconds", cpu_seconds, "start_bytes",
                               json_int_t(start_bytes), "peak_bytes", json_int_t(peak_bytes));
    for (const char *name : {"index_bytes", "weights", "labels"}) {
        json_t *number = json_object_get(description, name);
        if (!json_is_integer(number)) throw std::runtime_error(std::string("the description has no ") + name);
        json_object_set(result, name, number);
    }
    json_dumpf(result, stdout, 0);
    json_decref(result);
    json_decref(description);
    return 0;
} catch (const std::exception &failure) {
    fprintf(stderr, "%s\n", failure.what());
    return 1;
}
