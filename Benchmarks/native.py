# SPDX-License-Identifier: Apache-2.0
"""The native contenders (C++, in native/), built on first use and called through ctypes.

The library under test lies in the folder that VALUATION_LIBRARY_DIRECTORY names, build/lib by default.
"""

from __future__ import annotations

import ctypes
import functools
import json
import os
import shutil
import subprocess
from ctypes import POINTER, Structure, byref, c_char_p, c_double, c_int, c_int32, c_int64, c_uint64, c_void_p
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt
from workload import AD_FIELDS, BID, CANDIDATES, FOLDER, LABELS, REQUESTS, ROOT, Data, ModelSet, Weights

SOURCES = Path(__file__).resolve().parent / "native"
# In the order of the table: ours first.
NAMES = ("valuation", "limit (ids)", "limit (keys)", "open addressing", "sorted arrays", "LIBLINEAR")
# The library's instruction sets, the widest first: the flag in /proc/cpuinfo and the switch of an engine's options.
SETS = {"AVX-512": ("avx512vl", 1 << 5), "AVX2": ("avx2", 1 << 4), "baseline": ("", 1 << 3)}
JSON_NAMES = ("valuation json", "jansson")


def library() -> Path:
    """Return the path of the libvaluation.so under test."""
    return Path(os.environ.get("VALUATION_LIBRARY_DIRECTORY", ROOT / "build" / "lib")).resolve() / "libvaluation.so"


def sets() -> tuple[str, ...]:
    """Return the instruction sets of this machine that the library has loops for, the widest first."""
    flags = Path("/proc/cpuinfo").read_text().partition("flags")[2].partition("\n")[0].split()
    return tuple(name for name, (flag, _) in SETS.items() if not flag or flag in flags)


def narrower() -> tuple[str, ...]:
    """Return the names of our library with each set of this machine but the widest, which is ``NAMES[0]``."""
    return tuple(f"{NAMES[0]}, {instructions}" for instructions in sets()[1:])


class _WeightsArgument(Structure):
    _fields_ = (
        ("indptr", POINTER(c_int64)),
        ("indices", POINTER(c_int32)),
        ("values", POINTER(c_double)),
        ("intercepts", POINTER(c_double)),
    )


class _ModelsArgument(Structure):
    _fields_ = (
        ("campaigns", c_uint64),
        ("labels", c_uint64),
        ("fields", c_uint64),
        ("ad_fields", c_uint64),
        ("click", _WeightsArgument),
        ("conversion", _WeightsArgument),
        ("label_keys", POINTER(c_uint64)),
        ("campaign_keys", POINTER(c_uint64)),
        ("folder", c_char_p),
        ("library", c_char_p),
        ("policy", c_char_p),
        ("switches", c_uint64),
    )


class _RequestsArgument(Structure):
    _fields_ = (
        ("count", c_uint64),
        ("features", c_uint64),
        ("candidates", c_uint64),
        ("ad_features", c_uint64),
        ("candidate_stride", c_uint64),
        ("ad_stride", c_uint64),
        ("bid", c_double),
        ("request_labels", POINTER(c_int32)),
        ("candidate_campaigns", POINTER(c_int32)),
        ("ad_labels", POINTER(c_int32)),
        ("texts", POINTER(c_char_p)),
        ("text_lengths", POINTER(c_uint64)),
    )


def _pointer(array: npt.NDArray[Any]) -> Any:
    """Return a ctypes pointer to a contiguous array's first element; the array must outlive it."""
    return array.ctypes.data_as(POINTER(np.ctypeslib.as_ctypes_type(array.dtype)))


def compiler() -> list[str]:
    """Return the command that compiles C++ for this machine: CXX, or Clang, which makes the limit faster."""
    name = os.environ.get("CXX") or ("clang++" if shutil.which("clang++") else "g++")
    # The header of vector intrinsics of gcc 12 causes the warnings that are off; Clang does not know all of them.
    off = ["-Wno-uninitialized", "-Wno-maybe-uninitialized", "-Wno-unknown-warning-option"]
    return [name, "-std=c++17", "-O3", "-march=native", "-Wall", "-Wextra", "-Werror", *off]


