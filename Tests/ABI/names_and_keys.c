/* SPDX-License-Identifier: Apache-2.0
 *
 * The calls that cannot fail (versions, names, keys), with every argument at its limits.
 */
#include "expect.h"

static void versions_agree_with_the_header(void) {
    EXPECT(strcmp(valuation_version(), VALUATION_VERSION) == 0);
    EXPECT(valuation_abi_version() == VALUATION_ABI_VERSION);
    char expected[64];
    snprintf(expected, sizeof expected, "valuation %d.%d.%d, ABI %d, model format %d", VALUATION_VERSION_MAJOR,
             VALUATION_VERSION_MINOR, VALUATION_VERSION_PATCH, VALUATION_ABI_VERSION, VALUATION_MODEL_FORMAT_VERSION);
    EXPECT(strncmp(valuation_build_info(), expected, strlen(expected)) == 0);
    EXPECT(strstr(valuation_build_info(), "embedded") != NULL);
    EXPECT(strchr(valuation_build_info(), '\n') == NULL);
}

static void every_status_has_its_name(void) {
    static const char *names[] = {"VALUATION_OK",
                                  "VALUATION_ERROR_INVALID_ARGUMENT",
                                  "VALUATION_ERROR_STRUCT_SIZE",
                                  "VALUATION_ERROR_OUT_OF_MEMORY",
                                  "VALUATION_ERROR_FILE_NOT_FOUND",
                                  "VALUATION_ERROR_READ_FAILED",
                                  "VALUATION_ERROR_GZIP",
                                  "VALUATION_ERROR_JSON_SYNTAX",
                                  "VALUATION_ERROR_DUPLICATE_KEY",
                                  "VALUATION_ERROR_FORMAT",
                                  "VALUATION_ERROR_INVALID_VALUE",
                                  "VALUATION_ERROR_NON_FINITE",
                                  "VALUATION_ERROR_DUPLICATE_MODEL",
                                  "VALUATION_ERROR_UNKNOWN_MODEL",
                                  "VALUATION_ERROR_KEY_COLLISION",
                                  "VALUATION_ERROR_SELF_TEST",
                                  "VALUATION_ERROR_LIMIT_EXCEEDED",
                                  "VALUATION_ERROR_NOTHING_LOADED",
                                  "VALUATION_ERROR_CHECKSUM",
                                  "VALUATION_ERROR_WRITE_FAILED",
                                  "VALUATION_ERROR_UNKNOWN_RELEASE",
                                  "VALUATION_ERROR_RELEASE_EXISTS",
                                  "VALUATION_ERROR_BUSY",
                                  "VALUATION_ERROR_SECRET",
                                  "VALUATION_ERROR_NO_PREVIOUS",
                                  "VALUATION_ERROR_NOTHING_FOLLOWED",
                                  "VALUATION_ERROR_NOTHING_PREPARED",
                                  "VALUATION_ERROR_STALE",
                                  "VALUATION_ERROR_NOT_COMPILED",
                                  "VALUATION_ERROR_UNKNOWN_GENERATION",
                                  "VALUATION_ERROR_UNKNOWN_SOURCE",
                                  "VALUATION_ERROR_NO_POLICY"};
    enum { COUNT = sizeof names / sizeof names[0] };
    for (int status = 0; status < COUNT; status++) EXPECT(strcmp(valuation_status_name(status), names[status]) == 0);
    static const valuation_status unknown[] = {COUNT, -1, 255, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        EXPECT(strcmp(valuation_status_name(unknown[i]), "VALUATION_ERROR_UNKNOWN") == 0);
    }
}

