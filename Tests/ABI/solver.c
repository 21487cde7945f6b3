/* SPDX-License-Identifier: Apache-2.0
 *
 * Fits a small problem whose minimum has a closed form. Then fails each allocation of a fit in turn, passes arguments
 * that the solver must refuse, ends a path and stops it. Uses valuation_solver.h as any C program would.
 */
#include "counting_allocator.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "valuation_solver.h"

enum { ROWS = 8, COLUMNS = 2, PENALTIES = 3 };

static int failed_expectations;

#define EXPECT(condition) expect((condition) ? 1 : 0, __LINE__, #condition)

static void expect(int holds, int line, const char *condition) {
    if (holds) return;
    fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, line, condition);
    failed_expectations++;
}

/* Four rows name column 0, and three of them are positive; four name column 1, and one is. */
static const int64_t starts[ROWS + 1] = {0, 1, 2, 3, 4, 5, 6, 7, 8};
static const int32_t columns[ROWS] = {0, 0, 0, 0, 1, 1, 1, 1};
static const double outcomes[ROWS] = {1, 1, 1, 0, 1, 0, 0, 0};
static const double ratios[PENALTIES] = {1, 0.5, 0.25};

static valuation_solver_problem make_problem(void) {
    valuation_solver_problem problem = VALUATION_SOLVER_PROBLEM_INIT;
    problem.row_count = ROWS;
    problem.column_count = COLUMNS;
    problem.starts = starts;
    problem.columns = columns;
    problem.outcomes = outcomes;
    return problem;
}

static valuation_solver_settings make_settings(void) {
    valuation_solver_settings settings = VALUATION_SOLVER_SETTINGS_INIT;
    settings.penalty_count = PENALTIES;
    settings.ratios = ratios;
    settings.tolerance = 1e-12;
    return settings;
}

/* By symmetry the intercept is 0 at each penalty L, and b_0 - b_1 has the smallest |b_0| + |b_1|: the gradient of
 * either group is (3/4 - p) / 2 = L with p = 1 / (1 + exp(-eta)); eta is the same for both except for its sign. */
static void fit(void) {
    const valuation_solver_problem problem = make_problem();
    const valuation_solver_settings settings = make_settings();
    valuation_solver_error error = VALUATION_SOLVER_ERROR_INIT;
    valuation_solver_fit fits[PENALTIES];
    double coefficients[PENALTIES][COLUMNS], largest;
    int64_t fitted;
    EXPECT(valuation_solver_check(&problem, &error) == VALUATION_SOLVER_OK);
    EXPECT(valuation_solver_fit_path(&problem, &settings, fits, &coefficients[0][0], &largest, &fitted, &error) ==
           VALUATION_SOLVER_OK);
    EXPECT(fitted == PENALTIES);
    EXPECT(fabs(largest - 0.125) < 1e-12);
    for (int i = 0; i < PENALTIES; i++) {
        const double penalty = ratios[i] * largest, p = 0.75 - 2 * penalty, eta = log(p / (1 - p));
        double predictor[ROWS], of_intercept, curvatures[COLUMNS];
        EXPECT(fits[i].converged == 1 && fits[i].penalty == penalty && fits[i].violation < 1e-8);
        EXPECT(fabs(fits[i].objective - fits[i].loss - penalty * (fabs(coefficients[i][0]) + fabs(coefficients[i][1]))) <
               1e-12);
        EXPECT(valuation_solver_linear_predictor(&problem, fits[i].intercept, coefficients[i], predictor, &error) ==
               VALUATION_SOLVER_OK);
        EXPECT(fabs(predictor[0] - eta) < 1e-5 && fabs(predictor[7] + eta) < 1e-5);
        EXPECT(valuation_solver_curvature(&problem, fits[i].intercept, coefficients[i], &of_intercept, curvatures, NULL) ==
               VALUATION_SOLVER_OK);
        EXPECT(fabs(curvatures[0] - 4 * p * (1 - p)) < 1e-5 && fabs(of_intercept - curvatures[0] - curvatures[1]) < 1e-12);
    }
}

