/* SPDX-License-Identifier: Apache-2.0
 *
 * Every value can be traced to the release and the policy that it is from, whatever serves by then.
 *
 *     generations MODELS BETTER ROOT POLICY OTHER_POLICY
 *
 * POLICY has the predictors "production" (LATEST, the default), "both" (an ensemble of release "first" and LATEST),
 * "observed" (naive) and "house" (a constant); its version is "one". OTHER_POLICY has other names.
 */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "impression.h"

#define TEXT(text) (text), strlen(text)

enum { KNOWN = 64 };

static const char *root, *policy, *other_policy;
static valuation_engine *engine;
static valuation_scorer *scorer;
static impression scored;
static valuation_error error = VALUATION_ERROR_INIT;

static uint64_t now(void) {
    valuation_engine_state state = VALUATION_ENGINE_STATE_INIT;
    REQUIRE_OK(valuation_engine_read_state(engine, &state, &error));
    return state.generation;
}

static valuation_generation known(uint64_t number) {
    valuation_generation generation = VALUATION_GENERATION_INIT;
    REQUIRE_OK(valuation_engine_find_generation(engine, number, &generation, &error));
    EXPECT(generation.generation == number);
    return generation;
}

static uint32_t number_of(const char *predictor) {
    char joined[64];
    int length = snprintf(joined, sizeof joined, "%s\n\n", predictor);
    return (uint32_t)valuation_fingerprint(joined, (size_t)length);
}

static void expect_source(uint64_t generation, const char *predictor, valuation_predictor_kind kind, const char *releases) {
    valuation_source source = VALUATION_SOURCE_INIT;
    REQUIRE_OK(valuation_engine_find_source(engine, generation, number_of(predictor), &source, &error));
    EXPECT(strcmp(source.predictor, predictor) == 0 && source.kind == kind && strcmp(source.releases, releases) == 0);
}

static void publish(const char *models, const char *id) {
    valuation_publishing publishing = VALUATION_PUBLISHING_INIT;
    publishing.id = id;
    publishing.id_length = strlen(id);
    REQUIRE_OK(valuation_publish(TEXT(models), TEXT(root), &publishing, NULL, &error));
}

/* The checksum that xxh128sum prints. */
static void expect_digest_of_policy(const char *digest) {
    static char text[65536];
    char expected[64];
    FILE *file = fopen(policy, "rb");
    if (file == NULL) exit(2);
    XXH128_hash_t sum = XXH3_128bits(text, fread(text, 1, sizeof text, file));
    fclose(file);
    snprintf(expected, sizeof expected, "%016llx%016llx", (unsigned long long)sum.high64, (unsigned long long)sum.low64);
    EXPECT(strcmp(digest, expected) == 0);
}

