# SPDX-License-Identifier: Apache-2.0
"""The C ABI of libvaluation as ctypes and NumPy see it: a mirror of valuation.h and nothing else.

Structs that a call takes one at a time are ctypes structures; structs that come in arrays are NumPy dtypes, so that
whole arrays of them are filled without a Python loop.
"""

from __future__ import annotations

import ctypes
import enum
from collections.abc import Callable
from ctypes import POINTER, c_bool, c_char, c_char_p, c_double, c_int32, c_int64, c_size_t, c_uint32, c_uint64, c_void_p
from typing import Any

import numpy as np

#: The number in the SONAME that this module was written against (VALUATION_ABI_VERSION).
ABI_VERSION = 1

#: The model format that libraries of this ABI read (VALUATION_MODEL_FORMAT_VERSION).
MODEL_FORMAT_VERSION = 1

#: The compiled format that they write and map (VALUATION_COMPILED_FORMAT_VERSION).
COMPILED_FORMAT_VERSION = 4

#: The policy format that they read (VALUATION_POLICY_FORMAT_VERSION).
POLICY_FORMAT_VERSION = 1


class ErrorStruct(ctypes.Structure):
    """``valuation_error``: where a call failed, why, and what to do."""

    struct_size: int
    status: int
    line: int
    column: int
    file: bytes
    json_path: bytes
    message: bytes
    _fields_ = (
        ("struct_size", c_uint32),
        ("status", c_int32),
        ("line", c_uint32),
        ("column", c_uint32),
        ("file", c_char * 512),
        ("json_path", c_char * 256),
        ("message", c_char * 1024),
    )

    @classmethod
    def new(cls) -> ErrorStruct:
        """Return a struct as VALUATION_ERROR_INIT makes it."""
        return cls(struct_size=ctypes.sizeof(cls))


class EngineSwitch(enum.IntFlag):
    """``VALUATION_SWITCH_...``: switches that change an engine's defaults."""

    TRUST_COMPILED = 1 << 0
    FORGET_PREVIOUS = 1 << 1
    COPY_COMPILED = 1 << 2
    USE_BASELINE = 1 << 3
    USE_AVX2 = 1 << 4
    USE_AVX512 = 1 << 5
    COMPILED_ONLY = 1 << 6


class OptionsStruct(ctypes.Structure):
    """``valuation_options``: how an engine behaves."""

    struct_size: int
    switches: int
    maximum_input_bytes: int
    _fields_ = (("struct_size", c_uint32), ("switches", c_uint32), ("maximum_input_bytes", c_uint64))

    @classmethod
    def new(cls, maximum_input_bytes: int, switches: int = 0) -> OptionsStruct:
        """Return a struct as VALUATION_OPTIONS_INIT makes it, with the limit given (0 for the library's own)."""
        if not 0 <= maximum_input_bytes < 2**64:
            raise ValueError(
                f"maximum_input_bytes must be from 0 (the default) to 2**64 - 1, not {maximum_input_bytes}"
            )
        return cls(struct_size=ctypes.sizeof(cls), switches=switches, maximum_input_bytes=maximum_input_bytes)


class PublishSwitch(enum.IntFlag):
    """``VALUATION_PUBLISH_...``: switches that change how models are published."""

    NO_COMPILED = 1 << 0
    KEEP_LATEST = 1 << 1


class PublishingStruct(ctypes.Structure):
    """``valuation_publishing``: how models are published."""

    struct_size: int
    switches: int
    id: bytes
    id_length: int
    click_prior: float
    conversion_prior: float
    _fields_ = (
        ("struct_size", c_uint32),
        ("switches", c_uint32),
        ("id", c_char_p),
        ("id_length", c_size_t),
        ("click_prior", c_double),
        ("conversion_prior", c_double),
    )

    @classmethod
    def new(cls, switches: int, id: bytes, click_prior: float, conversion_prior: float) -> PublishingStruct:  # noqa: A002
        """Return a struct as VALUATION_PUBLISHING_INIT makes it, with the given members; empty or 0 for defaults."""
        return cls(
            struct_size=ctypes.sizeof(cls),
            switches=switches,
            id=id,
            id_length=len(id),
            click_prior=click_prior,
            conversion_prior=conversion_prior,
        )


