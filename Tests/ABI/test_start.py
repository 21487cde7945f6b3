# SPDX-License-Identifier: Apache-2.0
"""The first five minutes with the library: install, include, compile, link, run."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from .model_files import MODELS, find, probability
from .programs import HERE, REPOSITORY, SECONDS, Toolchain, clang

HEADER_EXAMPLE = "THE WHOLE LIBRARY IN ONE EXAMPLE"


def value_of_the_example() -> tuple[float, float]:
    """Expected revenue and pCTR of the ad that the header's example and shortest.c value."""
    click = find(MODELS, "1042", "click")
    assert click is not None
    pctr = probability(MODELS, click, {"slot": "12"})
    return 0.5 * pctr, pctr


def test_the_shortest_program_has_at_most_40_lines():
    assert len((HERE / "shortest.c").read_text().splitlines()) <= 40


def test_the_shortest_program_runs_as_its_comment_says(toolchain: Toolchain, models: Path, tmp_path: Path):
    source = shutil.copy(HERE / "shortest.c", tmp_path)
    documented = re.search(r"^ \*\s+(cc shortest\.c .*)$", Path(source).read_text(), re.MULTILINE)
    assert documented is not None
    (tmp_path / "models").symlink_to(models)
    command = documented[1].replace("cc ", "gcc ", 1)
    options = {"cwd": tmp_path, "env": toolchain.environment, "timeout": SECONDS}
    finished = subprocess.run(["sh", "-c", command], capture_output=True, text=True, **options)
    assert (finished.returncode, finished.stderr) == (0, "")
    revenue, pctr = value_of_the_example()
    assert finished.stdout == f"{revenue:.6f} per impression, pCTR {pctr:.6f}\n"


def test_the_shortest_program_says_what_is_wrong_with_its_models(toolchain: Toolchain, tmp_path: Path):
    finished = toolchain.program("shortest").start(tmp_path / "absent.json")
    assert finished.returncode == 1
    assert f"{tmp_path}/absent.json:0 : No such file" in finished.stderr


def header_example() -> str:
    """The code in the comment at the top of the header, as the body of a program."""
    head = (REPOSITORY / "Include" / "valuation.h").read_text().split(HEADER_EXAMPLE)[1].split("CONVENTIONS")[0]
    lines = [line.removeprefix(" *").removeprefix("     ") for line in head.splitlines()[1:]]
    body = "\n".join(line for line in lines if line.strip())
    return f'#include <stdio.h>\n#include "valuation.h"\nint main(void) {{\n{body}\nreturn 0;\n}}\n'


@pytest.mark.parametrize("language", ["c99", "c++17"])
def test_the_example_of_the_header_compiles_and_prints_a_value(
    toolchain: Toolchain, models: Path, tmp_path: Path, language: str
):
    source = tmp_path / ("example.cpp" if language.startswith("c++") else "example.c")
    source.write_text(header_example())
    (tmp_path / "models").symlink_to(models)
    compiler = "g++" if language.startswith("c++") else "gcc"
    program = toolchain.compile_source(source, compiler=compiler, standard=language)
    revenue, _ = value_of_the_example()
    assert program.run(directory=tmp_path) == f"{revenue:.6f} per impression\n"


@pytest.mark.parametrize("standard", ["c99", "c11", "c17", "c++17"])
@pytest.mark.parametrize("brand", ["gcc", "clang"])
def test_the_header_compiles_without_a_warning(toolchain: Toolchain, tmp_path: Path, brand: str, standard: str):
    is_plus_plus = standard.startswith("c++")
    compiler = {"gcc": "g++" if is_plus_plus else "gcc", "clang": clang("clang++" if is_plus_plus else "clang")}[brand]
    source = tmp_path / ("header.cpp" if is_plus_plus else "header.c")
    # Include it twice, alone and first, and use every initialiser.
    source.write_text(
        '#include "valuation.h"\n#include "valuation.h"\n'
        "int main(void) {\n"
        "    valuation_error error = VALUATION_ERROR_INIT;\n"
        "    valuation_options options = VALUATION_OPTIONS_INIT;\n"
        "    valuation_request request = VALUATION_REQUEST_INIT;\n"
        "    return (int)(error.line + options.switches + request.feature_count);\n"
        "}\n"
    )
    more = ("-Wshadow", "-Wconversion", "-Wundef", *([] if is_plus_plus else ["-Wstrict-prototypes"]))
    toolchain.compile_source(source, compiler=compiler, standard=standard, options=more).run()


def test_the_header_includes_only_three_standard_headers():
    text = (REPOSITORY / "Include" / "valuation.h").read_text()
    assert re.findall(r"^#include (.*)$", text, re.MULTILINE) == ["<stdbool.h>", "<stddef.h>", "<stdint.h>"]
