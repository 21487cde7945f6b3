# SPDX-License-Identifier: Apache-2.0
"""The static library has no names but its functions', needs nothing but the C library, and gives the same values."""

import json
from pathlib import Path

import pytest
from ABI.model_files import ANSWERED, MODELS, model, write_models
from ABI.programs import HERE as PROGRAMS
from ABI.programs import Program, Toolchain, clang

from .building import output_of


@pytest.fixture
def archive(prefix: Path) -> str:
    return str(prefix / "lib/libvaluation.a")


def symbols(file: object, *options: str) -> set[str]:
    """Names of symbols, without versions."""
    lines = output_of("nm", "--format=posix", *options, file).splitlines()
    return {line.split()[0].split("@")[0] for line in lines if len(line.split()) > 1}


def test_it_has_the_names_of_the_shared_library_and_no_others(toolchain: Toolchain, archive: str):
    exported = symbols(toolchain.library, "--dynamic", "--defined-only")
    assert symbols(archive, "--extern-only", "--defined-only") == exported


def test_it_asks_its_host_for_nothing_that_the_shared_library_does_not_import(toolchain: Toolchain, archive: str):
    # The linker makes the table itself.
    wanted = symbols(archive, "--undefined-only") - {"_GLOBAL_OFFSET_TABLE_"}
    assert "malloc" in wanted
    assert wanted - symbols(toolchain.library, "--dynamic", "--undefined-only") == set()


def test_it_names_no_file_of_the_machine_that_built_it(archive: str):
    assert str(PROGRAMS.parents[1]).encode() not in Path(archive).read_bytes()


def test_a_host_may_have_other_functions_of_the_same_names(
    toolchain: Toolchain, archive: str, models: Path, tmp_path: Path
):
    # Its own strtod and inflate, json-c's json_object_get: all in one program with the library's.
    libraries = (archive, "-Wl,-Bstatic", "-ljson-c", "-Wl,-Bdynamic", "-lm")
    program = toolchain.compile_source(PROGRAMS / "strange_host.c", options=("-rdynamic",), libraries=libraries)
    refused = write_models(
        tmp_path / "refused.jsonl.gz", [*MODELS, model("8", categorical={"slot": {"12": "no number"}})]
    )
    program.run(models, refused, tmp_path / "releases")


@pytest.mark.parametrize("jansson", ["-ljansson", "-l:libjansson.a"])
def test_a_host_may_use_its_own_jansson_and_gets_the_same_values(
    toolchain: Toolchain, archive: str, models: Path, tmp_path: Path, jansson: str
):
    requests = tmp_path / "requests.jsonl"
    requests.write_text(json.dumps(json.loads(ANSWERED)) + "\n")
    source = PROGRAMS / "score_requests.c"
    shared = toolchain.compile_source(source, libraries=(*toolchain.package_flags("--libs"), "-ljansson", "-lm"))
    static = toolchain.compile_source(source, libraries=(archive, jansson, "-lm"))
    values = static.run(models, requests)
    assert len(values.splitlines()) == len(json.loads(ANSWERED)["candidates"])
    assert values == shared.run(models, requests)
    assert "libvaluation" not in output_of("ldd", static.path)


def test_a_program_may_be_static_altogether(toolchain: Toolchain, models: Path, shortest_output: str):
    libraries = ("-static", *toolchain.package_flags("--libs", "--static"))
    program = toolchain.compile_source(PROGRAMS / "shortest.c", libraries=libraries)
    assert "interpreter" not in output_of("readelf", "--program-headers", program.path)
    assert program.run(models) == shortest_output


@pytest.mark.parametrize("options", [("-no-pie",), ("-pie", "-flto"), ("-Wl,--gc-sections,--fatal-warnings",)])
def test_it_links_into_every_kind_of_program(
    toolchain: Toolchain, archive: str, models: Path, shortest_output: str, options: tuple[str, ...]
):
    program = toolchain.compile_source(PROGRAMS / "shortest.c", options=options, libraries=(archive, "-lm"))
    assert program.run(models) == shortest_output


def test_the_linker_of_llvm_takes_it(toolchain: Toolchain, archive: str, models: Path, shortest_output: str):
    options = ("-fuse-ld=lld", "-Wl,--icf=all,--gc-sections,--fatal-warnings")
    libraries = (archive, "-lm")
    program = toolchain.compile_source(PROGRAMS / "shortest.c", compiler=clang(), options=options, libraries=libraries)
    assert program.run(models) == shortest_output


def test_a_shared_object_may_contain_it(toolchain: Toolchain, archive: str, models: Path, shortest_output: str):
    # -z text refuses what would have to be mended at load time.
    options = ("-shared", "-fPIC", "-Wl,-z,defs,-z,text", "-Wl,--exclude-libs,ALL", "-Dmain=plugin")
    plugin = toolchain.compile_source(PROGRAMS / "shortest.c", options=options, libraries=(archive, "-lm")).path
    assert symbols(plugin, "--dynamic", "--defined-only") == {"plugin"}
    source = plugin.with_suffix(".c")
    source.write_text("int plugin(int, char **);\nint main(int n, char **v) { return plugin(n, v); }\n")
    host = toolchain.compile_source(source, libraries=(str(plugin),))
    assert Program(host.path, {}).run(models) == shortest_output