class SourceStruct(ctypes.Structure):
    """``valuation_source``: what a value is from."""

    struct_size: int
    kind: int
    predictor: bytes
    experiment: bytes
    variant: bytes
    releases: bytes
    _fields_ = (
        ("struct_size", c_uint32),
        ("kind", c_int32),
        ("predictor", c_char * 256),
        ("experiment", c_char * 256),
        ("variant", c_char * 256),
        ("releases", c_char * 1040),
    )

    @classmethod
    def new(cls) -> SourceStruct:
        """Return a struct as VALUATION_SOURCE_INIT makes it."""
        return cls(struct_size=ctypes.sizeof(cls))


class GenerationStruct(ctypes.Structure):
    """``valuation_generation``: what a generation stands for."""

    struct_size: int
    generation: int
    time_ms: int
    release: bytes
    models_digest: bytes
    policy_version: bytes
    policy_digest: bytes
    path: bytes
    _fields_ = (
        ("struct_size", c_uint32),
        ("generation", c_uint64),
        ("time_ms", c_int64),
        ("release", c_char * 68),
        ("models_digest", c_char * 36),
        ("policy_version", c_char * 256),
        ("policy_digest", c_char * 36),
        ("path", c_char * 512),
    )

    @classmethod
    def new(cls) -> GenerationStruct:
        """Return a struct as VALUATION_GENERATION_INIT makes it."""
        return cls(struct_size=ctypes.sizeof(cls))


class EngineStateStruct(ctypes.Structure):
    """``valuation_engine_state``: how an engine is."""

    struct_size: int
    is_mapped: bool
    is_prepared: bool
    generation: int
    loaded_at_ms: int
    latest_replaced_ms: int
    models: int
    index_bytes: int
    refreshed_at_ms: int
    refresh_failures: int
    refresh_status: int
    refresh_message: bytes
    release: bytes
    previous: bytes
    held_back: bytes
    policy_version: bytes
    _fields_ = (
        ("struct_size", c_uint32),
        ("is_mapped", c_bool),
        ("is_prepared", c_bool),
        ("generation", c_uint64),
        ("loaded_at_ms", c_int64),
        ("latest_replaced_ms", c_int64),
        ("models", c_uint64),
        ("index_bytes", c_uint64),
        ("refreshed_at_ms", c_int64),
        ("refresh_failures", c_uint64),
        ("refresh_status", c_int32),
        ("refresh_message", c_char * 256),
        ("release", c_char * 68),
        ("previous", c_char * 68),
        ("held_back", c_char * 68),
        ("policy_version", c_char * 256),
    )

    @classmethod
    def new(cls) -> EngineStateStruct:
        """Return a struct as VALUATION_ENGINE_STATE_INIT makes it."""
        return cls(struct_size=ctypes.sizeof(cls))


#: Keys are below this.
KEY_LIMIT = 2**61

#: ``valuation_problem_callback``
ProblemCallback = ctypes.CFUNCTYPE(c_bool, c_void_p, POINTER(ErrorStruct))

#: ``valuation_feature``
FEATURE_DTYPE = np.dtype([("key", np.uint64), ("number", np.float64)])

#: ``valuation_unit``; a pointer is an unsigned integer of its size, here and below.
UNIT_DTYPE = np.dtype(
    [("field", np.uintp), ("field_length", np.uintp), ("text", np.uintp), ("text_length", np.uintp)], align=True
)