def build() -> Path:
    """Compile native/ into build/bench/contenders.so if a source is newer; return its path."""
    target = FOLDER / "contenders.so"
    sources = [path for path in sorted(SOURCES.glob("*.cpp")) if path.name not in ("load.cpp", "commits.cpp")]
    _compile(target, sources, ["-shared", "-fPIC"], ["-llinear", "-ljansson"])
    return target


def _compile(target: Path, sources: list[Path], options: list[str], libraries: list[str]) -> None:
    newest = max(path.stat().st_mtime for path in (*SOURCES.iterdir(), ROOT / "Include" / "valuation.h"))
    if target.exists() and target.stat().st_mtime > newest:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    command = [*compiler(), *options, f"-I{ROOT / 'Include'}", "-o", f"{target}.new"]
    subprocess.run([*command, *map(str, sources), *libraries, "-pthread", "-ldl"], check=True)
    Path(f"{target}.new").rename(target)


@functools.cache
def _functions() -> ctypes.CDLL:
    functions = ctypes.CDLL(str(build()))
    for name, result, arguments in (
        ("create", c_void_p, [c_char_p, POINTER(_ModelsArgument)]),
        ("names", c_char_p, []),
        ("prepare", c_int, [c_void_p, POINTER(_RequestsArgument)]),
        ("score", c_int, [c_void_p, c_uint64, c_void_p, c_void_p, c_void_p]),
        ("run", c_int, [c_void_p, c_uint64, c_uint64, c_void_p]),
        ("throughput", c_double, [c_void_p, c_uint64, c_double]),
        ("bytes", c_uint64, [c_void_p]),
        ("destroy", None, [c_void_p]),
        ("problem", c_char_p, []),
    ):
        function = getattr(functions, f"contender_{name}")
        function.restype, function.argtypes = result, arguments
    return functions


