# SPDX-License-Identifier: Apache-2.0
"""Measure the solver against others on paths of ten penalties.

    OMP_NUM_THREADS=1 solver.py [--rounds N] [--workloads S M] [--beside LIBRARY]

Needs valuation_pipeline; adelie, glum, scikit-learn and skglm take part if they are installed. The problems are one-hot
rows of 30 fields, with labels by Zipf's law: S has 2,000 rows, 3,000 columns and some 40 positives, and its path ends
at a tenth of the largest penalty; M has 30,000 rows, 20,000 columns and some 600 positives, and ends at 0.03 of it.
Each is solved once plain, and once with weights and an offset. Contenders take turns in one process. The table has the
median CPU seconds, the median ratio to the solver's, and a contender's worst distance above the best objective found.
--beside names another build of libvaluation_solver, to show the effect of a change.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import importlib.util
import statistics
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from valuation_pipeline.solver import Problem, _abi, _library, fit_path

Floats = NDArray[np.float64]
#: Intercepts and coefficients for each penalty.
Models = tuple[Floats, Floats]


@dataclass(frozen=True)
class Workload:
    """The size of a problem, and how far its path goes."""

    rows: int
    columns: int
    least_ratio: float
    problems: int


FIELDS, RATE, PENALTIES = 30, 0.02, 10
WORKLOADS = {"S": Workload(2_000, 3_000, 0.1, 5), "M": Workload(30_000, 20_000, 0.03, 1)}


def cardinalities(columns: int) -> NDArray[np.int64]:
    """Labels of each field: at least 2, growing by a constant factor, `columns` together."""
    low, high = 2.0, float(columns)
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (low, middle) if np.geomspace(2, middle, FIELDS).sum() > columns else (middle, high)
    labels = np.floor(np.geomspace(2, low, FIELDS)).astype(np.int64)
    labels[-1] += columns - labels.sum()
    return labels


def make(workload: Workload, seed: int) -> Problem:
    """A campaign's rows; weights and offset as for sampled negatives and a correction of a shared model."""
    random = np.random.default_rng([seed, workload.rows])
    labels = cardinalities(workload.columns)
    first = np.cumsum(labels) - labels
    columns = np.empty((workload.rows, FIELDS), np.int32)
    for field, count in enumerate(labels):
        shares = np.arange(1, count + 1) ** -1.1
        columns[:, field] = first[field] + random.choice(count, workload.rows, p=shares / shares.sum())
    shared, own = (
        np.where(random.random(workload.columns) < share, random.normal(0, 0.5, workload.columns), 0)
        for share in (0.15, 0.05)
    )
    known = shared[columns].sum(1)
    predictor = known + own[columns].sum(1)
    low, high = -20.0, 10.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if (1 / (1 + np.exp(-predictor - middle))).mean() > RATE else (middle, high)
    outcomes = (random.random(workload.rows) < 1 / (1 + np.exp(-predictor - low))).astype(float)
    return Problem(
        starts=FIELDS * np.arange(workload.rows + 1),
        columns=columns.ravel(),
        column_count=workload.columns,
        outcomes=outcomes,
        weights=np.where(outcomes > 0, 1.0, random.choice([1.0, 5.0, 20.0], workload.rows)),
        offset=known + low + random.normal(0, 0.2, workload.rows),
    )


def matrix(problem: Problem) -> sparse.csc_matrix:
    """The columns as a SciPy matrix."""
    shape = (problem.row_count, problem.column_count)
    return sparse.csr_matrix((np.ones(len(problem.columns)), problem.columns, problem.starts), shape=shape).tocsc()


def objectives(problem: Problem, penalties: Floats, models: Models) -> Floats:
    """The objective of each model, computed alike for all contenders."""
    weights = np.ones(problem.row_count) if problem.weights is None else problem.weights
    rows = problem.columns.reshape(-1, FIELDS)
    found = []
    for penalty, intercept, coefficients in zip(penalties, *models, strict=True):
        eta = intercept + coefficients[rows].sum(1) + (0 if problem.offset is None else problem.offset)
        loss = (weights * (np.logaddexp(0, eta) - problem.outcomes * eta)).sum() / weights.sum()
        found.append(loss + penalty * np.abs(coefficients).sum())
    return np.array(found)


def solve(problem: Problem, penalties: Floats) -> Models:
    """The solver."""
    path = fit_path(problem, penalties=penalties)
    return path.intercepts, path.coefficients


def solve_with(library: ctypes.CDLL) -> Callable[[Problem, Floats], Models]:
    """Another build of the solver."""

    def work(problem: Problem, penalties: Floats) -> Models:
        ours, _library.library = _library.library, library
        try:
            return solve(problem, penalties)
        finally:
            _library.library = ours

    return work


def adelie(problem: Problem, penalties: Floats) -> Models:
    """Yang and Hastie's group elastic net, in C++."""
    import adelie as ad

    weights = None if problem.weights is None else problem.weights / problem.weights.sum()
    state = ad.grpnet(
        ad.matrix.sparse(matrix(problem), method="naive"),
        ad.glm.binomial(problem.outcomes, weights=weights),
        offsets=problem.offset,
        lmda_path=penalties,
        early_exit=False,
        progress_bar=False,
        tol=1e-7,
        irls_tol=1e-7,
        n_threads=1,
    )
    return np.array(state.intercepts), state.betas.toarray()


def glum(problem: Problem, penalties: Floats) -> Models:
    """Quantco's generalised linear models."""
    from glum import GeneralizedLinearRegressor

    model = GeneralizedLinearRegressor(
        family="binomial", l1_ratio=1, alpha_search=True, alphas=penalties, gradient_tol=1e-6, max_iter=300
    )
    model.fit(matrix(problem), problem.outcomes, sample_weight=problem.weights, offset=problem.offset)
    return np.array(model.intercept_path_), np.array(model.coef_path_)