#: ``valuation_request``
REQUEST_DTYPE = np.dtype(
    [
        ("struct_size", np.uint32),
        ("candidate_size", np.uint32),
        ("value_size", np.uint32),
        ("feature_count", np.uint32),
        ("features", np.uintp),
        ("time_budget_ns", np.uint64),
        ("units", np.uintp),
        ("unit_count", np.uint64),
        ("seed", np.uint64),
        ("time", np.int64),
    ],
    align=True,
)

#: ``valuation_candidate``
CANDIDATE_DTYPE = np.dtype(
    [
        ("campaign", np.uint64),
        ("features", np.uintp),
        ("feature_count", np.uint32),
        ("pricing", np.int32),
        ("bid", np.float64),
    ],
    align=True,
)

#: ``valuation_value``
VALUE_DTYPE = np.dtype(
    [
        ("expected_revenue", np.float64),
        ("pctr", np.float32),
        ("pcvr", np.float32),
        ("flags", np.uint32),
        ("source", np.uint32),
    ],
    align=True,
)

#: ``valuation_outcome``
OUTCOME_DTYPE = np.dtype(
    [
        ("struct_size", np.uint32),
        ("budget_exceeded", np.uint32),
        ("generation", np.uint64),
        ("nanoseconds", np.uint64),
        ("request_features", np.uint64),
        ("request_features_known", np.uint64),
        ("candidate_features", np.uint64),
        ("candidate_features_known", np.uint64),
    ],
    align=True,
)

_ERROR = POINTER(ErrorStruct)
_OPTIONS = POINTER(OptionsStruct)
_PUBLISHING = POINTER(PublishingStruct)
_OUT_HANDLE = POINTER(c_void_p)
_OUT_TEXT = POINTER(c_void_p)
_OUT_SIZE = POINTER(c_size_t)