class Native:
    """One native contender with the models of one set.

    Parameters
    ----------
    name : str
        One of ``NAMES`` or ``JSON_NAMES``, or of ``narrower()``.
    model_set : ModelSet
        Its size; needed for the labels' fields.
    data : Data
        The result of ``model_set.load()``. Kept until ``close``.
    policy : Path, optional
        A policy under which ``valuation`` scores.
    folder : Path, optional
        What ``valuation`` loads instead of the data's models.

    Raises
    ------
    RuntimeError
        If it cannot be made, for example because there is too little memory.
    """

    def __init__(
        self, name: str, model_set: ModelSet, data: Data, policy: Path | None = None, folder: Path | None = None
    ) -> None:
        self.name = name
        self.candidates = 0
        self.model_set, self.data = model_set, data
        self._kept: list[Any] = []
        kind, _, instructions = name.partition(", ")
        models = _ModelsArgument(
            campaigns=model_set.campaigns,
            labels=LABELS,
            fields=model_set.fields + AD_FIELDS,
            ad_fields=AD_FIELDS,
            click=self._weights(data.click),
            conversion=self._weights(data.conversion),
            label_keys=_pointer(data.label_keys),
            campaign_keys=_pointer(data.campaign_keys),
            folder=str(folder or data.models).encode(),
            library=str(library()).encode(),
            policy=str(policy).encode() if policy else None,
            switches=SETS[instructions][1] if instructions else 0,
        )
        self._functions = _functions()
        self._handle = self._functions.contender_create(kind.encode(), byref(models))
        self._check(self._handle)

    @staticmethod
    def _weights(weights: Weights) -> _WeightsArgument:
        return _WeightsArgument(*map(_pointer, (weights.indptr, weights.indices, weights.values, weights.intercepts)))

    def _check(self, answer: Any) -> None:
        if not answer:
            raise RuntimeError(f"{self.name}: {self._functions.contender_problem().decode()}")

    def prepare(
        self, candidates: int, ad_features: int, *, requests: int = REQUESTS, features: int | None = None
    ) -> None:
        """Convert the requests into this contender's form, at one point of the grid.

        Parameters
        ----------
        candidates : int
            N, at most ``CANDIDATES``.
        ad_features : int
            A, at most ``AD_FIELDS``.
        requests : int
            How many requests to take; fewer for JSON texts of many candidates.
        features : int, optional
            How many of a request's features to take, the first ones; by default all.
        """
        data = self.data
        labels = np.ascontiguousarray(data.features[:, :features])
        argument = _RequestsArgument(
            count=requests,
            features=labels.shape[1],
            candidates=candidates,
            ad_features=ad_features,
            candidate_stride=CANDIDATES,
            ad_stride=AD_FIELDS,
            bid=BID,
            request_labels=_pointer(labels),
            candidate_campaigns=_pointer(data.campaigns),
            ad_labels=_pointer(data.ad_features),
        )
        self._kept = [labels]
        if self.name in JSON_NAMES:
            texts = [self.model_set.json(data, request, candidates, ad_features) for request in range(requests)]
            self._kept += [(c_char_p * requests)(*texts), (c_uint64 * requests)(*map(len, texts)), texts]
            argument.texts, argument.text_lengths = self._kept[1:3]
        self._check(self._functions.contender_prepare(self._handle, byref(argument)))
        self.candidates = candidates

    def score(self, request: int) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], npt.NDArray[np.float64]]:
        """Score one prepared request; return pCTR, pCVR and expected revenue, N of each (not timed)."""
        pctr, pcvr = np.empty(self.candidates, np.float32), np.empty(self.candidates, np.float32)
        revenue = np.empty(self.candidates, np.float64)
        addresses = [array.ctypes.data for array in (pctr, pcvr, revenue)]
        self._check(self._functions.contender_score(self._handle, request, *addresses))
        return pctr, pcvr, revenue

    def run(self, first: int, count: int) -> npt.NDArray[np.uint64]:
        """Score ``count`` requests from number ``first`` on, cyclically; return the nanoseconds of each.

        Some are scored untimed before, for at most 10 ms: another contender may have emptied the caches.
        """
        nanoseconds = np.empty(count, np.uint64)
        self._check(self._functions.contender_run(self._handle, first, count, nanoseconds.ctypes.data))
        return nanoseconds

    def throughput(self, threads: int, seconds: float) -> float:
        """Return the requests per second that ``threads`` threads score together; for ``valuation`` only."""
        rate = self._functions.contender_throughput(self._handle, threads, seconds)
        self._check(rate)
        return float(rate)

    @property
    def bytes(self) -> int:
        """Bytes of the models in this contender's own form."""
        return int(self._functions.contender_bytes(self._handle))

    def close(self) -> None:
        """Free everything."""
        if self._handle:
            self._functions.contender_destroy(self._handle)
            self._handle = None

    def __enter__(self) -> Native:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def measure_commits(root: Path, count: int) -> dict[str, Any]:
    """Commit this many times in an event loop of a new process that follows a directory of releases.

    Returns
    -------
    dict
        ``commits``, ``nothing_prepared`` and ``failures`` of the other thread; ``commit_ns`` and ``turn_ns``, of the
        commit and of the commit with the next call, each with ``p50``, ``p99``, ``p99.9`` and ``max``.
    """
    program = FOLDER / "commits"
    _compile(program, [SOURCES / "commits.cpp"], [], [])
    command = [str(program), str(library()), str(root), str(count)]
    return dict(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))


def measure_load(model_set: ModelSet, other: Path | None = None) -> dict[str, float]:
    """Load a set's files through the public API in a new process, with the built library or another one.

    Returns
    -------
    dict
        ``seconds`` of valuation_engine_load, and ``cpu_seconds``, which other processes do not lengthen;
        ``index_bytes``, ``weights``, ``labels`` and ``models`` from valuation_engine_describe; ``peak_bytes``, the
        process's peak resident memory (VmHWM), and ``start_bytes``, its memory before the load.
    """
    model_set.write()
    program = FOLDER / "load"
    _compile(program, [SOURCES / "load.cpp"], [], ["-ljansson"])
    command = [str(program), str(other or library()), str(model_set.folder / "models")]
    return dict(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
