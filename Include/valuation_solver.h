/* SPDX-License-Identifier: Apache-2.0
 *
 * valuation_solver.h - sparse logistic regressions, fitted along a path of penalties.
 *
 * The batch half of valuation trains a model for each campaign and target. A row is an impression, or many equal ones.
 * A column is a label such as slot=12, or a number. This library computes the intercept b0 and the coefficients b that
 * minimise
 *
 *     loss      1/W sum_i w_i [log(1 + exp(eta_i)) - y_i eta_i]
 *     penalty   + L sum_j f_j |b_j|  +  1/(2 W) (k b0^2 + sum_j k_j b_j^2)
 *
 *     eta_i = offset_i + b0 + sum of b_j over the columns j that row i names + sum_m x_im b_(p+m)       W = sum_i w_i
 *
 * for each of a decreasing series of penalties L. At the minimum most coefficients are 0: that is the purpose of the
 * penalty. The intercept is not penalised. A precision k > 0 shrinks it, as a normal prior around 0; precisions k_j do the
 * same for coefficients, beside the penalty (Zou, Hastie, "Regularization and variable selection via the elastic net",
 * 2005). L is glmnet's lambda and glum's alpha; scikit-learn's C is 1 / (W L), and 1 / k_j if the factors are 0.
 *
 * THE WHOLE LIBRARY IN ONE EXAMPLE
 *
 *     const int64_t starts[] = {0, 1, 2, 4};        // row 0 names column 0, row 1 column 1, row 2 both
 *     const int32_t columns[] = {0, 1, 0, 1};
 *     const double outcomes[] = {1, 0, 0.25};       // of the impressions behind row 2, a quarter were clicked
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
 * Threads. Any number of threads may call every function at once, even on the same input: nothing is kept between calls,
 * and there is no global state. The library starts no thread.
 *
 * Lifetime. All input is borrowed for the call. All output is written to the caller's memory.
 *
 * Errors. A status, and the caller's valuation_solver_error (or NULL), which says which array, row and column. Every value
 * is checked before the work begins. The lengths of arrays cannot be checked: only the caller knows them.
 *
 * Determinism. The same input gives the same bits on each run and with any number of threads, on one machine. exp and log
 * are the C library's, which differ from one processor to another in the last bit.
 *
 * Growth. A struct that begins with struct_size has an _INIT macro; use it. New members are added only at the end. The
 * other structs never change. Functions are added, never altered.
 *
 * What the library leaves alone. It needs only libc and libm, prints nothing, never ends the process, changes no state of
 * the process, and reads neither locale nor environment. It leaves the floating-point unit as it is, which must round to
 * nearest. Memory comes from malloc; if there is none left, the call fails and nothing else happens. No call needs more
 * than 16 kB of stack.
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

/* The outcome of a call. The numbers never change. */
typedef int32_t valuation_solver_status;
enum {
    VALUATION_SOLVER_OK = 0,
    VALUATION_SOLVER_ERROR_INVALID_ARGUMENT = 1, /* unexpected NULL, an impossible count, a setting out of range */
    VALUATION_SOLVER_ERROR_STRUCT_SIZE = 2,      /* struct_size too small, or unknown trailing bytes not zero */
    VALUATION_SOLVER_ERROR_OUT_OF_MEMORY = 3,    /* the caller may retry */
    VALUATION_SOLVER_ERROR_INVALID_VALUE = 4,    /* a value of an array; array, row, column say which */
    VALUATION_SOLVER_STOPPED = 5                 /* on the caller's request; earlier fits are valid */
};

/* Why a call failed. Owned by the caller, reusable. When a call fails, every member is set; when it succeeds, status becomes
 * VALUATION_SOLVER_OK and the rest is left as it was. */
typedef struct valuation_solver_error {
    uint32_t struct_size;           /* set by VALUATION_SOLVER_ERROR_INIT */
    valuation_solver_status status; /* what the call returned */
    int64_t row;                    /* 0-based row of the problem, or -1 */
    int64_t column;                 /* 0-based column of the problem, numbers last, or -1 */
    char array[32];                 /* the struct member concerned, for example "outcomes", or "" */
    char message[256];              /* one sentence, with the above: what is wrong and what to do. ASCII, NUL-terminated */
} valuation_solver_error;

#define VALUATION_SOLVER_ERROR_INIT {(uint32_t)sizeof(valuation_solver_error), VALUATION_SOLVER_OK, -1, -1, {0}, {0}}