static void only_one_known_bit_has_a_name(void) {
    static const char *names[] = {"unknown_campaign",
                                  "default_click_model",
                                  "default_conversion_model",
                                  "no_click_model",
                                  "no_conversion_model",
                                  NULL, /* no flag */
                                  "unknown_field",
                                  "wrong_type",
                                  "invalid_number",
                                  "invalid_bid",
                                  "invalid_candidate",
                                  "clamped",
                                  "budget_exceeded",
                                  "click_prior",
                                  "conversion_prior",
                                  "base_click_model",
                                  "base_conversion_model",
                                  "no_unit",
                                  "overridden",
                                  "adjusted",
                                  "explored"};
    enum { COUNT = sizeof names / sizeof names[0] };
    for (unsigned bit = 0; bit < COUNT; bit++) {
        const char *name = valuation_flag_name((valuation_flags)1 << bit);
        EXPECT(names[bit] ? name != NULL && strcmp(name, names[bit]) == 0 : name == NULL);
    }
    for (unsigned bit = COUNT; bit < 32; bit++) EXPECT(valuation_flag_name((valuation_flags)1 << bit) == NULL);
    EXPECT(valuation_flag_name(0) == NULL);
    EXPECT(valuation_flag_name(3) == NULL);
    EXPECT(valuation_flag_name(UINT32_MAX) == NULL);
}

/* Known answers: BigQuery's FARM_FINGERPRINT of the same texts, as unsigned numbers. */
static void fingerprints_are_those_of_bigquery(void) {
    EXPECT(valuation_fingerprint("", 0) == 0x9ae16a3b2f90404fu);
    EXPECT(valuation_fingerprint(NULL, 0) == 0x9ae16a3b2f90404fu);
    EXPECT(valuation_fingerprint("a\0b", 3) != valuation_fingerprint("a", 1));
}

/* Known answers: Documentation/keys.md, computed in Python. */
static void keys_under_the_standard_secret_are_known(void) {
    EXPECT(valuation_feature_key(NULL, "slot", 4, "12", 2) == 2063259912518984945u);
    EXPECT(valuation_campaign_key(NULL, "1042", 4) == 564562097699256392u);
    EXPECT(valuation_number_key(NULL, NULL, 0) == valuation_number_key(NULL, "", 0));
    EXPECT(valuation_feature_key(NULL, "os", 2, NULL, 0) == valuation_feature_key(NULL, "os", 2, "", 0));
}

/* No part of a label can pass for another: neither its kind, nor the end of its field, nor zero bytes. */
static void different_names_have_different_keys(void) {
    const uint64_t keys[] = {
        valuation_campaign_key(NULL, "os", 2),
        valuation_number_key(NULL, "os", 2),
        valuation_feature_key(NULL, "os", 2, "", 0),
        valuation_feature_key(NULL, "o", 1, "s", 1),
        valuation_feature_key(NULL, "o", 1, "s\0", 2),
        valuation_feature_key(NULL, "o", 1, "s\1", 2),
        valuation_feature_key(NULL, "os", 2, "\0\0\0\0\0\0\0", 7),
        valuation_feature_key(NULL, "os", 2, "\1\0\0\0\0\0\0", 7),
        valuation_feature_key(NULL, "os\1\0\0\0\0", 7, "", 0),
        valuation_feature_key(NULL, "os\0\0\0\0\0", 7, "", 0),
        valuation_campaign_key(NULL, "os\0", 3),
        valuation_campaign_key(NULL, "", 0),
    };
    enum { COUNT = sizeof keys / sizeof *keys };
    for (int i = 0; i < COUNT; i++) {
        EXPECT(keys[i] < (uint64_t)1 << 61);
        for (int j = 0; j < i; j++) EXPECT(keys[i] != keys[j]);
    }
}

/* Neither the address of a text nor the bytes behind it change its key. */
static void a_key_depends_only_on_the_text(void) {
    char text[128], copy[128];
    for (size_t i = 0; i < sizeof text; i++) text[i] = (char)('a' + i * 7 % 26);
    for (size_t length = 0; length <= 40; length++) {
        uint64_t campaign = valuation_campaign_key(NULL, text, length);
        uint64_t feature = valuation_feature_key(NULL, text, length / 2, text + length / 2, length - length / 2);
        for (size_t offset = 0; offset < 9; offset++) {
            memset(copy, (int)offset, sizeof copy);
            memcpy(copy + offset, text, length);
            EXPECT(valuation_campaign_key(NULL, copy + offset, length) == campaign);
            EXPECT(valuation_feature_key(NULL, copy + offset, length / 2, copy + offset + length / 2, length - length / 2) ==
                   feature);
        }
    }
}

