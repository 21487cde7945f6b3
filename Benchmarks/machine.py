# SPDX-License-Identifier: Apache-2.0
"""What the figures were measured on: processor, memory, system, compilers, and versions of the contenders."""

from __future__ import annotations

import ctypes
import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

import native

PACKAGES = ("numpy", "scipy", "scikit-learn", "onnxruntime", "vowpalwabbit")


def describe() -> dict[str, Any]:
    """Return machine and versions."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": processor(),
        "cores": len(os.sched_getaffinity(0)),
        "load_before": round(os.getloadavg()[0], 1),
        "memory_gigabytes": round(memory / 2**30),
        "system": platform.freedesktop_os_release().get("PRETTY_NAME", platform.system()),
        "versions": {
            "library": build_info(),
            "C++ compiler": first_line([native.compiler()[0], "--version"]),
            "LIBLINEAR": debian("liblinear-dev"),
            "jansson": debian("libjansson-dev"),
            "Python": platform.python_version(),
            **{package: version(package) for package in PACKAGES},
        },
    }


def build_info() -> str:
    """The library's own line on how it was built."""
    function = ctypes.CDLL(str(native.library())).valuation_build_info
    function.restype = ctypes.c_char_p
    return bytes(function()).decode()


def processor() -> str:
    """The processor's name from Linux, and its widest vectors."""
    text = Path("/proc/cpuinfo").read_text()
    members = dict(line.split(":", 1) for line in text.split("\n\n")[0].splitlines() if ":" in line)
    named = {name.strip(): value.strip() for name, value in members.items()}
    flags = named.get("flags", "").split()
    vectors = next((f", {name}" for flag, name in (("avx512f", "AVX-512"), ("avx2", "AVX2")) if flag in flags), "")
    family = ", ".join(f"{key} {named[key]}" for key in ("cpu family", "model") if key in named)
    return f"{named.get('model name', platform.machine())} ({family}){vectors}"


def debian(package: str) -> str:
    """Version of a Debian package, or "unknown"."""
    return first_line(["dpkg-query", "--show", "--showformat=${Version}", package])


def first_line(command: list[str]) -> str:
    """The first line that a program prints, or "unknown" if it fails or is missing."""
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[0]
    except (OSError, subprocess.CalledProcessError, IndexError):
        return "unknown"
