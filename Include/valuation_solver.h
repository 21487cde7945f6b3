/* SPDX-License-Identifier: Apache-2.0
 *
 * valuation_solver.h - sparse logistic regressions, fitted along a path of penalties.
 *
 * The batch half of valuation trains a model for each campaign and target. A row is an impression, or many equal ones; a
 * column is a label such as slot=12, or a number. This library finds the intercept b0 and the coefficients b that minimise
 *
 *     loss      1/W sum_i w_i [log(1 + exp(eta_i)) - y_i eta_i]
 *     penalty   + L sum_j f_j |b_j|  +  k/(2 W) b0^2
 *
 *     eta_i = offset_i + b0 + sum of b_j over the columns j that row i names + sum_m x_im b_(p+m)       W = sum_i w_i
 *
 * for each of a decreasing series of penalties L. In most of the coefficients the minimum is 0: that is what the penalty is
 * for. The intercept is not penalised; k, the precision of a normal prior around 0, shrinks it where one is given. L is what
 * glmnet calls lambda and glum alpha; scikit-learn's C is 1 / (W L).
 *
 * THE WHOLE LIBRARY IN ONE EXAMPLE
 *
 *     const int64_t starts[] = {0, 1, 2, 4};        // row 0 names column 0, row 1 column 1, row 2 both
 *     const int32_t columns[] = {0, 1, 0, 1};
 *     const double outcomes[] = {1, 0, 0.25};       // of the impressions behind row 2, a quarter was clicked
 *     valuation_solver_problem problem = VALUATION_SOLVER_PROBLEM_INIT;
 *     problem.row_count = 3;
 *     problem.column_count = 2;
 *     problem.starts = starts;
 *     problem.columns = columns;
 *     problem.outcomes = outcomes;
 *     const double ratios[] = {1, 0.3, 0.1};
 *     valuation_solver_settings settings = VALUATION_SOLVER_SETTINGS_INIT;
 *     settings.penalty_count = 3;
 *     settings.ratios = ratios;
 *     valuation_solver_fit fits[3];
 *     double coefficients[3 * 2];
 *     valuation_solver_error error = VALUATION_SOLVER_ERROR_INIT;
 *     if (valuation_solver_fit_path(&problem, &settings, fits, coefficients, NULL, NULL, &error) != VALUATION_SOLVER_OK)
 *         fprintf(stderr, "%s\n", error.message);
 *
 * CONVENTIONS are those of valuation.h, in short:
 *
 * Threads. Every function may be called from any number of threads at once, on the same input, too: nothing is kept between
 * calls, and there is no state outside of them. The library starts no thread.
 *
 * Lifetime. All input is borrowed for the call; all output is written to memory of the caller's.
 *
 * Errors. A status, and a valuation_solver_error of the caller's (or NULL) that says which array, row and column. Every value
 * is looked at before the work begins. What the lengths of arrays are, the caller alone knows.
 *
 * Determinism. The same input gives the same bits on each run and any number of threads, on one machine: exp and log are the C
 * library's, which differ from one processor to another in the last bit.
 *
 * Growth. A struct that begins with struct_size has an _INIT macro; use it. Members are added at the end only. The other
 * structs never change. Functions are added, never altered.
 *
 * A guest. It needs libc and libm, prints nothing, never ends the process, changes no state of the process, and looks at
 * neither locale nor environment. Memory comes from malloc; where there is none, the call fails and nothing else happens. The
 * floating-point unit is left as it is, and must round to the nearest. No call needs more than 16 kB of stack.
 */
#ifndef VALUATION_SOLVER_H
#define VALUATION_SOLVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---------------------------------------------------------------------------------------------------------------
 * Versions
 * ------------------------------------------------------------------------------------------------------------- */

/* The version of the binary interface, which is the number in the SONAME (libvaluation_solver.so.1). */
#define VALUATION_SOLVER_ABI_VERSION 1

/* The release of the loaded library, for example "0.1.0". NUL-terminated, static. Any thread. O(1). Since 0.1. */
const char *valuation_solver_version(void);

/* The ABI version of the loaded library. Any thread. O(1). Since 0.1. */
uint32_t valuation_solver_abi_version(void);

/* ---------------------------------------------------------------------------------------------------------------
 * Status and error
 * ------------------------------------------------------------------------------------------------------------- */

/* What became of a call. The numbers are fixed for ever. */
typedef int32_t valuation_solver_status;
enum {
    VALUATION_SOLVER_OK = 0,
    VALUATION_SOLVER_ERROR_INVALID_ARGUMENT =
        1,                                    /* NULL where something is needed, an impossible count, a setting out of range */
    VALUATION_SOLVER_ERROR_STRUCT_SIZE = 2,   /* struct_size too small, or unknown trailing bytes not zero */
    VALUATION_SOLVER_ERROR_OUT_OF_MEMORY = 3, /* the call may be repeated */
    VALUATION_SOLVER_ERROR_INVALID_VALUE = 4, /* a value of an array; array, row and column say which */
    VALUATION_SOLVER_STOPPED = 5              /* the caller asked for it; what was fitted before is there */
};

