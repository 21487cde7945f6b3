# SPDX-License-Identifier: Apache-2.0
"""Scoring a log from table to table, in memory or from Parquet to Parquet. Needs pyarrow: ``valuation[arrow]``."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from valuation.batch import Batch
from valuation.candidates import Candidates
from valuation.columns import Table
from valuation.constants import Pricing
from valuation.engine import Engine
from valuation.features import Features
from valuation.fingerprints import fingerprints

if TYPE_CHECKING:
    import pyarrow as pa

#: The columns that scoring adds.
VALUE_COLUMNS = ("expected_revenue", "pctr", "pcvr", "flags", "predictor", "experiment", "variant")


def score_table(
    engine: Engine,
    table: Table,
    *,
    features: Collection[str] | None = None,
    numeric: Collection[str] = (),
    campaign: str = "campaign",
    pricing: str | Pricing = "pricing",
    bid: str | float = "bid",
    units: Mapping[str, str] | None = None,
    id: str | None = None,  # noqa: A002
    time: str | None = None,
) -> pa.Table:
    """Value each row of a table as an impression with one candidate, and return the table with the values.

    Gives the bits of :meth:`Engine.score` for each row. All rows are valued with one set of models.

    Parameters
    ----------
    engine : Engine
        With models loaded.
    table : Arrow table, record batch or stream, pandas or polars DataFrame, mapping of name to column
        Anything that ``pyarrow.table`` takes.
    features : collection of str, optional
        The columns that are features, of the request or of the ad, named by their fields. By default, all columns that
        no other argument names: a column that no model knows then adds nothing.
    numeric : collection of str
        Those of the features that are numbers; all others are categories.
    campaign : str, default="campaign"
        The column of the campaigns' ids.
    pricing : str or Pricing, default="pricing"
        The column of ``"cpm"``, ``"cpc"`` or ``"cpa"``; or one :class:`Pricing` for all rows.
    bid : str or float, default="bid"
        The column of the bids; or one bid for all rows.
    units : mapping of str to str, optional
        For experiments: the column of each type of unit, for example ``{"user": "user_id"}``.
    id : str, optional
        The column of the requests' ids, which seed the draws of exploration, as in JSON requests.
    time : str, optional
        The column of times, with which a policy's starts and ends are compared; by default, now.

    Returns
    -------
    pyarrow.Table
        The table's columns, followed by ``expected_revenue`` (double, in the currency of the bids, per impression),
        ``pctr`` and ``pcvr`` (float, null if there is none), ``flags`` (uint32, see :meth:`Flag.names`), and under a
        policy ``predictor``, ``experiment`` and ``variant`` (text), which are null otherwise. O(rows x features), some
        16 bytes of memory for each feature.

    Raises
    ------
    ImportError
        If pyarrow is missing.
    KeyError
        If a column is missing.
    TypeError, ValueError
        If a column has cells of an unsupported type, or the table already has a column with the name of a value.
    NothingLoadedError
        If no models are loaded.

    Examples
    --------
    >>> import valuation
    >>> log = {"slot": ["12"], "campaign": ["1042"], "bid": [0.5]}
    >>> with valuation.Engine() as engine:  # doctest: +SKIP
    ...     engine.load("models")
    ...     scored = valuation.score_table(engine, log, pricing=valuation.Pricing.CPC)
    """
    arrow = _pyarrow().table(table)
    named = [campaign, pricing, bid, id, time, *(units or {}).values()]
    taken = [name for name in named if isinstance(name, str)]
    fields = [name for name in arrow.column_names if name not in taken] if features is None else list(features)
    _check(arrow.column_names, [*taken, *fields, *numeric])
    values = engine.score_batch(
        Batch(
            _features(engine, arrow, fields, numeric),
            Candidates(
                engine.campaign_keys(arrow[campaign]),
                arrow[pricing] if isinstance(pricing, str) else pricing,
                arrow[bid] if isinstance(bid, str) else bid,
            ),
            units={kind: arrow[name] for kind, name in units.items()} if units else None,
            seeds=None if id is None else fingerprints(arrow[id]),
            times=None if time is None else arrow[time],
        )
    )
    for name, column in zip(VALUE_COLUMNS, _columns(engine, values), strict=True):
        arrow = arrow.append_column(name, column)
    return arrow


def score_parquet(
    engine: Engine,
    source: str | os.PathLike[str],
    destination: str | os.PathLike[str],
    *,
    batch_rows: int = 100_000,
    **columns: Any,
) -> int:
    """Score a Parquet file to another one, a number of rows at a time, with the columns of :func:`score_table`.

    Parameters
    ----------
    engine : Engine
        With models loaded. Models that are loaded while this runs value the rows that are not yet read.
    source, destination : str or os.PathLike
        The files; may be the same. The destination exists once all rows are written; if anything fails, it is
        unchanged.
    batch_rows : int, default=100_000
        Rows in memory at a time.
    **columns
        See :func:`score_table`: ``features``, ``numeric``, ``campaign``, ``pricing``, ``bid``, ``units``, ``id``,
        ``time``.

    Returns
    -------
    int
        The number of rows.

    Raises
    ------
    OSError
        If a file cannot be read or written.
    ImportError, KeyError, TypeError, ValueError, NothingLoadedError
        As :func:`score_table`.

    Examples
    --------
    >>> import valuation
    >>> with valuation.Engine() as engine:  # doctest: +SKIP
    ...     engine.load("releases")
    ...     valuation.score_parquet(engine, "log.parquet", "scored.parquet", numeric=["days_since_visit"])
    """
    pa = _pyarrow()
    from pyarrow import parquet

    unfinished = Path(f"{os.fspath(destination)}.{os.getpid()}.unfinished")
    rows = 0
    try:
        with parquet.ParquetFile(source) as file:
            schema = score_table(engine, file.schema_arrow.empty_table(), **columns).schema
            with parquet.ParquetWriter(unfinished, schema) as writer:
                for batch in file.iter_batches(batch_rows):
                    writer.write_table(score_table(engine, pa.Table.from_batches([batch]), **columns))
                    rows += batch.num_rows
        unfinished.replace(destination)
    finally:
        unfinished.unlink(missing_ok=True)
    return rows


def _pyarrow() -> Any:
    try:
        import pyarrow as pa
    except ImportError as reason:
        raise ImportError("scoring tables needs pyarrow: pip install 'valuation[arrow]'") from reason
    return pa


def _check(there: list[str], wanted: list[str]) -> None:
    for name in wanted:
        if name not in there:
            pricing = name.upper()
            hint = f"; for one pricing of all rows pass Pricing.{pricing}" if pricing in Pricing.__members__ else ""
            raise KeyError(f"there is no column {name!r}{hint}; the columns are {there}")
    for name in VALUE_COLUMNS:
        if name in there:
            raise ValueError(f"the table has a column {name!r} already; rename it or leave it out")


def _features(engine: Engine, arrow: pa.Table, fields: list[str], numeric: Collection[str]) -> Features:
    if not fields:
        return Features.empty(arrow.num_rows)
    return Features.from_columns(engine, {name: arrow[name] for name in fields}, numeric=numeric)


def _columns(engine: Engine, values: npt.NDArray[Any]) -> list[pa.Array]:
    """Return the columns of values, in the order of their names."""
    pa = _pyarrow()
    probabilities = [pa.array(values[name], mask=np.isnan(values[name])) for name in ("pctr", "pcvr")]
    numbers, codes = np.unique(values["source"], return_inverse=True)
    sources = [engine.find_source(number)[:3] if number else (None, None, None) for number in numbers.tolist()]
    names = [pa.array([source[place] for source in sources], pa.string()).take(pa.array(codes)) for place in range(3)]
    return [pa.array(values["expected_revenue"]), *probabilities, pa.array(values["flags"]), *names]