/* ---------------------------------------------------------------------------------------------------------------
 * The problem
 * ------------------------------------------------------------------------------------------------------------- */

/* Rows with their outcomes: n rows, p columns that rows name, and m numbers that each row has (columns p to p+m-1). All
 * arrays are borrowed. */
typedef struct valuation_solver_problem {
    uint32_t struct_size;          /* set by VALUATION_SOLVER_PROBLEM_INIT */
    uint32_t number_count;         /* m; 0 to 1,000,000 */
    int64_t row_count;             /* n; 1 to 2^31 - 1 */
    int64_t column_count;          /* p; 0 to 2^31 - 1 - m */
    const int64_t *starts;         /* n + 1: the offset in `columns` of each row; from 0, never falling. NULL if p is 0 */
    const int32_t *columns;        /* starts[n]: 0 to p - 1, in any order; a column that a row names twice counts twice */
    const double *numbers;         /* n x m, row after row, from -1e6 to 1e6; standardise them. NULL if m is 0 */
    const double *outcomes;        /* n: from 0 to 1; the share of positives among the impressions of the row */
    const double *weights;         /* n: 0 or more, for example how many impressions the row stands for; NULL = all 1. A row of
                                      weight 0 counts as absent */
    const double *offset;          /* n: the fixed part of eta, from -1e6 to 1e6; NULL = all 0 */
    const double *penalty_factors; /* p + m: 0 or more; 0 = never penalised, INFINITY = never in; NULL = all 1 */
    const double *precisions;      /* p + m: k_j, of normal priors around 0; from 0 to 1e12 W; NULL = all 0 */
} valuation_solver_problem;

#define VALUATION_SOLVER_PROBLEM_INIT {(uint32_t)sizeof(valuation_solver_problem), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}

/* Checks every value of a problem, as valuation_solver_fit_path does before it begins.
 * Errors: INVALID_ARGUMENT, STRUCT_SIZE, INVALID_VALUE. Any thread. O(entries + n m + p) time, no memory. Since 0.1. */
valuation_solver_status valuation_solver_check(const valuation_solver_problem *problem, valuation_solver_error *error);

/* ---------------------------------------------------------------------------------------------------------------
 * Fitting
 * ------------------------------------------------------------------------------------------------------------- */

/* The result for one penalty: 48 bytes. */
typedef struct valuation_solver_fit {
    double penalty;     /* L */
    double intercept;   /* b0 */
    double objective;   /* loss and penalty with the priors, as above */
    double loss;        /* the loss alone */
    double violation;   /* the largest violation of the conditions of the minimum, in units of L:
                           |g_j - L f_j sign(b_j) - k_j b_j / W| if b_j is not 0, |g_j| - L f_j if it is, and
                           |g_0 - k b0 / W|; -g is the loss's gradient. The objective is above its minimum by at most this
                           times the sum of all coefficients' distances from their values there */
    int32_t iterations; /* Newton steps */
    int32_t converged;  /* 1, or 0 if maximum_iterations came first: then the numbers are those of the last step */
} valuation_solver_fit;

/* Called after each penalty with its result; fit and coefficients (p + m) are valid during the call. Returns whether to go
 * on to the next penalty: a caller that watches a validation loss may end the path when it rises. */
typedef bool (*valuation_solver_proceed)(void *context, const valuation_solver_fit *fit, const double *coefficients);

/* How a path is fitted. */
typedef struct valuation_solver_settings {
    uint32_t struct_size;               /* set by VALUATION_SOLVER_SETTINGS_INIT */
    uint32_t maximum_iterations;        /* Newton steps for one penalty, at least 1; by default 100. 3 to 10 are usual */
    int64_t penalty_count;              /* 1 or more */
    const double *penalties;            /* each L, 0 or more, strictly falling; or NULL, and ratios */
    const double *ratios;               /* each L as a ratio of the largest penalty; above 0, strictly falling */
    double tolerance;                   /* how far above its minimum the objective may end, as a share of the null model's loss;
                                           from 1e-14 to 1e-2, by default 1e-9. A penalty has converged when a Newton step
                                           gains at most a tenth of it; nearly equal columns may end a few times higher */
    double intercept_precision;         /* k; 0 = a free intercept. At most 1e12 W */
    const double *initial_coefficients; /* p + m, from -1e6 to 1e6: the starting point; NULL = the null model */
    double initial_intercept;           /* with them; from -1e6 to 1e6 */
    const int32_t *stop;                /* another thread may set it to a value other than 0, and the call ends soon. Read after
                                           each pass over the entries; NULL for none */
    valuation_solver_proceed proceed;   /* may be NULL */
    void *context;                      /* passed to proceed */
} valuation_solver_settings;

