/* SPDX-License-Identifier: Apache-2.0
 *
 * The calls that cannot fail: versions, names, keys; with every argument at its limits.
 */
#include "expect.h"

static void versions_are_those_of_the_header(void) {
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
                                  "VALUATION_ERROR_BUSY"};
    enum { COUNT = sizeof names / sizeof names[0] };
    for (int status = 0; status < COUNT; status++) EXPECT(strcmp(valuation_status_name(status), names[status]) == 0);
    static const valuation_status unknown[] = {COUNT, -1, 255, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        EXPECT(strcmp(valuation_status_name(unknown[i]), "VALUATION_ERROR_UNKNOWN") == 0);
    }
}

static void one_known_bit_has_a_name_and_nothing_else_has(void) {
    static const char *names[] = {"unknown_campaign",
                                  "default_click_model",
                                  "default_conversion_model",
                                  "no_click_model",
                                  "no_conversion_model",
                                  "unknown_feature",
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
        EXPECT(name != NULL && strcmp(name, names[bit]) == 0);
    }
    for (unsigned bit = COUNT; bit < 32; bit++) EXPECT(valuation_flag_name((valuation_flags)1 << bit) == NULL);
    EXPECT(valuation_flag_name(0) == NULL);
    EXPECT(valuation_flag_name(3) == NULL);
    EXPECT(valuation_flag_name(UINT32_MAX) == NULL);
}

/* Known answers: BigQuery's FARM_FINGERPRINT of the same texts, as unsigned numbers. */
static void keys_are_fingerprints_of_their_texts(void) {
    EXPECT(valuation_campaign_key("", 0) == 0x9ae16a3b2f90404fu);
    EXPECT(valuation_campaign_key(NULL, 0) == 0x9ae16a3b2f90404fu);
    EXPECT(valuation_number_key(NULL, 0) == 0x9ae16a3b2f90404fu);
    EXPECT(valuation_feature_key(NULL, 0, NULL, 0) == valuation_campaign_key("=", 1));
    EXPECT(valuation_feature_key("os", 2, NULL, 0) == valuation_campaign_key("os=", 3));
    EXPECT(valuation_feature_key("os", 2, "ios", 3) == valuation_campaign_key("os=ios", 6));
    EXPECT(valuation_number_key("os=ios", 6) == valuation_campaign_key("os=ios", 6));
    EXPECT(valuation_number_key("os=ios", 2) == valuation_campaign_key("os", 2));
    EXPECT(valuation_campaign_key("a\0b", 3) != valuation_campaign_key("a", 1));
}

/* The text may be in pieces, so each length of field and value is another way through the code. */
static void a_key_depends_on_the_joined_text_alone(void) {
    char text[301];
    for (size_t i = 0; i < sizeof text; i++) text[i] = (char)('a' + i * 7 % 26);
    for (size_t length = 1; length < sizeof text; length++) {
        for (size_t field = 0; field < length; field += 1 + length / 16) {
            char replaced = text[field];
            text[field] = '=';
            uint64_t whole = valuation_campaign_key(text, length);
            EXPECT(valuation_feature_key(text, field, text + field + 1, length - field - 1) == whole);
            text[field] = replaced;
        }
    }
}

static void a_cross_is_the_same_from_both_sides(void) {
    uint64_t slot = valuation_feature_key("slot", 4, "12", 2);
    uint64_t ios = valuation_feature_key("os", 2, "ios", 3);
    EXPECT(valuation_cross_key(slot, ios) == valuation_cross_key(ios, slot));
    uint64_t smaller = slot < ios ? slot : ios;
    uint64_t larger = slot < ios ? ios : slot;
    char bytes[16];
    for (int i = 0; i < 8; i++) {
        bytes[i] = (char)(smaller >> (8 * i));
        bytes[8 + i] = (char)(larger >> (8 * i));
    }
    EXPECT(valuation_cross_key(slot, ios) == valuation_campaign_key(bytes, 16));
    EXPECT(valuation_cross_key(slot, slot) != 0);
    EXPECT(valuation_cross_key(0, UINT64_MAX) == valuation_cross_key(UINT64_MAX, 0));
}

/* Known answers: FarmHash's Fingerprint64 of salt, ":" and unit, mod 10,000, as Python's pyfarmhash gives it. */
static void a_bucket_is_the_fingerprint_of_salt_and_unit_mod_10000(void) {
    static char unit[301];
    memset(unit, 'x', 300);
    EXPECT(valuation_bucket("bagging-1", 9, "u-77", 4) == 6961);
    EXPECT(valuation_bucket("a", 1, NULL, 0) == 1810);
    EXPECT(valuation_bucket("bagging-1", 9, unit, 300) == 6217);
    /* Fingerprints beyond 2^63, which BigQuery gives as negative numbers. */
    EXPECT(valuation_bucket("s", 1, "u", 1) == 2477);
    EXPECT(valuation_bucket(NULL, 0, NULL, 0) == 3015);
    EXPECT(valuation_bucket(NULL, 5, NULL, 5) == 3015);
    EXPECT(valuation_bucket("a", SIZE_MAX, "u", SIZE_MAX) == 3015);
    EXPECT(valuation_bucket("a:b", 3, "c", 1) == valuation_bucket("a", 1, "b:c", 3));
    for (size_t length = 0; length <= 300; length++) EXPECT(valuation_bucket(unit, length, unit, 300 - length) < 10000);
}

int main(void) {
    versions_are_those_of_the_header();
    every_status_has_its_name();
    one_known_bit_has_a_name_and_nothing_else_has();
    keys_are_fingerprints_of_their_texts();
    a_key_depends_on_the_joined_text_alone();
    a_cross_is_the_same_from_both_sides();
    a_bucket_is_the_fingerprint_of_salt_and_unit_mod_10000();
    FINISH();
}
