# SPDX-License-Identifier: Apache-2.0
"""Fuzz everything that reads bytes from outside, with libFuzzer and the address and undefined-behaviour sanitizers.

The targets are model files, manifests, compiled files, requests, policies, and the arrays of flat requests and of the
solver; as many run at a time as there are processors. Fuzz/cases/<target>/ keeps inputs that once failed; they are
replayed first, and new ones are put there. Seeds come from Fuzz/seeds.py. Inputs that reach new code stay in
build/fuzz/<target>/corpus; figures go to build/fuzz/report.json. The sanitizer looks for undefined behaviour in the
core's C; Swift traps by itself.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import seeds

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build" / "fuzz"
TARGETS = ("model", "manifest", "compiled", "request", "flat", "policy", "solver")
#: The fewest edges that seeds and a minute must reach; below that, the seeds are no longer sound and little was tried.
EDGES = {"model": 2000, "manifest": 400, "compiled": 900, "request": 2000, "flat": 700, "policy": 1200, "solver": 700}
#: The longest inputs, where it is not 8,192 bytes.
LONGEST = {"compiled": 65536, "solver": 600}
MODULES = (
    "Include",
    "Sources/CJansson",
    "Sources/CZlib",
    "Sources/CPlatform",
    "Sources/CKernels/include",
    "Sources/CChecksum/include",
)
C_SOURCES = tuple(
    sorted(file for folder in ("CKernels", "CChecksum") for file in (ROOT / "Sources" / folder).glob("*.c"))
)


@dataclass(frozen=True)
class Outcome:
    """The result of a target."""

    target: str
    seconds: int
    inputs: int
    edges_covered: int
    edges: int
    has_failed: bool


def build_c() -> list[str]:
    """Compile the core's C; return the object files."""
    # Use the Clang that comes with Swift, so that both have the same sanitizers.
    beside_swift = Path(shutil.which("swiftc") or "swiftc").resolve().parent / "clang"
    clang = str(beside_swift if beside_swift.exists() else "clang")
    sanitizers = ["-fsanitize=fuzzer-no-link,address,undefined", "-fno-sanitize-recover=undefined"]
    compiled = []
    for source in C_SOURCES:
        output = str(FOLDER / source.with_suffix(".o").name)
        includes = [f"-I{source.parent}/include", f"-I{ROOT}/Include"]
        subprocess.run([clang, "-O2", "-g", *sanitizers, "-c", "-o", output, *includes, str(source)], check=True)
        compiled.append(output)
    return compiled


def compile_program(module: str, output: str, files: list[str], modules: Sequence[str]) -> bool:
    """Compile a module with its fuzz targets into a program; return whether it compiles."""
    command = ["swiftc", "-O", "-wmo", "-parse-as-library", "-sanitize=fuzzer,address", "-use-ld=lld"]
    command += ["-module-name", module, *(f"-I{ROOT}/{path}" for path in modules), *files, "-o", str(FOLDER / output)]
    return subprocess.run(command, check=False).returncode == 0


def build_core() -> bool:
    """Compile the core and its targets into one program; return whether it compiles."""
    core = sorted(str(path) for path in (ROOT / "Sources/Valuation").rglob("*.swift"))
    targets = sorted(str(path) for path in (ROOT / "Fuzz").glob("*.swift"))
    return compile_program("Valuation", "fuzz", [*core, *targets, *build_c(), "-ljansson", "-lz"], MODULES)


def build_solver() -> bool:
    """Compile the solver, a library of its own, and its target; return whether it compiles."""
    folders = (ROOT / "Sources/ValuationSolver", ROOT / "Fuzz/Solver")
    files = sorted(str(path) for folder in folders for path in folder.glob("*.swift"))
    return compile_program("ValuationSolver", "fuzz-solver", files, ("Include", "Sources/CPlatform"))