#: Every function of the header: its result and its arguments. Arrays are passed by address.
SIGNATURES: dict[str, tuple[Any, list[Any]]] = {
    "valuation_version": (c_char_p, []),
    "valuation_abi_version": (c_uint32, []),
    "valuation_build_info": (c_char_p, []),
    "valuation_status_name": (c_char_p, [c_int32]),
    "valuation_engine_create": (c_int32, [_OPTIONS, _OUT_HANDLE, _ERROR]),
    "valuation_engine_destroy": (None, [c_void_p]),
    "valuation_engine_load": (c_int32, [c_void_p, c_char_p, c_size_t, _ERROR]),
    "valuation_engine_refresh": (c_int32, [c_void_p, POINTER(c_bool), _ERROR]),
    "valuation_engine_prepare": (c_int32, [c_void_p, POINTER(c_bool), _ERROR]),
    "valuation_engine_commit": (c_int32, [c_void_p, _ERROR]),
    "valuation_engine_roll_back": (c_int32, [c_void_p, c_char_p, c_size_t, _ERROR]),
    "valuation_engine_read_state": (c_int32, [c_void_p, POINTER(EngineStateStruct), _ERROR]),
    "valuation_engine_describe": (c_int32, [c_void_p, _OUT_HANDLE, _ERROR]),
    "valuation_engine_find_generation": (c_int32, [c_void_p, c_uint64, POINTER(GenerationStruct), _ERROR]),
    "valuation_engine_find_source": (c_int32, [c_void_p, c_uint64, c_uint32, POINTER(SourceStruct), _ERROR]),
    "valuation_validate": (c_int32, [c_char_p, c_size_t, _OPTIONS, ProblemCallback, c_void_p, _ERROR]),
    "valuation_feature_key": (c_uint64, [c_void_p, c_char_p, c_size_t, c_char_p, c_size_t]),
    "valuation_number_key": (c_uint64, [c_void_p, c_char_p, c_size_t]),
    "valuation_campaign_key": (c_uint64, [c_void_p, c_char_p, c_size_t]),
    "valuation_cross_key": (c_uint64, [c_void_p, c_uint64, c_uint64]),
    "valuation_fingerprint": (c_uint64, [c_char_p, c_size_t]),
    "valuation_scorer_create": (c_int32, [c_void_p, _OUT_HANDLE, _ERROR]),
    "valuation_scorer_destroy": (None, [c_void_p]),
    "valuation_flag_name": (c_char_p, [c_uint32]),
    "valuation_score": (c_int32, [c_void_p, c_void_p, c_void_p, c_size_t, c_void_p, c_void_p, _ERROR]),
    "valuation_rank": (
        c_int32,
        [c_void_p, c_void_p, c_void_p, c_size_t, c_size_t, c_void_p, c_void_p, _OUT_SIZE, c_void_p, _ERROR],
    ),
    "valuation_score_batch": (
        c_int32,
        [c_void_p, c_void_p, c_size_t, c_void_p, c_size_t, c_void_p, c_void_p, c_void_p, c_void_p, _ERROR],
    ),
    "valuation_score_flat": (
        c_int32,
        [
            *(c_void_p, c_void_p),
            *(c_void_p, c_size_t, c_void_p),
            *(c_void_p, c_size_t),
            *(c_size_t, c_void_p, c_void_p, c_void_p, c_void_p),
            *(c_void_p, _ERROR),
        ],
    ),
    "valuation_score_json": (c_int32, [c_void_p, c_char_p, c_size_t, _OUT_TEXT, _OUT_SIZE, _ERROR]),
    "valuation_explain_json": (c_int32, [c_void_p, c_char_p, c_size_t, _OUT_TEXT, _OUT_SIZE, _ERROR]),
    "valuation_engine_load_policy": (c_int32, [c_void_p, c_char_p, c_size_t, _ERROR]),
    "valuation_bucket": (c_uint32, [c_char_p, c_size_t, c_char_p, c_size_t]),
    "valuation_explore": (
        c_int32,
        [c_void_p, c_void_p, c_void_p, c_size_t, c_void_p, c_void_p, c_void_p, c_void_p, _ERROR],
    ),
    "valuation_assign_json": (c_int32, [c_void_p, c_char_p, c_size_t, _OUT_TEXT, _OUT_SIZE, _ERROR]),
    "valuation_report_text": (c_char_p, [c_void_p, _OUT_SIZE]),
    "valuation_report_destroy": (None, [c_void_p]),
    "valuation_policy_check": (
        c_int32,
        [c_char_p, c_size_t, c_char_p, c_size_t, _OUT_HANDLE, _ERROR],
    ),
    "valuation_publish": (
        c_int32,
        [c_char_p, c_size_t, c_char_p, c_size_t, _PUBLISHING, _OUT_HANDLE, _ERROR],
    ),
    "valuation_compile": (c_int32, [c_char_p, c_size_t, c_char_p, c_size_t, _ERROR]),
    "valuation_releases_list": (c_int32, [c_char_p, c_size_t, _OUT_HANDLE, _ERROR]),
    "valuation_releases_select": (c_int32, [c_char_p, c_size_t, c_char_p, c_size_t, _OUT_HANDLE, _ERROR]),
    "valuation_releases_prune": (c_int32, [c_char_p, c_size_t, c_size_t, _OUT_HANDLE, _ERROR]),
    "valuation_compare": (
        c_int32,
        [c_char_p, c_size_t, c_char_p, c_size_t, c_size_t, _OUT_HANDLE, _ERROR],
    ),
}


class Library:
    """The functions of a loaded libvaluation, with their types set.

    ctypes releases the interpreter's lock around each call, so threads score at the same time.
    """

    def __init__(self, library: ctypes.CDLL) -> None:
        for name, (result, arguments) in SIGNATURES.items():
            function = getattr(library, name)
            function.restype = result
            function.argtypes = arguments
            setattr(self, name, function)

    def __getattr__(self, name: str) -> Callable[..., Any]:  # for type checkers; reached for unknown names only
        raise AttributeError(f"valuation.h has no function {name}")
