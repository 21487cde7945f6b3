# SPDX-License-Identifier: Apache-2.0
"""Reading Arrow's arrays, whichever library holds them: pyarrow, polars, DuckDB, Arrow-backed pandas.

Cells are copied from their chunk, so nothing is borrowed when a call returns.
"""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
import numpy.typing as npt

from valuation.columns.arrow_interface import ArrowArray, ArrowSchema, chunks, extension
from valuation.columns.cells import Cells, ranges
from valuation.columns.layouts import Chunks, Dictionary, Foreign, Lists, Numbers, Objects
from valuation.columns.texts import Texts

_NUMBERS = {
    "c": np.int8,
    "C": np.uint8,
    "s": np.int16,
    "S": np.uint16,
    "i": np.int32,
    "I": np.uint32,
    "l": np.int64,
    "L": np.uint64,
    "e": np.float16,
    "f": np.float32,
    "g": np.float64,
}
#: The first letters of formats that are neither texts nor numbers nor lists of those.
_FOREIGN = {
    "w:": "fixed-size binary",  # polars' Python objects, for example, which are addresses
    "d:": "decimal",
    "td": "date",
    "tt": "time",
    "ts": "timestamp",
    "tD": "duration",
    "ti": "interval",
    "+s": "struct",
    "+m": "map",
    "+u": "union",
}


def read_arrow(values: Any) -> Cells:
    """Read a column: an array, a chunked array or a stream of them."""
    return _joined([_read(schema, array) for schema, array in chunks(values) if array is not None])


def read_arrow_table(values: Any) -> dict[str, Cells]:
    """Read the columns of a table, a record batch or a stream of those, by their names.

    Raises
    ------
    TypeError
        If it is not a table.
    ValueError
        If two columns have one name.
    """
    names: list[str] = []
    columns: list[list[Cells]] = []
    for schema, array in chunks(values):
        if schema.format != b"+s":
            raise TypeError(f"{type(values).__name__} is a column, not a table; give it a name: {{name: column}}")
        names = [(schema.children[number].contents.name or b"").decode() for number in range(schema.n_children)]
        if len(set(names)) != len(names):
            raise ValueError(f"two columns are named {max(names, key=names.count)!r}")
        columns = columns or [[] for _ in names]
        if array is None:
            continue
        for number in range(schema.n_children):
            child = array.children[number].contents
            start = child.offset + array.offset
            columns[number].append(_read(schema.children[number].contents, child, start, array.length))
    return {name: _joined(parts) for name, parts in zip(names, columns, strict=True)}


def _joined(parts: list[Cells]) -> Cells:
    if len(parts) == 1:
        return parts[0]
    return Chunks(parts) if parts else Objects([])


def _read(schema: ArrowSchema, array: ArrowArray, start: int | None = None, count: int | None = None) -> Cells:
    """Read ``count`` cells from ``start`` on, counted from the beginning of the buffers; by default the array's own."""
    start = array.offset if start is None else start
    count = array.length if count is None else count
    layout = schema.format.decode()
    if layout == "n":
        return Foreign("null", np.ones(count, np.bool_))
    if layout == "+r":
        ends, values = (_read(schema.children[n].contents, array.children[n].contents) for n in (0, 1))
        positions = np.arange(start, start + count)
        return Dictionary(np.searchsorted(ends.numbers(), positions, side="right"), values)
    present = None if not array.buffers[0] else _bits(array, 0, start, count)
    kind = extension(schema)
    if kind == "arrow.bool8":
        return Numbers(_buffer(array, 1, np.int8, start, count) != 0, present)
    if kind is not None and kind != "arrow.json":
        return _foreign(kind, count, present)
    if schema.dictionary:
        indices = _buffer(array, 1, _NUMBERS[layout], start, count).astype(np.int64)
        if present is not None:
            indices[~present] = -1
        return Dictionary(indices, _read(schema.dictionary.contents, array.dictionary.contents))
    if layout == "b":
        return Numbers(_bits(array, 1, start, count), present)
    if layout in _NUMBERS:
        return Numbers(_buffer(array, 1, _NUMBERS[layout], start, count), present)
    if layout in ("+l", "+L", "+vl", "+vL") or layout.startswith("+w:"):
        return _lists(schema, array, layout, start, count, present)
    if layout in ("u", "z", "U", "Z"):
        return _texts(array, np.int32 if layout in "uz" else np.int64, start, count, present)
    if layout in ("vu", "vz"):
        return _viewed_texts(array, start, count, present)
    return _foreign(_FOREIGN.get(layout[:2], f"Arrow's {layout!r}"), count, present)