def run(target: str, seconds: int) -> Outcome:
    """Run a target: first every kept case and seed, then new inputs for so many seconds."""
    folder = FOLDER / target
    corpus, cases = folder / "corpus", ROOT / "Fuzz/cases" / target
    seeds.write(target, folder / "seeds")
    corpus.mkdir(parents=True, exist_ok=True)
    cases.mkdir(parents=True, exist_ok=True)
    program = FOLDER / ("fuzz-solver" if target == "solver" else "fuzz")
    command = [
        program, f"-max_total_time={seconds}", f"-max_len={LONGEST.get(target, 8192)}", "-timeout=60",
        "-rss_limit_mb=4096", f"-artifact_prefix={cases}/", f"-dict={ROOT}/Fuzz/json.dict", "-print_final_stats=1",
        "-verbosity=1",
        corpus, cases, folder / "seeds",
    ]  # fmt: skip
    environment = os.environ | {"FUZZ_TARGET": target, "SWIFT_BACKTRACE": "enable=no", "ASAN_OPTIONS": "detect_leaks=1"}
    log = folder / "log.txt"
    with log.open("w") as output:
        parts = [str(part) for part in command]
        code = subprocess.run(parts, stdout=output, stderr=output, env=environment, check=False).returncode
    text = log.read_text(errors="replace")
    executed = re.search(r"number_of_executed_units: (\d+)", text)
    covered = re.findall(r"cov: (\d+)", text)
    reached = int(covered[-1]) if covered else 0
    edges = re.search(r"\((\d+) inline 8-bit counters\)", text)
    return Outcome(
        target,
        seconds,
        int(executed[1]) if executed else 0,
        reached,
        int(edges[1]) if edges else 0,
        code != 0 or reached < EDGES[target],
    )


def tell(outcome: Outcome) -> None:
    """Print the result of a target, and the end of its log if it failed."""
    print(
        f"fuzz {outcome.target}: {'FAILED' if outcome.has_failed else 'ok'}, {outcome.inputs:,} inputs in "
        f"{outcome.seconds} s, {outcome.edges_covered:,} of {outcome.edges:,} edges covered",
        flush=True,
    )
    if outcome.has_failed:
        log = (FOLDER / outcome.target / "log.txt").read_text(errors="replace")
        print("\n".join(log.splitlines()[-25:]), file=sys.stderr)
        print(
            f"An input that failed is kept in Fuzz/cases/{outcome.target}/: mend the cause and commit it. If there "
            f"is none, fewer than {EDGES[outcome.target]} edges were covered: the seeds in Fuzz/seeds.py are unsound.",
            file=sys.stderr,
        )


def main() -> int:
    """Build and run the targets; return 1 if one failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", default=TARGETS, help=f"of {', '.join(TARGETS)} (default all)")
    parser.add_argument("--seconds", type=int, default=60, help="for each target (default 60)")
    parser.add_argument("--junit", type=Path, help="write the results as JUnit XML")
    options = parser.parse_args()
    if unknown := set(options.targets) - set(TARGETS):
        parser.error(f"no such target: {', '.join(sorted(unknown))}")
    FOLDER.mkdir(parents=True, exist_ok=True)
    if set(options.targets) - {"solver"} and not build_core():
        return 1
    if "solver" in options.targets and not build_solver():
        return 1
    outcomes = []
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for outcome in pool.map(lambda target: run(target, options.seconds), options.targets):
            tell(outcome)
            outcomes.append(outcome)
    failed = sum(outcome.has_failed for outcome in outcomes)
    (FOLDER / "report.json").write_text(json.dumps([asdict(outcome) for outcome in outcomes], indent=2) + "\n")
    if options.junit:
        cases = [
            f"<testcase classname='fuzz' name='{one.target}'>{'<failure/>' if one.has_failed else ''}</testcase>"
            for one in outcomes
        ]
        options.junit.write_text(f"<testsuite name='fuzz'>{''.join(cases)}</testsuite>")
    print(f"{len(outcomes) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
