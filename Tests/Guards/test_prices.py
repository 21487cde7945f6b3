# SPDX-License-Identifier: Apache-2.0
"""The prices of the paths are those that Benchmarks/prices.py fits to its stored measurements: nobody edits them."""

import re
import sys

import pytest

from .conftest import REPOSITORY

BENCHMARKS = REPOSITORY / "Benchmarks"
PRICES = REPOSITORY / "Sources" / "CKernels" / "prices.c"
HEADER = REPOSITORY / "Sources" / "CKernels" / "include" / "kernels.h"
SWIFT = REPOSITORY / "Sources" / "Valuation" / "Scoring" / "Cost.swift"


@pytest.fixture(scope="module")
def price_fit():
    sys.path.insert(0, str(BENCHMARKS))
    try:
        import price_fit
    finally:
        sys.path.remove(str(BENCHMARKS))
    return price_fit


def test_the_prices_are_fitted_to_the_stored_measurements(price_fit):
    written = price_fit.source(price_fit.read())
    assert PRICES.read_text() == written, "run Benchmarks/prices.py, which fits and writes them"


def test_the_page_has_the_fitted_prices(price_fit):
    page = (REPOSITORY / "Documentation" / "performance.md").read_text()
    assert price_fit.table(price_fit.read()) in page, "replace its table by the one that Benchmarks/prices.py prints"


def test_slower_lookups_raise_their_prices_alone(price_fit):
    """Requests that look every dense row up take longer with AVX2 by as much as 10 ns a row and candidate."""
    measured = price_fit.read()
    place = price_fit.MEMBERS.index("dense_lookup")
    slower = [
        row | {"nanoseconds": str(float(row["nanoseconds"]) + 10 * price_fit.counts(row)[place])}
        if row["set"] == "AVX2"
        else row
        for row in measured
    ]
    (before, _), (after, _) = price_fit.fit(measured), price_fit.fit(slower)
    for at in range(3):
        assert after["AVX2"][at][place] > before["AVX2"][at][place] + 5000
        assert after["baseline"][at][place] < before["baseline"][at][place] + 1000
    assert after["AVX-512"] == before["AVX-512"]


def test_a_fit_finds_the_prices_that_made_the_times(price_fit):
    """Times that are sums of known prices give back those prices, whatever else a request costs."""
    processors = {row["set"]: row["processor"] for row in price_fit.read()}
    assert set(processors) == set(price_fit.TABLES)
    known = {
        column: 100 * (place + 1) + 7 * at + len(name)
        for name, processor in processors.items()
        for at in range(3)
        for place, column in enumerate(price_fit.columns(processor, name, at))
    }
    rows = []
    for row in price_fit.read():
        at = price_fit.level(int(row["campaigns"]), int(row["weight_bytes"]))
        prices = [known[column] for column in price_fit.columns(row["processor"], row["set"], at)]
        picoseconds = price_fit.counts(row) @ prices + 5000 + 100 * int(row["candidates"])
        rows.append(row | {"nanoseconds": repr(float(picoseconds) / 1e3)})
    prices, error = price_fit.fit(rows)
    assert error < 1e-3
    for name, processor in processors.items():
        for at in range(3):
            expected = tuple(known[column] for column in price_fit.columns(processor, name, at))
            # They are rounded to two digits.
            assert prices[name][at] == pytest.approx(expected, rel=0.05)


def test_the_fit_and_the_core_name_the_same_prices_and_levels(price_fit):
    header = HEADER.read_text()
    body = re.search(r"typedef struct \{([^}]*)\} valuation_prices;", header)[1]
    members = [name for line in re.findall(r"int32_t ([^;]*);", body) for name in line.split(", ")]
    assert members == list(price_fit.MEMBERS)
    bounds = re.search(r"VALUATION_SECOND_CACHE = 1 << (\d+), VALUATION_THIRD_CACHE = 1 << (\d+)", header)
    assert (1 << int(bounds[1]), 1 << int(bounds[2])) == price_fit.BOUNDS
    assert f"requestBytes = {price_fit.REQUEST_BYTES}\n" in SWIFT.read_text()


def test_every_set_has_prices(price_fit):
    assert set(re.findall(r"valuation_prices_(\w+)\[", PRICES.read_text())) == set(price_fit.TABLES.values())
    for table in price_fit.TABLES.values():
        assert f".prices = valuation_prices_{table}," in (PRICES.parent / f"{table}.c").read_text()