def liblinear(problem: Problem, penalties: Floats) -> Models:
    """LIBLINEAR through scikit-learn: it penalises the intercept, has no offset, and restarts for each penalty."""
    from sklearn.linear_model import LogisticRegression

    rows, total = matrix(problem), problem.row_count
    models = [
        LogisticRegression(l1_ratio=1, solver="liblinear", C=1 / (total * penalty), max_iter=1000, random_state=0).fit(
            rows, problem.outcomes
        )
        for penalty in penalties
    ]
    return np.array([model.intercept_[0] for model in models]), np.array([model.coef_[0] for model in models])


def skglm(problem: Problem, penalties: Floats) -> Models:
    """Working sets and Anderson acceleration; it supports neither weights nor offsets."""
    from skglm import GeneralizedLinearEstimator
    from skglm.datafits import Logistic
    from skglm.penalties import L1
    from skglm.solvers import ProxNewton

    solver = ProxNewton(fit_intercept=True, warm_start=True, tol=1e-6, max_iter=50)
    model = GeneralizedLinearEstimator(Logistic(), L1(1.0), solver)
    rows, signs = matrix(problem), np.where(problem.outcomes > 0, 1.0, -1.0)
    intercepts, coefficients = [], []
    for penalty in penalties:
        model.penalty = L1(penalty)
        model.fit(rows, signs)
        intercepts.append(float(np.ravel(model.intercept_)[0]))
        coefficients.append(np.ravel(model.coef_).copy())
    return np.array(intercepts), np.array(coefficients)


#: The package that each needs, and whether it supports weights and offsets. glum takes minutes for M.
OTHERS: dict[str, tuple[Callable[[Problem, Floats], Models], str, bool, tuple[str, ...]]] = {
    "adelie": (adelie, "adelie", True, ("S", "M")),
    "glum": (glum, "glum", True, ("S",)),
    "scikit-learn, liblinear": (liblinear, "sklearn", False, ("S", "M")),
    "skglm": (skglm, "skglm", False, ("S", "M")),
}


def measure(workload: str, is_plain: bool, rounds: int, beside: ctypes.CDLL | None) -> list[str]:
    """Let the contenders take turns; return the lines of the table."""
    size = WORKLOADS[workload]
    contenders: dict[str, Callable[[Problem, Floats], Models]] = {"valuation_solver": solve}
    if beside is not None:
        contenders["the other build"] = solve_with(beside)
    for label, (work, package, knows_all, workloads) in OTHERS.items():
        if importlib.util.find_spec(package) and workload in workloads and (is_plain or knows_all):
            contenders[label] = work
    seconds: dict[str, list[list[float]]] = {label: [] for label in contenders}
    above: dict[str, float] = dict.fromkeys(contenders, 0.0)
    failures: dict[str, str] = {}
    # Do not count imports and compilation at the first call.
    small = replace(make(replace(size, rows=300, columns=300), 0), weights=None, offset=None)
    for work in contenders.values():
        with contextlib.suppress(Exception):
            work(small, fit_path(small, ratios=[1, 0.5]).penalties)
    for seed in range(size.problems):
        problem = make(size, seed)
        if is_plain:
            problem = replace(problem, weights=None, offset=None)
        penalties = fit_path(problem, ratios=np.geomspace(1, size.least_ratio, PENALTIES)).penalties
        found: dict[str, Floats] = {}
        for times in seconds.values():
            times.append([])
        for turn in range(rounds):
            for label in list(contenders):
                if label in failures or (turn > 0 and (label not in found or seconds[label][-1][0] > 2)):
                    continue  # once is enough
                start = time.process_time()
                try:
                    models = contenders[label](problem, penalties)
                except Exception as reason:
                    failures[label] = f"{type(reason).__name__}: {reason}".splitlines()[0][:80]
                    continue
                seconds[label][-1].append(time.process_time() - start)
                if len(models[0]) == len(penalties):
                    found[label] = objectives(problem, penalties, models)
        best = np.min(list(found.values()), axis=0)
        for label in contenders:
            gap = float((found[label] / best - 1).max()) if label in found else float("nan")
            above[label] = max(above[label], gap) if gap == gap else gap
    medians = {
        label: [statistics.median(times) for times in all_times if times] for label, all_times in seconds.items()
    }
    ours = medians["valuation_solver"]
    lines = []
    for label, times in medians.items():
        if len(times) < len(ours) or above[label] != above[label]:
            lines.append(f"| {label} | - | - | {failures.get(label, 'does not finish the path')} |")
            continue
        ratio = statistics.median(theirs / our for theirs, our in zip(times, ours, strict=True))
        lines.append(f"| {label} | {statistics.median(times):.3f} | {ratio:.2f} | {above[label]:.0e} |")
    return lines


def main() -> None:
    """Print one table for each workload."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workloads", nargs="+", choices=WORKLOADS, default=list(WORKLOADS))
    parser.add_argument("--beside", help="another build of libvaluation_solver")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    beside = None
    if options.beside:
        beside = ctypes.CDLL(options.beside)
        _abi.set_signatures(beside)
    for workload in options.workloads:
        for is_plain in (True, False):
            print(f"\n{workload}, {'plain' if is_plain else 'with weights and an offset'}\n")
            print("| | CPU s | ratio | above the best objective |\n|---|---|---|---|")
            print("\n".join(measure(workload, is_plain, options.rounds, beside)), flush=True)


if __name__ == "__main__":
    main()
