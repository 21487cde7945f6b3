/* SPDX-License-Identifier: Apache-2.0
 *
 * The calls for policies, and a request's members for them, accept what the header says they accept, and refuse
 * everything else with a reason.
 *
 *     policy_arguments MODELS POLICY
 *
 * POLICY has an experiment by "user" with a treatment of 10,000 buckets, so nothing but a unit changes values.
 */
#include "impression.h"

#define TEXT(text) (text), strlen(text)

enum { MANY_UNITS = 17 };

static const char *models, *policy;
static valuation_error error = VALUATION_ERROR_INIT;
static impression scored;
static valuation_engine *engine;
static valuation_scorer *scorer;
static valuation_value values[CANDIDATE_COUNT], of_control[CANDIDATE_COUNT], of_treatment[CANDIDATE_COUNT];
static double propensities[CANDIDATE_COUNT];
static const valuation_status refused = VALUATION_ERROR_INVALID_ARGUMENT;
static const valuation_unit user = {"user", 4, "u-77", 4};

static void nothing_is_decided_before_a_load(void) {
    const valuation_status nothing = VALUATION_ERROR_NOTHING_LOADED;
    valuation_source source = VALUATION_SOURCE_INIT;
    valuation_generation generation = VALUATION_GENERATION_INIT;
    const char *text;
    size_t length;
    valuation_engine *empty;
    REQUIRE_OK(valuation_engine_create(NULL, &empty, NULL));
    valuation_scorer *idle = scorer_of(empty);
    EXPECT_REFUSED(valuation_engine_load_policy(empty, TEXT(policy), &error), nothing);
    EXPECT_REFUSED(valuation_engine_load_policy(empty, NULL, 0, &error), nothing);
    EXPECT_REFUSED(valuation_engine_find_source(empty, 0, 1, &source, &error), VALUATION_ERROR_UNKNOWN_SOURCE);
    EXPECT_REFUSED(valuation_engine_find_source(empty, 1, 1, &source, &error), VALUATION_ERROR_UNKNOWN_GENERATION);
    EXPECT_REFUSED(valuation_engine_find_generation(empty, 1, &generation, &error), VALUATION_ERROR_UNKNOWN_GENERATION);
    EXPECT_REFUSED(valuation_engine_find_generation(empty, 0, &generation, &error), nothing);
    EXPECT_REFUSED(valuation_assign_json(idle, "{}", 2, &text, &length, &error), nothing);
    EXPECT_REFUSED(valuation_explore(idle, &scored.request, scored.candidates, 1, values, propensities, NULL, NULL, &error),
                   nothing);
    valuation_scorer_destroy(idle);
    valuation_engine_destroy(empty);
}

static void without_a_policy_there_are_no_sources(void) {
    valuation_source source = VALUATION_SOURCE_INIT;
    const char *text;
    size_t length;
    score(scorer, &scored, values);
    for (int i = 0; i < CANDIDATE_COUNT; i++) EXPECT(values[i].source == 0);
    REQUIRE_OK(valuation_engine_find_source(engine, 0, 0, &source, &error));
    EXPECT(source.kind == VALUATION_PREDICTOR_RELEASE && source.predictor[0] == '\0' && source.releases[0] == '\0');
    EXPECT_REFUSED(valuation_engine_find_source(engine, 0, 1, &source, &error), VALUATION_ERROR_UNKNOWN_SOURCE);
    EXPECT_REFUSED(valuation_assign_json(scorer, "{}", 2, &text, &length, &error), VALUATION_ERROR_NO_POLICY);
}

static void without_exploration_the_best_is_certain(void) {
    valuation_value found[CANDIDATE_COUNT];
    double sum = 0;
    size_t best = 0, chosen = 7;
    score(scorer, &scored, values);
    memset(propensities, 0xff, sizeof propensities);
    REQUIRE_OK(valuation_explore(scorer, &scored.request, scored.candidates, CANDIDATE_COUNT, found, propensities, &chosen,
                                 NULL, &error));
    EXPECT(same_values(values, found, CANDIDATE_COUNT));
    for (size_t i = 0; i < CANDIDATE_COUNT; i++) {
        sum += propensities[i];
        if (values[i].expected_revenue > values[best].expected_revenue) best = i;
    }
    EXPECT(sum == 1 && propensities[best] == 1 && chosen == best);
    valuation_candidate worthless[3] = {scored.candidates[0], scored.candidates[1], scored.candidates[2]};
    for (int i = 0; i < 3; i++) worthless[i].bid = 0;
    REQUIRE_OK(valuation_explore(scorer, &scored.request, worthless, 3, found, propensities, &chosen, NULL, &error));
    EXPECT(propensities[0] == 0 && propensities[1] == 0 && propensities[2] == 0 && chosen == VALUATION_NONE_CHOSEN);
}

