# SPDX-License-Identifier: Apache-2.0
"""Arrow's C data interface, by which libraries pass columns in memory without knowing each other.

The structs are those of https://arrow.apache.org/docs/format/CDataInterface.html; the methods that return them are
those of its PyCapsule interface.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from ctypes import CFUNCTYPE, POINTER, c_char_p, c_int, c_int32, c_int64, c_void_p
from typing import Any


class ArrowSchema(ctypes.Structure):
    """The type of a column."""

    format: bytes
    name: bytes | None
    metadata: int | None
    n_children: int
    children: Any
    dictionary: Any


ArrowSchema._fields_ = (
    ("format", c_char_p),
    ("name", c_char_p),
    ("metadata", c_void_p),
    ("flags", c_int64),
    ("n_children", c_int64),
    ("children", POINTER(POINTER(ArrowSchema))),
    ("dictionary", POINTER(ArrowSchema)),
    ("release", c_void_p),
    ("private_data", c_void_p),
)


def extension(schema: ArrowSchema) -> str | None:
    """Return the name of a column's extension type, or None if its format says everything."""
    if not schema.metadata:
        return None
    place = schema.metadata
    texts: list[bytes] = []
    for _ in range(2 * c_int32.from_address(place).value):  # keys and values, each behind its length
        place += 4 + len(texts[-1] if texts else b"")
        texts.append(ctypes.string_at(place + 4, c_int32.from_address(place).value))
    found = dict(zip(texts[::2], texts[1::2], strict=True)).get(b"ARROW:extension:name")
    return None if found is None else found.decode()


class ArrowArray(ctypes.Structure):
    """The cells of a column."""

    length: int
    null_count: int
    offset: int
    n_buffers: int
    n_children: int
    buffers: Any
    children: Any
    dictionary: Any
    release: Any


ArrowArray._fields_ = (
    ("length", c_int64),
    ("null_count", c_int64),
    ("offset", c_int64),
    ("n_buffers", c_int64),
    ("n_children", c_int64),
    ("buffers", POINTER(c_void_p)),
    ("children", POINTER(POINTER(ArrowArray))),
    ("dictionary", POINTER(ArrowArray)),
    ("release", CFUNCTYPE(None, POINTER(ArrowArray))),
    ("private_data", c_void_p),
)


class _ArrowArrayStream(ctypes.Structure):
    get_schema: Any
    get_next: Any
    get_last_error: Any


_ArrowArrayStream._fields_ = (
    ("get_schema", CFUNCTYPE(c_int, POINTER(_ArrowArrayStream), POINTER(ArrowSchema))),
    ("get_next", CFUNCTYPE(c_int, POINTER(_ArrowArrayStream), POINTER(ArrowArray))),
    ("get_last_error", CFUNCTYPE(c_char_p, POINTER(_ArrowArrayStream))),
    ("release", c_void_p),
    ("private_data", c_void_p),
)

_RELEASE_SCHEMA = CFUNCTYPE(None, POINTER(ArrowSchema))

_pointer_of = ctypes.pythonapi.PyCapsule_GetPointer
_pointer_of.restype = c_void_p
_pointer_of.argtypes = [ctypes.py_object, c_char_p]


def is_arrow(values: Any) -> bool:
    """Return whether an object passes its cells through the interface."""
    return hasattr(values, "__arrow_c_stream__") or hasattr(values, "__arrow_c_array__")


def chunks(values: Any) -> Iterator[tuple[ArrowSchema, ArrowArray | None]]:
    """Yield the type and the chunks of an object, one by one; None instead of a chunk if there are none.

    A yielded chunk is valid until the next one is requested.
    """
    if not hasattr(values, "__arrow_c_stream__"):
        schema_capsule, array_capsule = values.__arrow_c_array__()  # which release what they hold
        schema = ArrowSchema.from_address(_pointer_of(schema_capsule, b"arrow_schema"))
        yield schema, ArrowArray.from_address(_pointer_of(array_capsule, b"arrow_array"))
        return
    capsule = values.__arrow_c_stream__()  # which releases the stream
    stream = _ArrowArrayStream.from_address(_pointer_of(capsule, b"arrow_array_stream"))
    schema = ArrowSchema()
    _check(stream, stream.get_schema(ctypes.byref(stream), ctypes.byref(schema)))
    try:
        found = False
        while True:
            array = ArrowArray()
            _check(stream, stream.get_next(ctypes.byref(stream), ctypes.byref(array)))
            if not array.release:  # the end
                break
            found = True
            try:
                yield schema, array
            finally:
                array.release(ctypes.byref(array))
        if not found:
            yield schema, None
    finally:
        _RELEASE_SCHEMA(schema.release)(ctypes.byref(schema))


def _check(stream: _ArrowArrayStream, code: int) -> None:
    if code:
        reason = stream.get_last_error(ctypes.byref(stream))
        raise RuntimeError(f"the columns could not be read: {reason.decode() if reason else f'error {code}'}")
