# SPDX-License-Identifier: Apache-2.0
"""Compiled files on failing disks: a load refuses them and no signal is raised."""

from pathlib import Path

import pytest

from .model_files import many_models, write_models
from .programs import HERE, Toolchain
from .refusal import refused


@pytest.fixture(scope="module")
def disk(toolchain: Toolchain) -> str:
    options = ("-D_GNU_SOURCE", "-shared", "-fPIC")
    return str(toolchain.compile_source(HERE / "failing_disk.c", options=options, libraries=("-ldl",)).path)


@pytest.fixture(scope="module")
def compiled(toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A compiled file of many pages."""
    folder = tmp_path_factory.mktemp("compiled")
    models = write_models(folder / "models.jsonl", many_models(extend=False))
    toolchain.program("compile").run(models, folder / "models.valuation")
    return folder / "models.valuation"


@pytest.mark.parametrize("kernel", ["new", "old"])
@pytest.mark.parametrize("byte", [0, 4096, 20480])
def test_a_compiled_file_that_cannot_be_read_is_refused_and_the_old_models_serve(
    toolchain: Toolchain, models: Path, compiled: Path, disk: str, byte: int, kernel: str
):
    environment = {"LD_PRELOAD": disk, "FAILING_BYTE": str(byte), "KERNEL": kernel}
    refusal = refused(toolchain, models, compiled, environment=environment)
    assert (refusal.status, refusal.file) == ("READ_FAILED", str(compiled))
    assert "Input/output error" in refusal.message


@pytest.mark.parametrize("kernel", ["new", "old"])
def test_a_compiled_file_that_can_be_read_is_mapped_by_every_kernel(
    toolchain: Toolchain, models: Path, compiled: Path, disk: str, kernel: str
):
    refusal = refused(toolchain, models, compiled, environment={"LD_PRELOAD": disk, "KERNEL": kernel})
    assert refusal.status == "OK"
