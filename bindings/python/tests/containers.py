# SPDX-License-Identifier: Apache-2.0
"""Every kind of container for a column, by the type of its cells and by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

#: Makes a column of the cells; None among them means absent. Returns None if this container cannot hold them.
Holder: TypeAlias = Callable[[list[Any]], Any]


def whole(make: Holder) -> Holder:
    """Hold cells only if none is absent."""
    return lambda cells: None if None in cells else make(cells)


def masked(filler: Any, dtype: Any) -> Holder:
    """Hold cells in a masked array, with arbitrary values under the mask."""

    def make(cells: list[Any]) -> Any:
        data = np.array([filler if cell is None else cell for cell in cells], dtype)
        return np.ma.MaskedArray(data, mask=[cell is None for cell in cells])

    return make


def unpadded(make: Holder) -> Holder:
    """Hold only texts that do not end in NUL, because NumPy's fixed-width arrays treat a final NUL as padding."""
    return lambda cells: None if any(cell and cell[-1:] in ("\0", b"\0") for cell in cells) else make(cells)


def objects(cells: list[Any]) -> Any:
    """Hold cells in an array of objects."""
    array = np.empty(len(cells), object)
    for position, cell in enumerate(cells):
        array[position] = cell
    return array


def arrow(kind: Any) -> dict[str, Holder]:
    """Hold cells in Arrow arrays of a type: whole, sliced, in chunks, as a dictionary, run-end encoded."""

    def chunked(cells: list[Any]) -> Any:
        half = len(cells) // 2
        return pa.chunked_array([cells[:half], [], cells[half:]], kind)

    def encoded(cells: list[Any]) -> Any:
        return pa.array(cells, kind).dictionary_encode()

    forms: dict[str, Holder] = {
        "": lambda cells: pa.array(cells, kind),
        " sliced": lambda cells: pa.array([*cells[:1], *cells, *cells[:1]], kind).slice(len(cells[:1]), len(cells)),
        " in chunks": chunked,
        " without chunks": lambda cells: None if cells else pa.chunked_array([], kind),
    }
    if kind not in (pa.string_view(), pa.binary_view()):
        forms |= {
            " as dictionary": encoded,
            " as dictionaries": lambda cells: pa.chunked_array(
                [encoded(cells[:2]), encoded(cells[2:])], pa.dictionary(pa.int32(), kind)
            ),
            " as dictionary with null": lambda cells: pa.DictionaryArray.from_arrays(
                pa.array(range(len(cells)), pa.int8()), pa.array(cells, kind)
            ),
        }
    return {f"Arrow {kind}{form}": make for form, make in forms.items()}


def polars(kind: Any) -> dict[str, Holder]:
    """Hold cells in polars series of a type, in one piece and in several."""

    def appended(cells: list[Any]) -> Any:
        return pl.Series(cells[:1], dtype=kind).append(pl.Series(cells[1:], dtype=kind))

    return {f"polars {kind}": lambda cells: pl.Series(cells, dtype=kind), f"polars {kind} in chunks": appended}


def pandas(*kinds: Any) -> dict[str, Holder]:
    """Hold cells in pandas series of several types."""
    return {f"pandas {kind}": lambda cells, kind=kind: pd.Series(cells, dtype=kind) for kind in kinds}  # type: ignore[misc]


def runs(cells: list[Any]) -> Any:
    """Hold cells in runs of one, sliced out of longer ones."""
    ends = np.arange(2, len(cells) + 4, dtype=np.int32)
    values = pa.array([0, *cells, 0], pa.int64())
    return pa.RunEndEncodedArray.from_arrays(ends, values).slice(2, len(cells))


def with_one_zero(make: Holder) -> Holder:
    """Hold cells only without both 0.0 and -0.0, which pandas categoricals treat as equal."""
    return lambda cells: None if len({str(cell) for cell in cells} & {"0.0", "-0.0"}) == 2 else make(cells)


PLAIN: dict[str, Holder] = {
    "list": list,
    "tuple": tuple,
    "generator": lambda cells: (cell for cell in cells),
    "objects": objects,
    "masked objects": lambda cells: np.ma.MaskedArray(objects(cells), mask=[cell is None for cell in cells]),
    "pandas objects": lambda cells: pd.Series(objects(cells), dtype=object),
    "pandas Index": lambda cells: pd.Index(objects(cells), dtype=object),
}

TEXTS: dict[str, Holder] = {
    **PLAIN,
    "U": whole(unpadded(lambda cells: np.array(cells, dtype=str))),
    "big-endian U": whole(unpadded(lambda cells: np.array(cells, dtype=">U50"))),
    "masked U": unpadded(masked("ios", "U50")),
    "S": whole(unpadded(lambda cells: np.array([cell.encode() for cell in cells], dtype=bytes))),
    **pandas("category", "str", pd.StringDtype("python"), pd.StringDtype("pyarrow"), pd.ArrowDtype(pa.string())),
    "pandas category of Arrow": lambda cells: pd.Series(cells, dtype=pd.ArrowDtype(pa.string())).astype("category"),
    **polars(pl.String),
    **polars(pl.Categorical),
    **arrow(pa.string()),
    **arrow(pa.large_string()),
    **arrow(pa.string_view()),
    "list of Arrow's scalars": lambda cells: list(pa.array(cells, pa.string())),
}
if hasattr(np.dtypes, "StringDType"):
    for nothing in (None, np.nan, pd.NA, "none at all"):
        TEXTS[f"StringDType {nothing!r}"] = lambda cells, nothing=nothing: np.array(  # type: ignore[misc]
            [nothing if cell is None else cell for cell in cells], np.dtypes.StringDType(na_object=nothing)
        )
    TEXTS["StringDType"] = whole(lambda cells: np.array(cells, np.dtypes.StringDType()))

BYTES: dict[str, Holder] = {
    **PLAIN,
    "S": whole(unpadded(lambda cells: np.array(cells, dtype=bytes))),
    "masked S": unpadded(masked(b"ios", "S200")),
    **polars(pl.Binary),
    **arrow(pa.binary()),
    **arrow(pa.large_binary()),
    **arrow(pa.binary_view()),
}

INTEGERS: dict[str, Holder] = {
    **PLAIN,
    "int64": whole(lambda cells: np.array(cells, np.int64)),
    "big-endian": whole(lambda cells: np.array(cells, ">i8")),
    "strided": whole(lambda cells: np.array([cells, cells], np.int64).T.copy()[:, 1]),
    "masked": masked(7, np.int64),
    **pandas("Int64", "category", pd.ArrowDtype(pa.int64())),
    "pandas int64": whole(lambda cells: pd.Series(cells, dtype="int64")),
    **polars(pl.Int64),
    **arrow(pa.int64()),
    "Arrow run-end encoded": runs,
}

FLOATS: dict[str, Holder] = {
    **PLAIN,
    "float64": lambda cells: np.array(cells, np.float64),
    "big-endian": lambda cells: np.array(cells, ">f8"),
    "masked": masked(7.0, np.float64),
    **pandas("float64", "Float64", pd.ArrowDtype(pa.float64())),
    "pandas category": with_one_zero(lambda cells: pd.Series(cells, dtype="category")),
    **polars(pl.Float64),
    **arrow(pa.float64()),
}

BOOLS: dict[str, Holder] = {
    **PLAIN,
    "bool": whole(lambda cells: np.array(cells, np.bool_)),
    "masked": masked(True, np.bool_),
    **pandas("boolean", "category", pd.ArrowDtype(pa.bool_())),
    **polars(pl.Boolean),
    **arrow(pa.bool_()),
}

OBJECTS = PLAIN