/* Why a call failed. Owned by the caller, reusable. When a call fails, every member is set; when it succeeds, status becomes
 * VALUATION_SOLVER_OK and the rest is left as it was. */
typedef struct valuation_solver_error {
    uint32_t struct_size;           /* set by VALUATION_SOLVER_ERROR_INIT */
    valuation_solver_status status; /* the same as the call returned */
    int64_t row;                    /* 0-based row of the problem, or -1 */
    int64_t column;                 /* 0-based column of the problem, numbers after the others, or -1 */
    char array[32];                 /* the member of a struct that is concerned, for example "outcomes", or "" */
    char message[256];              /* one sentence, with the above: what is wrong and what to do. ASCII, NUL-terminated */
} valuation_solver_error;

#define VALUATION_SOLVER_ERROR_INIT {(uint32_t)sizeof(valuation_solver_error), VALUATION_SOLVER_OK, -1, -1, {0}, {0}}

/* ---------------------------------------------------------------------------------------------------------------
 * The problem
 * ------------------------------------------------------------------------------------------------------------- */

/* Rows with their outcomes: n rows, p columns that rows name, and m numbers that each row has, which are the columns p to
 * p+m-1. All arrays are borrowed. */
typedef struct valuation_solver_problem {
    uint32_t struct_size;          /* set by VALUATION_SOLVER_PROBLEM_INIT */
    uint32_t number_count;         /* m; 0 to 1,000,000 */
    int64_t row_count;             /* n; 1 to 2^31 - 1 */
    int64_t column_count;          /* p; 0 to 2^31 - 1 - m */
    const int64_t *starts;         /* n + 1: where in `columns` each row begins; from 0, never falling. NULL if p is 0 */
    const int32_t *columns;        /* starts[n]: 0 to p - 1, in any order; a column that a row names twice counts twice */
    const double *numbers;         /* n x m, row after row, from -1e6 to 1e6; standardise them. NULL if m is 0 */
    const double *outcomes;        /* n: from 0 to 1; the share of positives among the impressions of the row */
    const double *weights;         /* n: 0 or more, for example how many impressions the row stands for; NULL = all 1. A row of
                                      weight 0 is as if it were not there */
    const double *offset;          /* n: what is known of eta beforehand, from -1e6 to 1e6; NULL = all 0 */
    const double *penalty_factors; /* p + m: 0 or more; 0 = never penalised, INFINITY = never in; NULL = all 1 */
} valuation_solver_problem;

#define VALUATION_SOLVER_PROBLEM_INIT {(uint32_t)sizeof(valuation_solver_problem), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}

/* Looks at every value of a problem, as valuation_solver_fit_path does before it begins.
 * Errors: INVALID_ARGUMENT, STRUCT_SIZE, INVALID_VALUE. Any thread. O(entries + n m + p) time, no memory. Since 0.1. */
valuation_solver_status valuation_solver_check(const valuation_solver_problem *problem, valuation_solver_error *error);

/* ---------------------------------------------------------------------------------------------------------------
 * Fitting
 * ------------------------------------------------------------------------------------------------------------- */

/* What was found for one penalty: 48 bytes. */
typedef struct valuation_solver_fit {
    double penalty;     /* L */
    double intercept;   /* b0 */
    double objective;   /* loss and penalty, as above */
    double loss;        /* the loss alone */
    double violation;   /* how far the conditions of the minimum are missed at most, in units of L: of |g_j - L f_j sign(b_j)|
                           where b_j is not 0, of |g_j| - L f_j where it is, and of |g_0 - k b0 / W|, where -g is the loss's
                           gradient. The objective is above its minimum by no more than this times the sum of all coefficients'
                           distances from theirs */
    int32_t iterations; /* Newton steps */
    int32_t converged;  /* 1, or 0 where maximum_iterations came first: the numbers are then those of the last step */
} valuation_solver_fit;

/* Called after each penalty with what was found; fit and coefficients (p + m) are valid during the call. Returns whether to go
 * on to the next penalty: whoever watches a validation loss may end the path where it rises. */
typedef bool (*valuation_solver_proceed)(void *context, const valuation_solver_fit *fit, const double *coefficients);