static void refuse(void) {
    double wrong[ROWS];
    valuation_solver_problem problem = make_problem();
    valuation_solver_settings settings = make_settings();
    valuation_solver_error error = VALUATION_SOLVER_ERROR_INIT;
    valuation_solver_fit fits[PENALTIES];
    double coefficients[PENALTIES * COLUMNS];
    memcpy(wrong, outcomes, sizeof wrong);
    wrong[5] = 2;
    problem.outcomes = wrong;
    EXPECT(valuation_solver_check(&problem, &error) == VALUATION_SOLVER_ERROR_INVALID_VALUE);
    EXPECT(error.status == VALUATION_SOLVER_ERROR_INVALID_VALUE && error.row == 5 && error.column == -1);
    EXPECT(strcmp(error.array, "outcomes") == 0);
    EXPECT(strcmp(error.message, "outcomes[5] (row 5): an outcome is a number from 0 to 1.") == 0);
    EXPECT(valuation_solver_check(&problem, NULL) == VALUATION_SOLVER_ERROR_INVALID_VALUE);

    problem = make_problem();
    EXPECT(valuation_solver_check(NULL, &error) == VALUATION_SOLVER_ERROR_INVALID_ARGUMENT);
    EXPECT(error.row == -1 && error.array[0] == '\0' && error.message[0] != '\0');
    EXPECT(valuation_solver_fit_path(&problem, NULL, fits, coefficients, NULL, NULL, &error) ==
           VALUATION_SOLVER_ERROR_INVALID_ARGUMENT);
    EXPECT(valuation_solver_fit_path(&problem, &settings, NULL, coefficients, NULL, NULL, &error) ==
           VALUATION_SOLVER_ERROR_INVALID_ARGUMENT);
    EXPECT(valuation_solver_fit_path(&problem, &settings, fits, NULL, NULL, NULL, &error) ==
           VALUATION_SOLVER_ERROR_INVALID_ARGUMENT);
    EXPECT(valuation_solver_linear_predictor(&problem, 0, coefficients, NULL, &error) ==
           VALUATION_SOLVER_ERROR_INVALID_ARGUMENT);
    EXPECT(valuation_solver_linear_predictor(&problem, 0, NULL, wrong, &error) == VALUATION_SOLVER_ERROR_INVALID_ARGUMENT);
    memset(coefficients, 0, sizeof coefficients);
    EXPECT(valuation_solver_curvature(&problem, 0, coefficients, NULL, wrong, &error) ==
           VALUATION_SOLVER_ERROR_INVALID_ARGUMENT);
    problem.starts = NULL;
    EXPECT(valuation_solver_check(&problem, &error) == VALUATION_SOLVER_ERROR_INVALID_ARGUMENT);
    EXPECT(strcmp(error.array, "starts") == 0);
    problem.row_count = 0;
    EXPECT(valuation_solver_check(&problem, &error) == VALUATION_SOLVER_ERROR_INVALID_ARGUMENT);
    EXPECT(strcmp(error.array, "row_count") == 0);
    problem.struct_size = 8;
    EXPECT(valuation_solver_check(&problem, &error) == VALUATION_SOLVER_ERROR_STRUCT_SIZE);
    error.struct_size = 8;
    EXPECT(valuation_solver_check(&problem, &error) == VALUATION_SOLVER_ERROR_STRUCT_SIZE);
}

/* Two rows, one column, its prior alone: with x = 1 in the positive row only and b0 held at 0, b k = 1 - p(b). */
static void hold_back(void) {
    const int64_t begins[] = {0, 1, 1};
    const int32_t named[] = {0};
    const double clicked[] = {1, 0.5}, factors[] = {0}, penalties[] = {0}, precisions[] = {0.25};
    valuation_solver_problem problem = VALUATION_SOLVER_PROBLEM_INIT;
    problem.row_count = 2;
    problem.column_count = 1;
    problem.starts = begins;
    problem.columns = named;
    problem.outcomes = clicked;
    problem.penalty_factors = factors;
    problem.precisions = precisions;
    valuation_solver_settings settings = VALUATION_SOLVER_SETTINGS_INIT;
    settings.penalty_count = 1;
    settings.penalties = penalties;
    settings.tolerance = 1e-14;
    settings.intercept_precision = 1e12;
    valuation_solver_fit found;
    double b;
    EXPECT(valuation_solver_fit_path(&problem, &settings, &found, &b, NULL, NULL, NULL) == VALUATION_SOLVER_OK);
    EXPECT(b > 1 && fabs(0.25 * b - (1 - 1 / (1 + exp(-b)))) < 1e-6);
    EXPECT(fabs(found.objective - found.loss - 0.25 * b * b / 4) < 1e-9);
    /* A caller of the first version of the struct has no such member, whatever is behind it. */
    problem.struct_size = offsetof(valuation_solver_problem, precisions);
    double unheld;
    settings.maximum_iterations = 5;
    EXPECT(valuation_solver_fit_path(&problem, &settings, &found, &unheld, NULL, NULL, NULL) == VALUATION_SOLVER_OK);
    EXPECT(unheld > b + 1);
}

