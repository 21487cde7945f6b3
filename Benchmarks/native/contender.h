// SPDX-License-Identifier: Apache-2.0
// What Benchmarks/native.py calls: one interface for all native contenders.
//
// A contender is made from models, then prepared for requests (of N candidates with A ad features), then scores them
// one by one. On failure, calls that return a pointer return NULL, and those that return an int return 0;
// contender_problem says why.
#ifndef CONTENDER_H
#define CONTENDER_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// The models of one target as compressed sparse rows, a row a campaign; see Weights in workload.py.
typedef struct contender_weights {
    const int64_t *indptr;
    const int32_t *indices;
    const double *values;
    const double *intercepts;
} contender_weights;

// All models. Borrowed until the contender is destroyed.
typedef struct contender_models {
    uint64_t campaigns;
    uint64_t labels;
    uint64_t fields;     // label r belongs to field r % fields, counting request and ad fields
    uint64_t ad_fields;  // the last so many of them are the ad's
    contender_weights click;
    contender_weights conversion;
    const uint64_t *label_keys;
    const uint64_t *campaign_keys;
    const char *folder;   // the same models as files
    const char *library;  // path of libvaluation.so
    const char *policy;   // path of a policy, or NULL; for `valuation` only
    uint64_t switches;    // of the engine's options; for `valuation` only
} contender_models;

// Requests that fit the models. Borrowed until the next contender_prepare.
typedef struct contender_requests {
    uint64_t count;
    uint64_t features;          // of a request
    uint64_t candidates;        // of a request, N
    uint64_t ad_features;       // of a candidate, A
    uint64_t candidate_stride;  // candidates in the arrays, of which the first N count
    uint64_t ad_stride;         // ad features in the arrays, of which the first A count
    double bid;
    const int32_t *request_labels;       // [count][features]
    const int32_t *candidate_campaigns;  // [count][candidate_stride]
    const int32_t *ad_labels;            // [count][candidate_stride][ad_stride]
    const char *const *texts;            // [count] JSON texts of the same requests; NULL if no JSON contender is asked for
    const uint64_t *text_lengths;        // [count]
} contender_requests;

typedef struct contender contender;

// Makes a contender by name; contender_names lists the names.
contender *contender_create(const char *name, const contender_models *models);

// All names, with a line break after each.
const char *contender_names(void);

// Converts requests into this contender's form; not timed.
int contender_prepare(contender *self, const contender_requests *requests);

// Scores one request and returns the contender's results, N of each.
int contender_score(contender *self, uint64_t request, float *pctr, float *pcvr, double *revenue);

// Scores `count` requests from `first` on, cyclically, and returns the nanoseconds of each. Before, it scores all of
// them up to three times, but no longer than 10 ms, so that the caches hold what they hold in steady operation.
int contender_run(contender *self, uint64_t first, uint64_t count, uint64_t *nanoseconds);

// Scores requests on several threads at once for about the given time; returns requests per second, all threads
// together. Only for contenders that can share their models between threads; 0 for others.
double contender_throughput(contender *self, uint64_t threads, double seconds);

// Bytes of the models in the contender's own form, without the requests.
uint64_t contender_bytes(const contender *self);

void contender_destroy(contender *self);

// Why the last call of this thread failed.
const char *contender_problem(void);

#ifdef __cplusplus
}
#endif

#endif
