# SPDX-License-Identifier: Apache-2.0
"""Fuzz the model loader and the request reader with libFuzzer and the address sanitizer, both at the same time.

Cases that once failed lie in Fuzz/cases/<target>/ and are replayed first; a new one is put there. Seeds are taken from
Fuzz/seeds.py. What the fuzzer finds worth keeping grows in build/fuzz/<target>/corpus.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import seeds

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build" / "fuzz"
TARGETS = {"model": "ModelFuzz.swift", "request": "RequestFuzz.swift"}
MODULES = ("Include", "Sources/CJansson", "Sources/CZlib", "Sources/CPlatform", "Sources/CKernels/include")


def build_kernels() -> Path:
    """Compile the core's C; return the object file."""
    # The Clang that comes with Swift, so that both have the same sanitizers.
    beside_swift = Path(shutil.which("swiftc") or "swiftc").resolve().parent / "clang"
    clang = beside_swift if beside_swift.exists() else "clang"
    FOLDER.mkdir(parents=True, exist_ok=True)
    compiled = FOLDER / "kernels.o"
    command = [str(clang), "-O2", "-g", "-fsanitize=fuzzer-no-link,address", "-c", "-o", str(compiled)]
    source = ROOT / "Sources/CKernels"
    subprocess.run([*command, f"-I{source}/include", f"-I{ROOT}/Include", str(source / "kernels.c")], check=True)
    return compiled


def build(target: str, source: str, kernels: Path) -> subprocess.Popen[bytes]:
    """Start compiling the core and one target into one program."""
    folder = FOLDER / target
    folder.mkdir(parents=True, exist_ok=True)
    core = sorted(str(path) for path in (ROOT / "Sources/Valuation").rglob("*.swift"))
    modules = [f"-I{ROOT}/{path}" for path in MODULES]
    command = ["swiftc", "-O", "-wmo", "-parse-as-library", "-sanitize=fuzzer,address", "-use-ld=lld"]
    files = [*core, str(ROOT / "Fuzz" / source), str(ROOT / "Fuzz/Harness.swift"), str(kernels)]
    return subprocess.Popen(
        [*command, "-module-name", "Valuation", *modules, "-ljansson", "-lz", *files, "-o", str(folder / "fuzz")]
    )


def run(target: str, seconds: int) -> subprocess.Popen[str]:
    """Start a target: first every kept case and seed, then new inputs for so many seconds."""
    folder = FOLDER / target
    corpus, cases = folder / "corpus", ROOT / "Fuzz/cases" / target
    seeds.write(target, folder / "seeds")
    corpus.mkdir(exist_ok=True)
    cases.mkdir(parents=True, exist_ok=True)
    command = [
        folder / "fuzz", f"-max_total_time={seconds}", "-max_len=8192", "-timeout=10", "-rss_limit_mb=4096",
        f"-artifact_prefix={cases}/", f"-dict={ROOT}/Fuzz/json.dict", "-print_final_stats=1", "-verbosity=1",
        corpus, cases, folder / "seeds",
    ]  # fmt: skip
    environment = os.environ | {"SWIFT_BACKTRACE": "enable=no", "ASAN_OPTIONS": "detect_leaks=1"}
    log = (folder / "log.txt").open("w")
    return subprocess.Popen([str(part) for part in command], stdout=log, stderr=log, env=environment, text=True)


def main() -> int:
    """Build and run all targets; return 1 if one failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="for each target (default 60)")
    parser.add_argument("--junit", type=Path, help="write the results as JUnit XML")
    options = parser.parse_args()
    kernels = build_kernels()
    for builder in [build(target, source, kernels) for target, source in TARGETS.items()]:
        if builder.wait() != 0:
            return 1
    runs = {target: run(target, options.seconds) for target in TARGETS}
    failed = 0
    cases = []
    for target, process in runs.items():
        code = process.wait()
        log = (FOLDER / target / "log.txt").read_text(errors="replace")
        executed = re.search(r"number_of_executed_units: (\d+)", log)
        coverage = re.findall(r"cov: (\d+)", log)
        print(
            f"fuzz {target}: {'ok' if code == 0 else 'FAILED'}, "
            f"{int(executed[1]) if executed else 0:,} inputs in {options.seconds} s, "
            f"{coverage[-1] if coverage else 0} edges covered"
        )
        cases.append(f"<testcase classname='fuzz' name='{target}'>{'<failure/>' if code else ''}</testcase>")
        if code != 0:
            failed += 1
            print("\n".join(log.splitlines()[-25:]), file=sys.stderr)
            print(f"The input was kept in Fuzz/cases/{target}/; mend the cause and commit it.", file=sys.stderr)
    if options.junit:
        options.junit.write_text(f"<testsuite name='fuzz'>{''.join(cases)}</testsuite>")
    print(f"{len(runs) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
