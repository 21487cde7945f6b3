// SPDX-License-Identifier: Apache-2.0
// The contents of an index besides the tables of kernels.h, and the head of a compiled file. A compiled file has the
// in-memory form of an index, so a change of these structs, of those in kernels.h or of the order in Index.swift needs
// a new VALUATION_COMPILED_FORMAT_VERSION.
#ifndef VALUATION_STORED_H
#define VALUATION_STORED_H

#include <stdint.h>

#include "kernels.h"

// What the scorer must know of a model besides its scale: the number in its target of the model that it extends, or
// UINT32_MAX; and the probability if there is no time to compute it.
typedef struct {
    uint32_t base;
    float prior;
} valuation_parameters;

// Replaces the standard deviation of an intercept that is an observed rate, whose uncertainty follows from the counts.
#define VALUATION_DEVIATION_OF_RATE (-1.0f)

// A field, for reading JSON requests, which have names of fields. kinds: 1 if it is a category, 2 a number, 3 both.
typedef struct {
    uint64_t key;
    uint64_t kinds;
} valuation_field;

// A number adds slope * (number - mean) to the logit.
typedef struct {
    double mean, slope;
} valuation_number;

// The observed counts of a campaign: impressions, clicks, and conversions of these clicks (NaN if not counted); the
// sums over all campaigns of its advertiser, including this one; and the key of the advertiser's name, 0 if unknown.
typedef struct {
    uint64_t advertiser;
    float impressions, clicks, conversions;
    float advertiser_impressions, advertiser_clicks, advertiser_conversions;
} valuation_observed;

// Bytes of the names.
typedef struct {
    uint32_t start, end;
} valuation_name;

// Descriptions of a model for people; not read while scoring. Numbers of its training are NaN or -1 if they were not
// given.
typedef struct {
    valuation_name campaign, version, trainer;
    uint32_t base;  // number of the base model, or UINT32_MAX
    uint8_t is_conversion, has_training, is_prior, reserved;
    uint32_t categorical_weights, numeric_weights, cross_weights, self_tests, variances, unused;
    double intercept, negative_sampling_rate;
    double rows, positives, base_rate, auc, log_loss;
} valuation_description;

enum {
    // The index begins at this byte of a compiled file, on a page of its own.
    VALUATION_COMPILED_INDEX = 4096,
    VALUATION_COMPILED_COUNTS = 12,
};

#define VALUATION_COMPILED_BYTE_ORDER 0x01020304u

// The first bytes of a compiled file; zeros follow up to the index.
typedef struct {
    char magic[8];        // "VALUATE\n": a copy in text mode changes it
    uint32_t byte_order;  // reads as VALUATION_COMPILED_BYTE_ORDER on a machine of the writer's kind
    uint32_t format;
    uint64_t file_bytes;
    uint64_t index_checksum[2];  // XXH3, 128 bits, high and low, of the index
    uint64_t counts[VALUATION_COMPILED_COUNTS];
    valuation_hash labels, campaigns, fields;
    uint64_t levels, has_crosses;
    uint64_t secret_digest[2];    // of the secret that the keys were formed under, high and low
    uint64_t header_checksum[2];  // of the bytes before this member
} valuation_compiled_header;

_Static_assert(sizeof(valuation_parameters) == 8 && sizeof(valuation_field) == 16 && sizeof(valuation_number) == 16, "layout");
_Static_assert(sizeof(valuation_observed) == 32 && sizeof(valuation_description) == 112, "layout");
_Static_assert(sizeof(valuation_label) == 32, "layout");
_Static_assert(sizeof(valuation_campaign) == 24 && sizeof(valuation_scale) == 16, "layout");
_Static_assert(sizeof(valuation_compiled_header) == 8 + 8 + 8 + 16 + 8 * VALUATION_COMPILED_COUNTS + 72 + 16 + 16 + 16,
               "layout");

#endif