#define VALUATION_SOLVER_SETTINGS_INIT {(uint32_t)sizeof(valuation_solver_settings), 100, 0, 0, 0, 1e-9, 0, 0, 0, 0, 0, 0}

/* Fits a problem along a path of penalties, each from where the one before has ended.
 *
 * fits             receives penalty_count fits
 * coefficients     receives penalty_count x (p + m) coefficients, penalty after penalty
 * largest_penalty  may be NULL; receives the least L at which every penalised coefficient is 0: max_j |g_j| / f_j at the null
 *                  model, which has the intercept and what is never penalised. 0 if nothing is penalised
 * fitted_count     may be NULL; receives how many penalties were fitted. It is less than penalty_count if `proceed` ended the
 *                  path (which succeeds) or the call was stopped. The entries of the other penalties were not written
 *
 * Method. Proximal Newton: the loss is replaced by its quadratic approximation, which is minimised by cyclic coordinate
 * descent over the lists of rows of each column (Friedman, Hastie, Tibshirani, "Regularization paths for generalized linear
 * models via coordinate descent", 2010), with the intercept always at its optimum. Then the step is taken, or halved until it
 * helps (Yuan, Ho, Lin, "An improved GLMNET for L1-regularized logistic regression", 2012). Columns that the sequential strong
 * rule does not expect to matter are left out and checked at the end; those that should have been in are added (Tibshirani et
 * al., "Strong rules for discarding predictors in lasso-type problems", 2012).
 *
 * Separable data. If the outcomes can be separated perfectly, or are all alike, unrestrained coefficients (a free intercept;
 * without a precision, a factor of 0 or a penalty near 0) have their minimum at infinity: they end where a step gains no more
 * than the tolerance.
 *
 * Errors: INVALID_ARGUMENT, STRUCT_SIZE, INVALID_VALUE, OUT_OF_MEMORY, STOPPED. Any thread.
 * Time: about one nanosecond for each entry (of rows, and numbers) in the columns that come in, times the number of passes,
 * some 10 to 60 a penalty. Memory: 4 bytes an entry, 8 a number, 40 a row, 74 a column. Since 0.1. */
valuation_solver_status valuation_solver_fit_path(const valuation_solver_problem *problem,
                                                  const valuation_solver_settings *settings, valuation_solver_fit *fits,
                                                  double *coefficients, double *largest_penalty, int64_t *fitted_count,
                                                  valuation_solver_error *error);

/* ---------------------------------------------------------------------------------------------------------------
 * Using a model
 * ------------------------------------------------------------------------------------------------------------- */

/* Computes eta of every row. Outcomes, weights, factors and precisions of the problem are not read, and may be NULL.
 * coefficients  borrowed; p + m, finite
 * predictor     receives n values
 * Errors: INVALID_ARGUMENT, STRUCT_SIZE, INVALID_VALUE. Any thread. O(entries + n m) time, no memory. Since 0.1. */
valuation_solver_status valuation_solver_linear_predictor(const valuation_solver_problem *problem, double intercept,
                                                          const double *coefficients, double *predictor,
                                                          valuation_solver_error *error);

/* Computes the diagonal of the Hessian of W times the loss, sum_i w_i p_i (1 - p_i) x_ij^2 with p = 1 / (1 + exp(-eta)): the
 * precision with which the rows determine each coefficient, for a normal approximation of its posterior (Laplace). Outcomes,
 * factors and precisions of the problem are not read, and may be NULL.
 *
 * coefficients         borrowed; p + m, finite
 * intercept_curvature  receives sum_i w_i p_i (1 - p_i); k is not in it
 * curvatures           receives p + m values; k_j is not in them
 *
 * Errors: INVALID_ARGUMENT, STRUCT_SIZE, INVALID_VALUE. Any thread. O(entries + n m) time, no memory. Since 0.1. */
valuation_solver_status valuation_solver_curvature(const valuation_solver_problem *problem, double intercept,
                                                   const double *coefficients, double *intercept_curvature, double *curvatures,
                                                   valuation_solver_error *error);

#ifdef __cplusplus
}
#endif

#endif
