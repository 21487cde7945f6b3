# SPDX-License-Identifier: Apache-2.0
"""Documentation/keys.md: its program gives the printed test vectors, and the library gives the same keys."""

import re
from pathlib import Path

import pytest
import valuation

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "Documentation" / "keys.md").read_text()
OTHER = bytes(range(32)).hex()


@pytest.fixture(scope="module")
def program():
    """What the printed program defines."""
    (code,) = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    names = {}
    exec(compile(code, "keys.md", "exec"), names)
    return names


@pytest.fixture(scope="module")
def engines(tmp_path_factory):
    """An engine with the standard secret, and one of a directory of releases whose secret is the bytes 0 to 31."""
    models = ROOT / "Documentation" / "example" / "models"
    root = tmp_path_factory.mktemp("releases")
    (root / "SECRET").write_text(OTHER + "\n")
    valuation.publish(models, root)
    made = [valuation.Engine(), valuation.Engine()]
    made[0].load(models)
    made[1].load(root)
    return made


def vectors():
    """Name and keys of each row of the table."""
    return re.findall(r"^\| (.+?) \| (\d+) \| (\d+) \|$", PAGE, re.MULTILINE)


def texts(name):
    return re.findall(r"`([^`]*)`", name)


def of_program(program, name, secret):
    if name.startswith("cross"):
        parts = [program["key"](1, field, secret, value) for field, value in (("slot", "12"), ("os", "ios"))]
        return program["cross"](*parts, secret)
    found = texts(name)
    if name.startswith("category"):
        return program["key"](1, found[0], secret, found[1] if len(found) > 1 else "")
    return program["key"](2 if name.startswith("number") else 3, found[0], secret)


def of_engine(engine, name):
    if name.startswith("cross"):
        return engine.cross_key(engine.feature_key("slot", "12"), engine.feature_key("os", "ios"))
    found = texts(name)
    if name.startswith("category"):
        return engine.feature_key(found[0], found[1] if len(found) > 1 else "")
    return engine.number_key(found[0]) if name.startswith("number") else engine.campaign_key(found[0])


def test_the_program_and_the_library_give_the_printed_keys(program, engines):
    rows = vectors()
    assert len(rows) == 9
    for name, standard, other in rows:
        for engine, secret, printed in zip(
            engines, (program["STANDARD"], program["secret"](OTHER)), (standard, other), strict=True
        ):
            assert of_program(program, name, secret) == int(printed), name
            assert of_engine(engine, name) == int(printed), name