/* Two releases give values with one source, and differ by their generations. */
static void one_source_stands_for_each_generations_release(const char *better) {
    static valuation_value values[CANDIDATE_COUNT], later[CANDIDATE_COUNT];
    REQUIRE_OK(valuation_engine_load_policy(engine, TEXT(policy), &error));
    uint64_t first = now();
    score(scorer, &scored, values);
    publish(better, "second");
    REQUIRE_OK(valuation_engine_refresh(engine, NULL, &error));
    uint64_t second = now();
    score(scorer, &scored, later);
    EXPECT(second == first + 1 && values[0].source == later[0].source && values[0].source == number_of("production"));
    expect_source(first, "production", VALUATION_PREDICTOR_RELEASE, "first");
    expect_source(second, "production", VALUATION_PREDICTOR_RELEASE, "second");
    expect_source(first, "both", VALUATION_PREDICTOR_ENSEMBLE, "first,first");
    expect_source(second, "both", VALUATION_PREDICTOR_ENSEMBLE, "first,second");
    expect_source(second, "observed", VALUATION_PREDICTOR_NAIVE, "second");
    expect_source(second, "house", VALUATION_PREDICTOR_CONSTANT, "");
    valuation_generation before = known(first), after = known(second);
    EXPECT(strcmp(before.release, "first") == 0 && strcmp(after.release, "second") == 0);
    EXPECT(strcmp(before.policy_version, "one") == 0 && strcmp(after.policy_version, "one") == 0);
    EXPECT(strlen(before.policy_digest) == 32 && strcmp(before.policy_digest, after.policy_digest) == 0);
    EXPECT(strlen(before.models_digest) == 32 && strcmp(before.models_digest, after.models_digest) != 0);
    EXPECT(before.time_ms > 1500000000000 && after.time_ms >= before.time_ms);
    EXPECT(strncmp(after.path, root, strlen(root)) == 0 && strstr(after.path, "releases/second") != NULL);
    expect_digest_of_policy(after.policy_digest);
    printf("%s\n", after.models_digest);
    /* Another policy, and none: the old names are still known. */
    REQUIRE_OK(valuation_engine_load_policy(engine, TEXT(other_policy), &error));
    EXPECT(now() == second + 1 && strcmp(known(second + 1).policy_version, "") == 0);
    REQUIRE_OK(valuation_engine_load_policy(engine, NULL, 0, &error));
    EXPECT(now() == second + 2 && strcmp(known(second + 2).policy_digest, "") == 0);
    expect_source(first, "production", VALUATION_PREDICTOR_RELEASE, "first");
    expect_source(0, "both", VALUATION_PREDICTOR_ENSEMBLE, "first,second");
    expect_source(0, "otherwise", VALUATION_PREDICTOR_RELEASE, "second");
}

/* What changes nothing begins no generation; what fails neither. */
static void only_changes_begin_a_generation(void) {
    uint64_t before = now();
    bool changed = true;
    REQUIRE_OK(valuation_engine_refresh(engine, &changed, &error));
    REQUIRE_OK(valuation_engine_load(engine, TEXT(root), &error));
    EXPECT(!changed && valuation_engine_load(engine, TEXT("absent"), &error) == VALUATION_ERROR_FILE_NOT_FOUND);
    EXPECT(valuation_engine_load_policy(engine, TEXT("absent"), &error) == VALUATION_ERROR_FILE_NOT_FOUND);
    EXPECT(now() == before);
    valuation_engine_state state = VALUATION_ENGINE_STATE_INIT;
    REQUIRE_OK(valuation_engine_read_state(engine, &state, &error));
    EXPECT(state.refresh_status == VALUATION_ERROR_FILE_NOT_FOUND && state.refresh_failures == 1);
    EXPECT(strstr(state.refresh_message, "No such file") != NULL && state.refreshed_at_ms >= state.loaded_at_ms);
    EXPECT(valuation_engine_load(engine, TEXT("absent"), &error) == VALUATION_ERROR_FILE_NOT_FOUND);
    REQUIRE_OK(valuation_engine_read_state(engine, &state, &error));
    EXPECT(state.refresh_failures == 2);
    REQUIRE_OK(valuation_engine_refresh(engine, NULL, &error));
    REQUIRE_OK(valuation_engine_read_state(engine, &state, &error));
    EXPECT(state.refresh_failures == 0 && state.refresh_status == VALUATION_OK && state.refresh_message[0] == '\0');
    EXPECT(strcmp(state.release, "second") == 0 && strcmp(state.previous, "first") == 0 && state.held_back[0] == '\0');
    EXPECT(state.is_mapped && !state.is_prepared && state.models > 0 && state.index_bytes > 0);
    EXPECT(state.latest_replaced_ms > 1500000000000 && state.latest_replaced_ms <= state.refreshed_at_ms);
}