static void invalid_paths_are_refused(void) {
    EXPECT_REFUSED(valuation_engine_load_policy(NULL, TEXT(policy), &error), refused);
    EXPECT_REFUSED(valuation_engine_load_policy(engine, NULL, 3, &error), refused);
    EXPECT_REFUSED(valuation_engine_load_policy(engine, policy, SIZE_MAX, &error), refused);
    EXPECT_REFUSED(valuation_engine_load_policy(engine, "a\0b", 3, &error), refused);
    EXPECT_REFUSED(valuation_engine_load_policy(engine, "absent.json", 11, &error), VALUATION_ERROR_FILE_NOT_FOUND);
    EXPECT(strcmp(error.file, "absent.json") == 0);
    EXPECT_REFUSED(valuation_engine_load_policy(engine, ".", 1, &error), VALUATION_ERROR_READ_FAILED);
    EXPECT(valuation_engine_load_policy(engine, NULL, 3, NULL) == refused);
    EXPECT(valuation_engine_load_policy(engine, NULL, 0, &error) == VALUATION_OK);
}

static void score_with(const valuation_unit *units, uint64_t count) {
    scored.request.units = units;
    scored.request.unit_count = count;
    score(scorer, &scored, values);
}

static void a_unit_is_a_field_and_a_text(void) {
    score_with(NULL, 0);
    memcpy(of_control, values, sizeof values);
    EXPECT((values[0].flags & VALUATION_FLAG_NO_UNIT) != 0);
    score_with(&user, 1);
    memcpy(of_treatment, values, sizeof values);
    EXPECT((values[0].flags & VALUATION_FLAG_NO_UNIT) == 0 && values[0].source != of_control[0].source);
    const valuation_unit absent[] = {{"user", 4, "", 0},         {"user", 4, NULL, 0},          {"user", 4, NULL, 4},
                                     {NULL, 0, "u-77", 4},       {NULL, 4, "u-77", 4},          {"User", 4, "u-77", 4},
                                     {"user", 4, "u", SIZE_MAX}, {"user", SIZE_MAX, "u-77", 4}, {"use", 3, "u-77", 4}};
    const uint64_t count = sizeof absent / sizeof *absent;
    for (uint64_t i = 0; i < count; i++) {
        score_with(&absent[i], 1);
        EXPECT(same_values(values, of_control, CANDIDATE_COUNT));
    }
    valuation_unit many[MANY_UNITS];
    memcpy(many, absent, sizeof absent);
    for (uint64_t i = count; i < MANY_UNITS; i++) many[i] = user;
    score_with(many, MANY_UNITS - 1);
    EXPECT(same_values(values, of_treatment, CANDIDATE_COUNT));
}

static void too_many_units_are_refused(void) {
    static valuation_unit many[MANY_UNITS];
    static const uint64_t counts[] = {MANY_UNITS, UINT32_MAX, (uint64_t)1 << 32, INT64_MAX, (uint64_t)1 << 63, UINT64_MAX};
    valuation_request request = scored.request;
    request.units = many;
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        request.unit_count = counts[i];
        EXPECT_REFUSED(valuation_score(scorer, &request, scored.candidates, 1, values, NULL, &error),
                       VALUATION_ERROR_LIMIT_EXCEEDED);
    }
    request.units = NULL;
    request.unit_count = 1;
    EXPECT_REFUSED(valuation_score(scorer, &request, scored.candidates, 1, values, NULL, &error), refused);
}

static void every_time_and_seed_is_accepted(void) {
    static const int64_t times[] = {0, 1, -1, INT64_MIN, INT64_MAX};
    scored.request.seed = UINT64_MAX;
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        scored.request.time = times[i];
        score_with(&user, 1);
        EXPECT(same_values(values, of_treatment, CANDIDATE_COUNT));
    }
    scored.request.time = 0;
    scored.request.seed = 0;
}

