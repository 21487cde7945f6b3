# SPDX-License-Identifier: Apache-2.0
"""The Python declarations mirror valuation.h exactly."""

from __future__ import annotations

import ctypes
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest

import valuation
from valuation import Flag, Pricing, Status, _abi
from valuation._library import library

HEADER = Path(__file__).resolve().parents[3] / "Include" / "valuation.h"


def without_comments() -> str:
    return re.sub(r"/\*.*?\*/", "", HEADER.read_text(), flags=re.DOTALL)


def test_every_function_of_the_header_is_declared_and_no_other() -> None:
    functions = set(re.findall(r"^[a-z].*?\b(valuation_\w+)\(", without_comments(), flags=re.MULTILINE))
    functions -= {"valuation_problem_callback"}
    assert functions == set(_abi.SIGNATURES)


def test_functions_take_as_many_arguments_as_the_header_says() -> None:
    for name, (_, arguments) in _abi.SIGNATURES.items():
        found = re.search(rf"\b{name}\(([^)]*)\)", without_comments())
        assert found is not None
        parameters = found.group(1)
        assert len(arguments) == (0 if parameters.strip() == "void" else parameters.count(",") + 1), name


@pytest.mark.parametrize(
    ("prefix", "members"),
    [
        ("VALUATION_(?:ERROR_)?", {member.name: member.value for member in Status}),
        ("VALUATION_PRICING_", {member.name: member.value for member in Pricing}),
        ("VALUATION_FLAG_", {str(member.name): member.value for member in Flag}),
        ("VALUATION_SWITCH_", {str(member.name): member.value for member in _abi.EngineSwitch}),
        ("VALUATION_PUBLISH_", {str(member.name): member.value for member in _abi.PublishSwitch}),
    ],
)
def test_constants_are_those_of_the_header(prefix: str, members: dict[str, int]) -> None:
    text = without_comments()
    if "ERROR" in prefix:
        text = text.split("typedef int32_t valuation_status;")[1].split("}")[0]
    found = {name: eval(value) for name, value in re.findall(rf"\b{prefix}([A-Z0-9_]+) = ([\d <]+)", text)}
    assert found == members


@pytest.mark.parametrize("version", ["ABI", "MODEL_FORMAT", "COMPILED_FORMAT", "POLICY_FORMAT"])
def test_versions_are_those_of_the_header(version: str) -> None:
    found = re.search(rf"^#define VALUATION_{version}_VERSION (\d+)$", HEADER.read_text(), flags=re.MULTILINE)
    assert found is not None
    assert getattr(_abi, f"{version}_VERSION") == int(found.group(1))


def test_structs_have_the_layout_of_a_c_compiler(tmp_path: Path) -> None:
    layouts: dict[str, dict[str, tuple[int, int]]] = {
        "valuation_error": ctypes_layout(_abi.ErrorStruct),
        "valuation_options": ctypes_layout(_abi.OptionsStruct),
        "valuation_publishing": ctypes_layout(_abi.PublishingStruct),
        "valuation_feature": numpy_layout(_abi.FEATURE_DTYPE),
        "valuation_source": ctypes_layout(_abi.SourceStruct),
        "valuation_engine_state": ctypes_layout(_abi.EngineStateStruct),
        "valuation_generation": ctypes_layout(_abi.GenerationStruct),
        "valuation_unit": numpy_layout(_abi.UNIT_DTYPE),
        "valuation_request": numpy_layout(_abi.REQUEST_DTYPE),
        "valuation_candidate": numpy_layout(_abi.CANDIDATE_DTYPE),
        "valuation_value": numpy_layout(_abi.VALUE_DTYPE),
        "valuation_outcome": numpy_layout(_abi.OUTCOME_DTYPE),
    }
    lines = ["#include <stdio.h>", '#include "valuation.h"', "int main(void) {"]
    expected = []
    for struct, members in layouts.items():
        for member, (offset, size) in members.items():
            if member:
                lines.append(f'printf("{struct} {member} %zu ", offsetof({struct}, {member}));')
                lines.append(f'printf("%zu\\n", sizeof((({struct} *)0)->{member}));')
            else:
                lines.append(f'printf("{struct} {member} %d %zu\\n", 0, sizeof({struct}));')
            expected.append(f"{struct} {member} {offset} {size}")
    source = tmp_path / "layout.c"
    source.write_text("\n".join([*lines, "return 0; }"]))
    subprocess.run(["cc", "-I", HEADER.parent, "-o", tmp_path / "layout", source], check=True)
    printed = subprocess.run([tmp_path / "layout"], check=True, capture_output=True, text=True).stdout
    assert printed.splitlines() == expected


def ctypes_layout(struct: type[ctypes.Structure]) -> dict[str, tuple[int, int]]:
    """Return offset and size of each member, and of the whole under ""."""
    members = {field[0]: getattr(struct, field[0]) for field in struct._fields_}
    return {name: (member.offset, member.size) for name, member in members.items()} | {"": (0, ctypes.sizeof(struct))}


def numpy_layout(dtype: np.dtype[np.void]) -> dict[str, tuple[int, int]]:
    """Return offset and size of each member, and of the whole under ""."""
    assert dtype.fields is not None
    members = {name: (field[1], field[0].itemsize) for name, field in dtype.fields.items()}
    return members | {"": (0, dtype.itemsize)}


def test_flags_are_named_as_the_library_names_them() -> None:
    for bit in range(32):
        name = library.valuation_flag_name(1 << bit)
        assert Flag.names(1 << bit) == [f"bit {bit}" if name is None else name.decode()]
    assert Flag.names(Flag.UNKNOWN_CAMPAIGN | Flag.CLAMPED) == ["unknown_campaign", "clamped"]
    assert Flag.names(0) == []


def test_statuses_are_named_as_the_library_names_them() -> None:
    for status in Status:
        prefix = "VALUATION_" if status == Status.OK else "VALUATION_ERROR_"
        assert library.valuation_status_name(status) == (prefix + status.name).encode()


def test_package_and_library_have_the_same_version() -> None:
    assert valuation.version() == valuation.__version__
    assert valuation.build_info().startswith(f"valuation {valuation.__version__}, ABI {_abi.ABI_VERSION}")


def test_every_public_name_exists_and_is_documented() -> None:
    for name in valuation.__all__:
        public = getattr(valuation, name)
        assert isinstance(public, str | np.dtype) or public.__doc__