/* The last 64 are known, and those whose models are in memory. */
static void old_generations_are_forgotten(void) {
    valuation_generation generation = VALUATION_GENERATION_INIT;
    uint64_t first = now();
    const char *policies[2] = {policy, other_policy};
    for (int i = 0; i < 2 * KNOWN; i++) {
        REQUIRE_OK(valuation_engine_load_policy(engine, TEXT(policies[i % 2]), &error));
        EXPECT(now() == first + 1 + (uint64_t)i);
    }
    for (uint64_t number = now(); number > now() - KNOWN; number--) known(number);
    EXPECT_REFUSED(valuation_engine_find_generation(engine, now() - KNOWN, &generation, &error),
                   VALUATION_ERROR_UNKNOWN_GENERATION);
    EXPECT_REFUSED(valuation_engine_find_generation(engine, now() + 1, &generation, &error),
                   VALUATION_ERROR_UNKNOWN_GENERATION);
    /* The second generation's models, of release "first", are the previous ones all the while. */
    EXPECT(strcmp(known(2).release, "first") == 0);
    expect_source(2, "production", VALUATION_PREDICTOR_RELEASE, "first");
    EXPECT_REFUSED(valuation_engine_find_generation(engine, 1, &generation, &error), VALUATION_ERROR_UNKNOWN_GENERATION);
}

static void impossible_arguments_are_refused(void) {
    const valuation_status refused = VALUATION_ERROR_INVALID_ARGUMENT;
    valuation_generation generation = VALUATION_GENERATION_INIT;
    valuation_engine_state state = VALUATION_ENGINE_STATE_INIT;
    valuation_source source = VALUATION_SOURCE_INIT;
    valuation_report *report = (valuation_report *)&error;
    EXPECT_REFUSED(valuation_engine_find_generation(NULL, 1, &generation, &error), refused);
    EXPECT_REFUSED(valuation_engine_find_generation(engine, 1, NULL, &error), refused);
    EXPECT_REFUSED(valuation_engine_read_state(NULL, &state, &error), refused);
    EXPECT_REFUSED(valuation_engine_read_state(engine, NULL, &error), refused);
    EXPECT_REFUSED(valuation_engine_describe(NULL, &report, &error), refused);
    EXPECT_REFUSED(valuation_engine_describe(engine, NULL, &error), refused);
    EXPECT(report == NULL);
    EXPECT_REFUSED(valuation_engine_prepare(NULL, NULL, &error), refused);
    EXPECT_REFUSED(valuation_engine_commit(NULL, &error), refused);
    generation.struct_size--, state.struct_size--, source.struct_size--;
    EXPECT_REFUSED(valuation_engine_find_generation(engine, now(), &generation, &error), VALUATION_ERROR_STRUCT_SIZE);
    EXPECT_REFUSED(valuation_engine_read_state(engine, &state, &error), VALUATION_ERROR_STRUCT_SIZE);
    EXPECT_REFUSED(valuation_engine_find_source(engine, now(), 1, &source, &error), VALUATION_ERROR_STRUCT_SIZE);
    struct {
        valuation_engine_state known;
        unsigned char added[8];
    } newer = {VALUATION_ENGINE_STATE_INIT, {0}};
    newer.known.struct_size = sizeof newer;
    REQUIRE_OK(valuation_engine_read_state(engine, &newer.known, &error));
    EXPECT(newer.known.generation == now() && newer.known.struct_size == sizeof newer);
    newer.added[7] = 1;
    EXPECT_REFUSED(valuation_engine_read_state(engine, &newer.known, &error), VALUATION_ERROR_STRUCT_SIZE);
}

int main(int argument_count, char **arguments) {
    if (argument_count != 6) return 2;
    root = arguments[3], policy = arguments[4], other_policy = arguments[5];
    publish(arguments[1], "first");
    engine = serving(root);
    EXPECT(now() == 1 && known(1).policy_digest[0] == '\0');
    make_impression(&scored, engine);
    scorer = scorer_of(engine);
    one_source_stands_for_each_generations_release(arguments[2]);
    only_changes_begin_a_generation();
    old_generations_are_forgotten();
    impossible_arguments_are_refused();
    valuation_scorer_destroy(scorer);
    valuation_engine_destroy(engine);
    FINISH();
}
