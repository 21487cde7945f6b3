// SPDX-License-Identifier: Apache-2.0
// Times the library on a workload: measure MODELS REQUESTS.bin REQUESTS.jsonl ROUNDS
// Prints one JSON object. Every request is a sample; calls of the kinds take turns, so that noise meets all alike.
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <valuation.h>

enum { KINDS = 4 };
static const char *const names[KINDS] = {"score, CPC", "score, CPA", "rank 10, CPA", "score_json, CPA"};

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void *allocate(size_t count, size_t size) {
    void *memory = calloc(count, size);
    if (!memory) {
        fputs("out of memory\n", stderr);
        exit(1);
    }
    return memory;
}

static void check(valuation_status status, const valuation_error *error) {
    if (status == VALUATION_OK) return;
    fprintf(stderr, "%s: %s %s\n", valuation_status_name(status), error->file, error->message);
    exit(1);
}

static int ascending(const void *first, const void *second) {
    double difference = *(const double *)first - *(const double *)second;
    return (difference > 0) - (difference < 0);
}

static void report(const char *name, double *samples, size_t count, const char *end) {
    qsort(samples, count, sizeof(double), ascending);
    printf("\"%s\":{\"p50\":%.3f,\"p99\":%.3f,\"p999\":%.3f}%s", name, samples[count / 2] / 1e3,
           samples[count * 99 / 100] / 1e3, samples[count * 999 / 1000] / 1e3, end);
}

int main(int argc, char **argv) {
    if (argc != 5) {
        fprintf(stderr, "usage: %s MODELS REQUESTS.bin REQUESTS.jsonl ROUNDS\n", argv[0]);
        return 64;
    }
    size_t rounds = strtoull(argv[4], NULL, 10);
    valuation_error error = VALUATION_ERROR_INIT;
    valuation_engine *engine;
    valuation_scorer *scorer;
    check(valuation_engine_create(NULL, &engine, &error), &error);
    double start = now();
    check(valuation_engine_load(engine, argv[1], strlen(argv[1]), &error), &error);
    double load = now() - start;
    check(valuation_scorer_create(engine, &scorer, &error), &error);

    FILE *file = fopen(argv[2], "rb");
    uint64_t shape[3];
    if (!file || fread(shape, sizeof shape, 1, file) != 1) {
        fprintf(stderr, "%s cannot be read\n", argv[2]);
        return 1;
    }
    size_t requests = shape[0], fields = shape[1], candidates = shape[2];
    uint64_t *keys = allocate(requests * fields, sizeof *keys);
    uint64_t *campaigns = allocate(requests * candidates, sizeof *campaigns);
    if (fread(keys, sizeof *keys, requests * fields, file) != requests * fields ||
        fread(campaigns, sizeof *campaigns, requests * candidates, file) != requests * candidates) {
        fprintf(stderr, "%s is too short\n", argv[2]);
        return 1;
    }
    fclose(file);
    valuation_feature *features = allocate(requests * fields, sizeof *features);
    for (size_t i = 0; i < requests * fields; i++) features[i] = (valuation_feature){keys[i], 1.0};
    valuation_candidate *clicks = allocate(requests * candidates, sizeof *clicks);
    valuation_candidate *conversions = allocate(requests * candidates, sizeof *conversions);
    for (size_t i = 0; i < requests * candidates; i++) {
        clicks[i] = (valuation_candidate){campaigns[i], NULL, 0, VALUATION_PRICING_CPC, 0.5};
        conversions[i] = (valuation_candidate){campaigns[i], NULL, 0, VALUATION_PRICING_CPA, 20.0};
    }
    char **lines = allocate(requests, sizeof *lines);
    size_t *lengths = allocate(requests, sizeof *lengths);
    file = fopen(argv[3], "r");
    for (size_t i = 0; file && i < requests; i++) {
        size_t capacity = 0;
        ssize_t length = getline(&lines[i], &capacity, file);
        if (length < 0) return 1;
        lengths[i] = (size_t)length;
    }
    if (file) fclose(file);

    valuation_value *values = allocate(candidates, sizeof *values);
    valuation_value best[10];
    size_t indices[10], found;
    size_t samples = requests * rounds;
    double *times[KINDS];
    for (int kind = 0; kind < KINDS; kind++) times[kind] = allocate(samples, sizeof(double));
    double checksum = 0;
    uint64_t random_state = 20261121;
    for (size_t sample = 0; sample < samples; sample++) {
        size_t i = sample % requests;
        valuation_request request = VALUATION_REQUEST_INIT;
        request.features = features + i * fields;
        request.feature_count = (uint32_t)fields;
        // In an order drawn anew each time, so that no kind always finds the caches as the same other one left them.
        size_t order[KINDS] = {0, 1, 2, 3};
        for (size_t turn = 0; turn < KINDS; turn++) {
            random_state = random_state * 6364136223846793005u + 1442695040888963407u;
            size_t chosen = turn + (size_t)(random_state >> 33) % (KINDS - turn);
            size_t kind = order[chosen];
            order[chosen] = order[turn];
            const char *text = NULL;
            size_t length = 0;
            start = now();
            if (kind == 0)
                check(valuation_score(scorer, &request, clicks + i * candidates, candidates, values, &error), &error);
            else if (kind == 1)
                check(valuation_score(scorer, &request, conversions + i * candidates, candidates, values, &error), &error);
            else if (kind == 2)
                check(valuation_rank(scorer, &request, conversions + i * candidates, candidates, 10, indices, best, &found,
                                     &error),
                      &error);
            else
                check(valuation_score_json(scorer, lines[i], lengths[i], &text, &length, &error), &error);
            times[kind][sample] = now() - start;
            checksum += values[0].expected_revenue + (double)length;
        }
    }
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    const char *text;
    size_t length;
    check(valuation_describe_json(scorer, &text, &length, &error), &error);
    uint64_t index_bytes = 0, weights = 0;
    const char *member = strstr(text, "\"index_bytes\":");
    if (member) index_bytes = strtoull(member + strlen("\"index_bytes\":"), NULL, 10);
    member = strstr(text, "\"weights\":");
    if (member) weights = strtoull(member + strlen("\"weights\":"), NULL, 10);
    printf("{\"samples\":%zu,\"load_seconds\":%.3f,\"index_bytes\":%" PRIu64 ",\"weights\":%" PRIu64
           ",\"peak_resident_bytes\":%ld,\"checksum\":%.17g,\"microseconds\":{",
           samples, load / 1e9, index_bytes, weights, usage.ru_maxrss * 1024, checksum);
    for (int kind = 0; kind < KINDS; kind++) report(names[kind], times[kind], samples, kind + 1 < KINDS ? "," : "}}\n");
    valuation_scorer_destroy(scorer);
    valuation_engine_destroy(engine);
    return 0;
}