/* How a path is fitted. */
typedef struct valuation_solver_settings {
    uint32_t struct_size;               /* set by VALUATION_SOLVER_SETTINGS_INIT */
    uint32_t maximum_iterations;        /* Newton steps for one penalty, at least 1; by default 100. 3 to 10 are usual */
    int64_t penalty_count;              /* 1 or more */
    const double *penalties;            /* each L, 0 or more, strictly falling; or NULL, and ratios */
    const double *ratios;               /* each L as a ratio of the largest penalty; above 0, strictly falling */
    double tolerance;                   /* how far above its minimum the objective may end, as a share of the null model's loss;
                                           from 1e-14 to 1e-2, by default 1e-9. A penalty has converged where a Newton step
                                           wins at most a tenth of it; nearly equal columns may end a few times further up */
    double intercept_precision;         /* k; 0 = a free intercept. At most 1e12 W */
    const double *initial_coefficients; /* p + m, from -1e6 to 1e6: where to begin; NULL: at the null model */
    double initial_intercept;           /* with them, from -1e6 to 1e6 */
    const int32_t *stop;                /* another thread may set it to something else than 0: the call ends soon. Looked at
                                           after each pass over the entries; NULL for none */
    valuation_solver_proceed proceed;   /* may be NULL */
    void *context;                      /* handed to proceed */
} valuation_solver_settings;

#define VALUATION_SOLVER_SETTINGS_INIT {(uint32_t)sizeof(valuation_solver_settings), 100, 0, 0, 0, 1e-9, 0, 0, 0, 0, 0, 0}

/* Fits a problem along a path of penalties, each from where the one before has ended.
 *
 * fits             receives penalty_count fits
 * coefficients     receives penalty_count x (p + m) coefficients, penalty after penalty
 * largest_penalty  may be NULL; receives the least L at which every penalised coefficient is 0: max_j |g_j| / f_j at the null
 *                  model, which has the intercept and what is never penalised. 0 where nothing is penalised
 * fitted_count     may be NULL; receives how many penalties were fitted: fewer than penalty_count where `proceed` ended the
 * path (which succeeds) or the call was stopped. What belongs to the others was not written
 *
 * How. Proximal Newton: the loss is replaced by its quadratic approximation, which is minimised by cyclic coordinate descent
 * over the lists of rows of each column (Friedman, Hastie, Tibshirani, "Regularization paths for generalized linear models via
 * coordinate descent", 2010), the intercept always being at its best; then the step is taken, or halved until it helps (Yuan,
 * Ho, Lin, "An improved GLMNET for L1-regularized logistic regression", 2012). Columns that the sequential strong rule does not
 * expect to matter are left out and looked at in the end; those that should have been in are added (Tibshirani et al., "Strong
 * rules for discarding predictors in lasso-type problems", 2012).
 *
 * Finite. Where the outcomes can be told apart perfectly, or are all alike, coefficients that nothing holds back (a free
 * intercept, a factor of 0, a penalty near 0) have their minimum at infinity: they end where a step wins no more than the
 * tolerance.
 *
 * Errors: INVALID_ARGUMENT, STRUCT_SIZE, INVALID_VALUE, OUT_OF_MEMORY, STOPPED. Any thread.
 * Time: about as many nanoseconds as there are entries (of rows, and numbers) in the columns that come in, times the passes,
 * some 10 to 60 a penalty. Memory: 4 bytes an entry, 8 a number, 40 a row, 66 a column. Since 0.1. */
valuation_solver_status valuation_solver_fit_path(const valuation_solver_problem *problem,
                                                  const valuation_solver_settings *settings, valuation_solver_fit *fits,
                                                  double *coefficients, double *largest_penalty, int64_t *fitted_count,
                                                  valuation_solver_error *error);

/* ---------------------------------------------------------------------------------------------------------------
 * What a model says
 * ------------------------------------------------------------------------------------------------------------- */

/* Computes eta of every row. Outcomes, weights and factors of the problem are not looked at, and may be NULL.
 * coefficients  borrowed; p + m, finite
 * predictor     receives n values
 * Errors: INVALID_ARGUMENT, STRUCT_SIZE, INVALID_VALUE. Any thread. O(entries + n m) time, no memory. Since 0.1. */
valuation_solver_status valuation_solver_linear_predictor(const valuation_solver_problem *problem, double intercept,
                                                          const double *coefficients, double *predictor,
                                                          valuation_solver_error *error);

/* Computes the diagonal of the Hessian of W times the loss, sum_i w_i p_i (1 - p_i) x_ij^2 with p = 1 / (1 + exp(-eta)): the
 * precision with which the rows tell each coefficient, for a normal approximation of its posterior (Laplace). Outcomes and
 * factors of the problem are not looked at, and may be NULL. coefficients         borrowed; p + m, finite intercept_curvature
 * receives sum_i w_i p_i (1 - p_i); k is not in it curvatures           receives p + m values Errors: INVALID_ARGUMENT,
 * STRUCT_SIZE, INVALID_VALUE. Any thread. O(entries + n m) time, no memory. Since 0.1. */
valuation_solver_status valuation_solver_curvature(const valuation_solver_problem *problem, double intercept,
                                                   const double *coefficients, double *intercept_curvature, double *curvatures,
                                                   valuation_solver_error *error);

#ifdef __cplusplus
}
#endif

#endif