/* A caller that was compiled against a newer header. */
static void grow(void) {
    struct {
        valuation_solver_problem known;
        double added;
    } newer = {make_problem(), 0};
    newer.known.struct_size = sizeof newer;
    EXPECT(valuation_solver_check(&newer.known, NULL) == VALUATION_SOLVER_OK);
    newer.added = 1;
    EXPECT(valuation_solver_check(&newer.known, NULL) == VALUATION_SOLVER_ERROR_STRUCT_SIZE);
}

static bool end_after_two(void *context, const valuation_solver_fit *found, const double *model) {
    int *calls = context;
    EXPECT(found->converged && isfinite(model[0]));
    return ++*calls < 2;
}

static bool set_stop(void *context, const valuation_solver_fit *found, const double *model) {
    (void)found, (void)model;
    *(int32_t *)context = 1;
    return true;
}

static void end(void) {
    const valuation_solver_problem problem = make_problem();
    valuation_solver_settings settings = make_settings();
    valuation_solver_error error = VALUATION_SOLVER_ERROR_INIT;
    valuation_solver_fit fits[PENALTIES];
    double coefficients[PENALTIES * COLUMNS];
    int64_t fitted;
    int calls = 0;
    settings.proceed = end_after_two;
    settings.context = &calls;
    EXPECT(valuation_solver_fit_path(&problem, &settings, fits, coefficients, NULL, &fitted, &error) == VALUATION_SOLVER_OK);
    EXPECT(fitted == 2 && calls == 2);

    int32_t stop = 0;
    settings.proceed = set_stop;
    settings.context = &stop;
    settings.stop = &stop;
    EXPECT(valuation_solver_fit_path(&problem, &settings, fits, coefficients, NULL, &fitted, &error) ==
           VALUATION_SOLVER_STOPPED);
    EXPECT(fitted == 1 && error.status == VALUATION_SOLVER_STOPPED);
}

/* Fails each allocation in turn. */
static void run_out_of_memory(void) {
    const valuation_solver_problem problem = make_problem();
    const valuation_solver_settings settings = make_settings();
    valuation_solver_error error = VALUATION_SOLVER_ERROR_INIT;
    valuation_solver_fit fits[PENALTIES];
    double coefficients[PENALTIES * COLUMNS], curvatures[COLUMNS], of_intercept;
    const long live = live_allocations();
    long number = 0;
    for (;; number++) {
        allocations_until_failure = number;
        valuation_solver_status status = valuation_solver_fit_path(&problem, &settings, fits, coefficients, NULL, NULL, &error);
        int has_failed = allocations_until_failure < 0;
        allocations_until_failure = -1;
        EXPECT(live_allocations() == live);
        if (!has_failed) {
            EXPECT(status == VALUATION_SOLVER_OK);
            break;
        }
        EXPECT(status == VALUATION_SOLVER_ERROR_OUT_OF_MEMORY && error.status == status && error.message[0] != '\0');
    }
    EXPECT(number > 10);
    allocations_until_failure = 0;
    double predictor[ROWS], zeros[COLUMNS] = {0};
    EXPECT(valuation_solver_linear_predictor(&problem, 0, zeros, predictor, NULL) == VALUATION_SOLVER_OK);
    EXPECT(valuation_solver_check(&problem, NULL) == VALUATION_SOLVER_OK);
    EXPECT(valuation_solver_curvature(&problem, 0, coefficients, &of_intercept, curvatures, &error) ==
           VALUATION_SOLVER_ERROR_OUT_OF_MEMORY);
    allocations_until_failure = -1;
    EXPECT(live_allocations() == live);
}

int main(void) {
    EXPECT(valuation_solver_abi_version() == VALUATION_SOLVER_ABI_VERSION);
    fit();
    refuse();
    hold_back();
    grow();
    end();
    run_out_of_memory();
    puts(valuation_solver_version());
    return failed_expectations > 0;
}