static void requests_of_a_newer_header_are_accepted_if_their_new_members_are_zero(void) {
    struct {
        valuation_request known;
        unsigned char added[8];
    } newer = {scored.request, {0}};
    newer.known.struct_size = sizeof newer;
    newer.known.units = &user;
    newer.known.unit_count = 1;
    EXPECT(valuation_score(scorer, &newer.known, scored.candidates, CANDIDATE_COUNT, values, NULL, &error) == VALUATION_OK);
    EXPECT(same_values(values, of_treatment, CANDIDATE_COUNT));
    newer.added[7] = 1;
    EXPECT_REFUSED(valuation_score(scorer, &newer.known, scored.candidates, 1, values, NULL, &error),
                   VALUATION_ERROR_STRUCT_SIZE);
    EXPECT_REFUSED(valuation_explore(scorer, &newer.known, scored.candidates, 1, values, propensities, NULL, NULL, &error),
                   VALUATION_ERROR_STRUCT_SIZE);
}

static void a_batch_has_the_units_of_each_request(void) {
    valuation_request requests[2] = {scored.request, scored.request};
    static const size_t offsets[3] = {0, 150, CANDIDATE_COUNT};
    requests[0].unit_count = 0;
    requests[1].units = &user;
    requests[1].unit_count = 1;
    REQUIRE_OK(valuation_score_batch(scorer, NULL, 0, requests, 2, scored.candidates, offsets, values, NULL, &error));
    EXPECT(same_values(values, of_control, 150) && same_values(values + 150, of_treatment + 150, 150));
}

/* The generation that serves. */
static uint64_t generation_now(void) {
    valuation_engine_state state = VALUATION_ENGINE_STATE_INIT;
    REQUIRE_OK(valuation_engine_read_state(engine, &state, &error));
    return state.generation;
}

static void names_are_found_by_number_and_generation_and_kept(void) {
    valuation_source source = VALUATION_SOURCE_INIT;
    const uint32_t known = of_treatment[0].source;
    const uint64_t now = generation_now();
    EXPECT_REFUSED(valuation_engine_find_source(NULL, now, known, &source, &error), refused);
    EXPECT_REFUSED(valuation_engine_find_source(engine, now, known, NULL, &error), refused);
    EXPECT_REFUSED(valuation_engine_find_source(engine, now, 0, &source, &error), VALUATION_ERROR_UNKNOWN_SOURCE);
    EXPECT_REFUSED(valuation_engine_find_source(engine, now, known + 1, &source, &error), VALUATION_ERROR_UNKNOWN_SOURCE);
    EXPECT_REFUSED(valuation_engine_find_source(engine, 0, UINT32_MAX, &source, &error), VALUATION_ERROR_UNKNOWN_SOURCE);
    EXPECT_REFUSED(valuation_engine_find_source(engine, now + 1, known, &source, &error), VALUATION_ERROR_UNKNOWN_GENERATION);
    EXPECT(source.kind == 0 && source.predictor[0] == '\0');
    const char joined[] = "house\nmove\ntreatment";
    EXPECT((uint32_t)valuation_fingerprint(joined, strlen(joined)) == known);
    REQUIRE_OK(valuation_engine_load_policy(engine, NULL, 0, &error));
    /* Under no policy now, but that generation is known, and found without its number, too. */
    EXPECT(generation_now() == now + 1);
    for (uint64_t asked = 0; asked <= now; asked += now) {
        memset(&source, 0x5a, sizeof source);
        source.struct_size = sizeof source;
        REQUIRE_OK(valuation_engine_find_source(engine, asked, known, &source, &error));
        EXPECT(strcmp(source.predictor, "house") == 0 && strcmp(source.experiment, "move") == 0);
        EXPECT(strcmp(source.variant, "treatment") == 0 && source.kind == VALUATION_PREDICTOR_CONSTANT);
        EXPECT(strcmp(source.releases, "") == 0);
    }
    EXPECT_REFUSED(valuation_engine_find_source(engine, now + 1, known, &source, &error), VALUATION_ERROR_UNKNOWN_SOURCE);
    REQUIRE_OK(valuation_engine_load_policy(engine, TEXT(policy), &error));
}

static void exploring_asks_for_its_arrays(void) {
    const valuation_request *request = &scored.request;
    const valuation_candidate *candidates = scored.candidates;
    EXPECT_REFUSED(valuation_explore(NULL, request, candidates, 1, values, propensities, NULL, NULL, &error), refused);
    EXPECT_REFUSED(valuation_explore(scorer, NULL, candidates, 1, values, propensities, NULL, NULL, &error), refused);
    EXPECT_REFUSED(valuation_explore(scorer, request, NULL, 1, values, propensities, NULL, NULL, &error), refused);
    EXPECT_REFUSED(valuation_explore(scorer, request, candidates, 1, NULL, propensities, NULL, NULL, &error), refused);
    EXPECT_REFUSED(valuation_explore(scorer, request, candidates, 1, values, NULL, NULL, NULL, &error), refused);
    EXPECT_REFUSED(valuation_explore(scorer, request, candidates, SIZE_MAX, values, propensities, NULL, NULL, &error), refused);
    size_t chosen = 0;
    EXPECT(valuation_explore(scorer, request, NULL, 0, NULL, NULL, &chosen, NULL, NULL) == VALUATION_OK);
    EXPECT(chosen == VALUATION_NONE_CHOSEN);
}