static void a_cross_is_the_same_from_both_sides(void) {
    uint64_t slot = valuation_feature_key(NULL, "slot", 4, "12", 2);
    uint64_t ios = valuation_feature_key(NULL, "os", 2, "ios", 3);
    EXPECT(valuation_cross_key(NULL, slot, ios) == valuation_cross_key(NULL, ios, slot));
    EXPECT(valuation_cross_key(NULL, slot, slot) != 0);
    EXPECT(valuation_cross_key(NULL, 0, UINT64_MAX) == valuation_cross_key(NULL, UINT64_MAX, 0));
}

/* Numbers that are not keys. */
static void a_cross_is_of_the_lowest_61_bits(void) {
    uint64_t beyond = UINT64_C(1) << 61;
    EXPECT(valuation_cross_key(NULL, beyond | 5, 7) == valuation_cross_key(NULL, 5, 7));
    EXPECT(valuation_cross_key(NULL, 7, beyond | 5) == valuation_cross_key(NULL, 5, 7));
    EXPECT(valuation_cross_key(NULL, beyond | 7, 4 * beyond | 5) == valuation_cross_key(NULL, 5, 7));
}

/* A key asked for before a load either stays valid, or the call fails. No caller ever gets a key that fits no model. */
static void an_engine_asked_too_early_keeps_the_standard_secret(void) {
    valuation_engine *engine;
    REQUIRE_OK(valuation_engine_create(NULL, &engine, NULL));
    EXPECT(valuation_campaign_key(engine, "1042", 4) == valuation_campaign_key(NULL, "1042", 4));
    valuation_engine_destroy(engine);
}

/* Known answers: FarmHash's Fingerprint64 of salt, ":" and unit, mod 10,000, as Python's pyfarmhash computes it. */
static void a_bucket_is_the_fingerprint_of_salt_and_unit_mod_10000(void) {
    static char unit[301];
    memset(unit, 'x', 300);
    EXPECT(valuation_bucket("bagging-1", 9, "u-77", 4) == 6961);
    EXPECT(valuation_bucket("a", 1, NULL, 0) == 1810);
    EXPECT(valuation_bucket("bagging-1", 9, unit, 300) == 6217);
    /* Fingerprints beyond 2^63, which BigQuery shows as negative numbers. */
    EXPECT(valuation_bucket("s", 1, "u", 1) == 2477);
    EXPECT(valuation_bucket(NULL, 0, NULL, 0) == 3015);
    EXPECT(valuation_bucket(NULL, 5, NULL, 5) == 3015);
    EXPECT(valuation_bucket("a", SIZE_MAX, "u", SIZE_MAX) == 3015);
    EXPECT(valuation_bucket("a:b", 3, "c", 1) == valuation_bucket("a", 1, "b:c", 3));
    for (size_t length = 0; length <= 300; length++) EXPECT(valuation_bucket(unit, length, unit, 300 - length) < 10000);
}

int main(void) {
    versions_agree_with_the_header();
    every_status_has_its_name();
    only_one_known_bit_has_a_name();
    fingerprints_are_those_of_bigquery();
    keys_under_the_standard_secret_are_known();
    different_names_have_different_keys();
    a_key_depends_only_on_the_text();
    an_engine_asked_too_early_keeps_the_standard_secret();
    a_cross_is_the_same_from_both_sides();
    a_cross_is_of_the_lowest_61_bits();
    a_bucket_is_the_fingerprint_of_salt_and_unit_mod_10000();
    FINISH();
}
