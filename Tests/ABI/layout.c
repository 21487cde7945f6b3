/* SPDX-License-Identifier: Apache-2.0
 *
 * The binary interface, fixed for ever: each struct's size and alignment, each member's offset and size, each number.
 * Compiling this file is the test. New functions come with new lines; no line ever changes within an ABI version.
 */
#include "valuation.h"

#define STRUCT(type, size, alignment) _Static_assert(sizeof(type) == (size) && _Alignof(type) == (alignment), #type)
#define MEMBER(type, name, offset, size) \
    _Static_assert(offsetof(type, name) == (offset) && sizeof(((type *)0)->name) == (size), #type "." #name)
#define NUMBER(name, value) _Static_assert((name) == (value), #name)

STRUCT(valuation_error, 1808, 4);
MEMBER(valuation_error, struct_size, 0, 4);
MEMBER(valuation_error, status, 4, 4);
MEMBER(valuation_error, line, 8, 4);
MEMBER(valuation_error, column, 12, 4);
MEMBER(valuation_error, file, 16, 512);
MEMBER(valuation_error, json_path, 528, 256);
MEMBER(valuation_error, message, 784, 1024);

STRUCT(valuation_options, 16, 8);
MEMBER(valuation_options, struct_size, 0, 4);
MEMBER(valuation_options, switches, 4, 4);
MEMBER(valuation_options, maximum_input_bytes, 8, 8);

STRUCT(valuation_feature, 16, 8);
MEMBER(valuation_feature, key, 0, 8);
MEMBER(valuation_feature, number, 8, 8);

STRUCT(valuation_unit, 32, 8);
MEMBER(valuation_unit, field, 0, 8);
MEMBER(valuation_unit, field_length, 8, 8);
MEMBER(valuation_unit, text, 16, 8);
MEMBER(valuation_unit, text_length, 24, 8);

STRUCT(valuation_request, 64, 8);
MEMBER(valuation_request, struct_size, 0, 4);
MEMBER(valuation_request, candidate_size, 4, 4);
MEMBER(valuation_request, value_size, 8, 4);
MEMBER(valuation_request, feature_count, 12, 4);
MEMBER(valuation_request, features, 16, 8);
MEMBER(valuation_request, time_budget_ns, 24, 8);
MEMBER(valuation_request, units, 32, 8);
MEMBER(valuation_request, unit_count, 40, 8);
MEMBER(valuation_request, seed, 48, 8);
MEMBER(valuation_request, time, 56, 8);

STRUCT(valuation_candidate, 32, 8);
MEMBER(valuation_candidate, campaign, 0, 8);
MEMBER(valuation_candidate, features, 8, 8);
MEMBER(valuation_candidate, feature_count, 16, 4);
MEMBER(valuation_candidate, pricing, 20, 4);
MEMBER(valuation_candidate, bid, 24, 8);

STRUCT(valuation_value, 24, 8);
MEMBER(valuation_value, expected_revenue, 0, 8);
MEMBER(valuation_value, pctr, 8, 4);
MEMBER(valuation_value, pcvr, 12, 4);
MEMBER(valuation_value, flags, 16, 4);
MEMBER(valuation_value, source, 20, 4);

STRUCT(valuation_outcome, 56, 8);
MEMBER(valuation_outcome, struct_size, 0, 4);
MEMBER(valuation_outcome, budget_exceeded, 4, 4);
MEMBER(valuation_outcome, generation, 8, 8);
MEMBER(valuation_outcome, nanoseconds, 16, 8);
MEMBER(valuation_outcome, request_features, 24, 8);
MEMBER(valuation_outcome, request_features_known, 32, 8);
MEMBER(valuation_outcome, candidate_features, 40, 8);
MEMBER(valuation_outcome, candidate_features_known, 48, 8);

STRUCT(valuation_source, 1816, 4);
MEMBER(valuation_source, struct_size, 0, 4);
MEMBER(valuation_source, kind, 4, 4);
MEMBER(valuation_source, predictor, 8, 256);
MEMBER(valuation_source, experiment, 264, 256);
MEMBER(valuation_source, variant, 520, 256);
MEMBER(valuation_source, releases, 776, 1040);

STRUCT(valuation_engine_state, 784, 8);
MEMBER(valuation_engine_state, struct_size, 0, 4);
MEMBER(valuation_engine_state, is_mapped, 4, 1);
MEMBER(valuation_engine_state, is_prepared, 5, 1);
MEMBER(valuation_engine_state, generation, 8, 8);
MEMBER(valuation_engine_state, loaded_at_ms, 16, 8);
MEMBER(valuation_engine_state, latest_replaced_ms, 24, 8);
MEMBER(valuation_engine_state, models, 32, 8);
MEMBER(valuation_engine_state, index_bytes, 40, 8);
MEMBER(valuation_engine_state, refreshed_at_ms, 48, 8);
MEMBER(valuation_engine_state, refresh_failures, 56, 8);
MEMBER(valuation_engine_state, refresh_status, 64, 4);
MEMBER(valuation_engine_state, refresh_message, 68, 256);
MEMBER(valuation_engine_state, release, 324, 68);
MEMBER(valuation_engine_state, previous, 392, 68);
MEMBER(valuation_engine_state, held_back, 460, 68);
MEMBER(valuation_engine_state, policy_version, 528, 256);

STRUCT(valuation_generation, 936, 8);
MEMBER(valuation_generation, struct_size, 0, 4);
MEMBER(valuation_generation, generation, 8, 8);
MEMBER(valuation_generation, time_ms, 16, 8);
MEMBER(valuation_generation, release, 24, 68);
MEMBER(valuation_generation, models_digest, 92, 36);
MEMBER(valuation_generation, policy_version, 128, 256);
MEMBER(valuation_generation, policy_digest, 384, 36);
MEMBER(valuation_generation, path, 420, 512);

STRUCT(valuation_publishing, 40, 8);
MEMBER(valuation_publishing, struct_size, 0, 4);
MEMBER(valuation_publishing, switches, 4, 4);
MEMBER(valuation_publishing, id, 8, 8);
MEMBER(valuation_publishing, id_length, 16, 8);
MEMBER(valuation_publishing, click_prior, 24, 8);
MEMBER(valuation_publishing, conversion_prior, 32, 8);

STRUCT(valuation_status, 4, 4);
STRUCT(valuation_pricing, 4, 4);
STRUCT(valuation_flags, 4, 4);
STRUCT(valuation_predictor_kind, 4, 4);

NUMBER(VALUATION_ABI_VERSION, 1);
NUMBER(VALUATION_MODEL_FORMAT_VERSION, 1);
NUMBER(VALUATION_COMPILED_FORMAT_VERSION, 4);
NUMBER(VALUATION_POLICY_FORMAT_VERSION, 1);

NUMBER(VALUATION_OK, 0);
NUMBER(VALUATION_ERROR_INVALID_ARGUMENT, 1);
NUMBER(VALUATION_ERROR_STRUCT_SIZE, 2);
NUMBER(VALUATION_ERROR_OUT_OF_MEMORY, 3);
NUMBER(VALUATION_ERROR_FILE_NOT_FOUND, 4);
NUMBER(VALUATION_ERROR_READ_FAILED, 5);
NUMBER(VALUATION_ERROR_GZIP, 6);
NUMBER(VALUATION_ERROR_JSON_SYNTAX, 7);
NUMBER(VALUATION_ERROR_DUPLICATE_KEY, 8);
NUMBER(VALUATION_ERROR_FORMAT, 9);
NUMBER(VALUATION_ERROR_INVALID_VALUE, 10);
NUMBER(VALUATION_ERROR_NON_FINITE, 11);
NUMBER(VALUATION_ERROR_DUPLICATE_MODEL, 12);
NUMBER(VALUATION_ERROR_UNKNOWN_MODEL, 13);
NUMBER(VALUATION_ERROR_KEY_COLLISION, 14);
NUMBER(VALUATION_ERROR_SELF_TEST, 15);
NUMBER(VALUATION_ERROR_LIMIT_EXCEEDED, 16);
NUMBER(VALUATION_ERROR_NOTHING_LOADED, 17);
NUMBER(VALUATION_ERROR_CHECKSUM, 18);
NUMBER(VALUATION_ERROR_WRITE_FAILED, 19);
NUMBER(VALUATION_ERROR_UNKNOWN_RELEASE, 20);
NUMBER(VALUATION_ERROR_RELEASE_EXISTS, 21);
NUMBER(VALUATION_ERROR_BUSY, 22);
NUMBER(VALUATION_ERROR_SECRET, 23);
NUMBER(VALUATION_ERROR_NO_PREVIOUS, 24);
NUMBER(VALUATION_ERROR_NOTHING_FOLLOWED, 25);
NUMBER(VALUATION_ERROR_NOTHING_PREPARED, 26);
NUMBER(VALUATION_ERROR_STALE, 27);
NUMBER(VALUATION_ERROR_NOT_COMPILED, 28);
NUMBER(VALUATION_ERROR_UNKNOWN_GENERATION, 29);
NUMBER(VALUATION_ERROR_UNKNOWN_SOURCE, 30);
NUMBER(VALUATION_ERROR_NO_POLICY, 31);

NUMBER(VALUATION_SWITCH_TRUST_COMPILED, 1);
NUMBER(VALUATION_SWITCH_FORGET_PREVIOUS, 2);
NUMBER(VALUATION_SWITCH_COPY_COMPILED, 4);
NUMBER(VALUATION_SWITCH_USE_BASELINE, 8);
NUMBER(VALUATION_SWITCH_USE_AVX2, 16);
NUMBER(VALUATION_SWITCH_USE_AVX512, 32);
NUMBER(VALUATION_SWITCH_COMPILED_ONLY, 64);

NUMBER(VALUATION_PREDICTOR_RELEASE, 1);
NUMBER(VALUATION_PREDICTOR_ENSEMBLE, 2);
NUMBER(VALUATION_PREDICTOR_NAIVE, 3);
NUMBER(VALUATION_PREDICTOR_CONSTANT, 4);

NUMBER(VALUATION_PUBLISH_NO_COMPILED, 1);
NUMBER(VALUATION_PUBLISH_KEEP_LATEST, 2);

NUMBER(VALUATION_PRICING_CPM, 1);
NUMBER(VALUATION_PRICING_CPC, 2);
NUMBER(VALUATION_PRICING_CPA, 3);

NUMBER(VALUATION_FLAG_UNKNOWN_CAMPAIGN, 1);
NUMBER(VALUATION_FLAG_DEFAULT_CLICK_MODEL, 2);
NUMBER(VALUATION_FLAG_DEFAULT_CONVERSION_MODEL, 4);
NUMBER(VALUATION_FLAG_NO_CLICK_MODEL, 8);
NUMBER(VALUATION_FLAG_NO_CONVERSION_MODEL, 16);
NUMBER(VALUATION_FLAG_UNKNOWN_FIELD, 64);
NUMBER(VALUATION_FLAG_WRONG_TYPE, 128);
NUMBER(VALUATION_FLAG_INVALID_NUMBER, 256);
NUMBER(VALUATION_FLAG_INVALID_BID, 512);
NUMBER(VALUATION_FLAG_INVALID_CANDIDATE, 1024);
NUMBER(VALUATION_FLAG_CLAMPED, 2048);
NUMBER(VALUATION_FLAG_BUDGET_EXCEEDED, 4096);
NUMBER(VALUATION_FLAG_CLICK_PRIOR, 8192);
NUMBER(VALUATION_FLAG_CONVERSION_PRIOR, 16384);
NUMBER(VALUATION_FLAG_BASE_CLICK_MODEL, 32768);
NUMBER(VALUATION_FLAG_BASE_CONVERSION_MODEL, 65536);
NUMBER(VALUATION_FLAG_NO_UNIT, 131072);
NUMBER(VALUATION_FLAG_OVERRIDDEN, 262144);
NUMBER(VALUATION_FLAG_ADJUSTED, 524288);
NUMBER(VALUATION_FLAG_EXPLORED, 1048576);

int main(void) {
    return 0;
}