def _foreign(kind: str, count: int, present: npt.NDArray[np.bool_] | None) -> Cells:
    return Foreign(kind, np.zeros(count, np.bool_) if present is None else ~present)


def _buffer(array: ArrowArray, number: int, dtype: Any, start: int, count: int) -> npt.NDArray[Any]:
    if not count:
        return np.empty(0, dtype)
    size = np.dtype(dtype).itemsize
    return np.frombuffer(ctypes.string_at(array.buffers[number] + start * size, count * size), dtype)


def _bits(array: ArrowArray, number: int, start: int, count: int) -> npt.NDArray[np.bool_]:
    first, last = start // 8, (start + count + 7) // 8
    bits = np.unpackbits(_buffer(array, number, np.uint8, first, last - first), bitorder="little")
    return bits[start - first * 8 :][:count].astype(np.bool_)


def _lengths(lengths: npt.NDArray[Any], present: npt.NDArray[np.bool_] | None) -> npt.NDArray[np.int64]:
    return np.where(True if present is None else present, lengths.astype(np.int64), -1)


def _texts(array: ArrowArray, dtype: Any, start: int, count: int, present: npt.NDArray[np.bool_] | None) -> Cells:
    """Read texts between offsets."""
    offsets = _buffer(array, 1, dtype, start, count + 1 if count else 0).astype(np.int64)
    first, last = (int(offsets[0]), int(offsets[-1])) if count else (0, 0)
    data = ctypes.string_at(array.buffers[2] + first, last - first) if last > first else b""
    return Texts(data, offsets[:-1] - first, _lengths(np.diff(offsets), present))


def _viewed_texts(array: ArrowArray, start: int, count: int, present: npt.NDArray[np.bool_] | None) -> Cells:
    """Read texts of up to 12 bytes from their views of 16 bytes, and longer ones from where the views point."""
    data = _buffer(array, 1, np.uint8, 16 * start, 16 * count).tobytes()
    views = np.frombuffer(data, np.int32).reshape(count, 4)
    starts, lengths = 16 * np.arange(count) + 4, _lengths(views[:, 0], present)
    long = np.flatnonzero(lengths > 12)
    places = zip(*views[long, 2:].T.tolist(), lengths[long].tolist(), strict=True)
    texts = [ctypes.string_at(array.buffers[2 + buffer] + offset, length) for buffer, offset, length in places]
    starts[long] = len(data) + np.cumsum(lengths[long]) - lengths[long]
    return Texts(b"".join([data, *texts]), starts, lengths)


def _lists(
    schema: ArrowSchema,
    array: ArrowArray,
    layout: str,
    start: int,
    count: int,
    present: npt.NDArray[np.bool_] | None,
) -> Cells:
    """Read lists: between offsets, of offsets and sizes (views), or of one size."""
    if layout.startswith("+w:"):
        size = int(layout[3:])
        starts, counts = (start + np.arange(count)) * size, np.full(count, size)
    else:
        dtype = np.int32 if layout.endswith("l") else np.int64
        if layout.startswith("+v"):
            starts, counts = (_buffer(array, number, dtype, start, count).astype(np.int64) for number in (1, 2))
        else:
            offsets = _buffer(array, 1, dtype, start, count + 1 if count else 0).astype(np.int64)
            starts, counts = offsets[:-1], np.diff(offsets)
    if present is not None:
        counts = np.where(present, counts, 0)
    rows, places = ranges(starts, counts)
    first, last = (int(places.min()), int(places.max()) + 1) if len(places) else (0, 0)
    child = array.children[0].contents
    values = _read(schema.children[0].contents, child, child.offset + first, last - first)
    if len(places) != last - first or not np.array_equal(places, np.arange(first, last)):
        values = values.take(places - first)
    return Lists(count, rows, values)
