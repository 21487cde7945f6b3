# SPDX-License-Identifier: Apache-2.0
"""Each folder of the core uses only the folders below it, which Documentation/architecture.md lists.

Files of one Swift module need no imports, so the test asks the compiler: it compiles every folder with only those below
it.
"""

import re
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
CORE = REPOSITORY / "Sources" / "Valuation"
PAGE = REPOSITORY / "Documentation" / "architecture.md"
C_MODULES = ["Include", *(f"Sources/{name}" for name in ("CJansson", "CZlib", "CPlatform"))]
C_MODULES += [f"Sources/{name}/include" for name in ("CKernels", "CChecksum")]


def layers() -> list[str]:
    """The folders of the core, lowest first, as the page lists them."""
    return re.findall(r"^\| `(\w+)` \|", PAGE.read_text(), re.MULTILINE)


def errors(folders: list[str]) -> list[str]:
    """The compiler's errors for these folders alone."""
    files = sorted(str(file) for folder in folders for file in (CORE / folder).glob("*.swift"))
    command = ["swiftc", "-typecheck", "-parse-as-library", "-module-name", "Valuation", "-wmo"]
    command += ["-enable-experimental-feature", "Embedded", *(f"-I{path}" for path in C_MODULES), *files]
    result = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    found = [line for line in result.stderr.splitlines() if ": error: " in line]
    assert result.returncode == 0 or found, result.stderr
    return found


def test_the_page_lists_every_folder():
    assert sorted(layers()) == sorted(path.name for path in CORE.iterdir() if path.is_dir())


@pytest.mark.parametrize("layer", layers())
def test_a_layer_compiles_with_only_those_below_it(layer: str):
    assert errors(layers()[: layers().index(layer) + 1]) == []


def test_a_layer_does_not_compile_without_one_that_it_uses():
    assert any("cannot find type 'Buffer' in scope" in error for error in errors(["JSON"]))