static void assigning_asks_for_a_request(void) {
    static const char request[] = "{\"unit\": {\"user\": \"u-77\"}, \"candidates\": [{\"campaign\": \"1042\"}]}";
    const char *text;
    size_t length;
    EXPECT_REFUSED(valuation_assign_json(NULL, TEXT(request), &text, &length, &error), refused);
    EXPECT_REFUSED(valuation_assign_json(scorer, NULL, 5, &text, &length, &error), refused);
    EXPECT_REFUSED(valuation_assign_json(scorer, request, SIZE_MAX, &text, &length, &error), refused);
    EXPECT_REFUSED(valuation_assign_json(scorer, TEXT(request), NULL, &length, &error), refused);
    EXPECT_REFUSED(valuation_assign_json(scorer, TEXT(request), &text, NULL, &error), refused);
    EXPECT_REFUSED(valuation_assign_json(scorer, TEXT("{\"unit\": [1]}"), &text, &length, &error),
                   VALUATION_ERROR_INVALID_VALUE);
    EXPECT(strcmp(error.json_path, "$.unit") == 0 && error.line == 1);
    EXPECT_REFUSED(valuation_assign_json(scorer, TEXT("{\"time\": \"tomorrow\"}"), &text, &length, &error),
                   VALUATION_ERROR_INVALID_VALUE);
    EXPECT(strcmp(error.json_path, "$.time") == 0);
    REQUIRE_OK(valuation_assign_json(scorer, TEXT(request), &text, &length, &error));
    EXPECT(strlen(text) == length && strstr(text, "\"variant\":\"treatment\"") != NULL);
    REQUIRE_OK(valuation_assign_json(scorer, "{}", 2, &text, &length, &error));
}

static void checking_asks_for_a_policy(void) {
    valuation_report *report = (valuation_report *)&error;
    EXPECT_REFUSED(valuation_policy_check(TEXT(policy), NULL, 0, NULL, &error), refused);
    EXPECT_REFUSED(valuation_policy_check(NULL, 3, NULL, 0, &report, &error), refused);
    EXPECT(report == NULL);
    EXPECT_REFUSED(valuation_policy_check(TEXT(policy), NULL, 3, &report, &error), refused);
    EXPECT_REFUSED(valuation_policy_check(policy, SIZE_MAX, NULL, 0, &report, &error), refused);
    EXPECT_REFUSED(valuation_policy_check(TEXT("absent.json"), NULL, 0, &report, &error), VALUATION_ERROR_FILE_NOT_FOUND);
    EXPECT(strcmp(error.file, "absent.json") == 0);
    EXPECT_REFUSED(valuation_policy_check(TEXT(policy), TEXT("absent"), &report, &error), VALUATION_ERROR_FILE_NOT_FOUND);
    EXPECT(report == NULL);
    REQUIRE_OK(valuation_policy_check(TEXT(policy), NULL, 0, &report, &error));
    EXPECT(strstr(valuation_report_text(report, NULL), "\"error\"") == NULL);
    valuation_report_destroy(report);
    REQUIRE_OK(valuation_policy_check(TEXT(policy), TEXT(models), &report, &error));
    valuation_report_destroy(report);
}

int main(int argument_count, char **arguments) {
    if (argument_count != 3) return 2;
    models = arguments[1];
    policy = arguments[2];
    make_impression(&scored, NULL);
    nothing_is_decided_before_a_load();
    engine = serving(models);
    scorer = scorer_of(engine);
    without_a_policy_there_are_no_sources();
    without_exploration_the_best_is_certain();
    invalid_paths_are_refused();
    REQUIRE_OK(valuation_engine_load_policy(engine, TEXT(policy), &error));
    a_unit_is_a_field_and_a_text();
    too_many_units_are_refused();
    every_time_and_seed_is_accepted();
    requests_of_a_newer_header_are_accepted_if_their_new_members_are_zero();
    a_batch_has_the_units_of_each_request();
    names_are_found_by_number_and_generation_and_kept();
    exploring_asks_for_its_arrays();
    assigning_asks_for_a_request();
    checking_asks_for_a_policy();
    valuation_scorer_destroy(scorer);
    valuation_engine_destroy(engine);
    FINISH();
}
