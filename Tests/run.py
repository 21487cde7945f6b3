# SPDX-License-Identifier: Apache-2.0
"""Run every test of the repository and close with a line `N passed, N failed`.

Each suite is a command that writes JUnit XML, from which the counts are taken; a suite that dies without it counts as
one failure. Two suites run at a time. Output goes to build/test/<suite>.log and is shown where a suite fails.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build" / "test"
PYTHON = sys.executable


@dataclass(frozen=True)
class Suite:
    """A command to run from the repository's root, and the files in which it leaves its results."""

    name: str
    command: list[str]
    results: list[str]


def swift(name: str, *options: str) -> Suite:
    """Unit tests of the core as ordinary Swift, in a build folder of their own."""
    command = [
        "swift",
        "test",
        "--disable-xctest",
        "--scratch-path",
        f".build-{name}",
        *options,
        "--xunit-output",
        f"build/test/{name}.xml",
    ]
    return Suite(name, command, [f"build/test/{name}.xml"])


def pytest(name: str, folder: str) -> Suite:
    """A folder of Python tests."""
    results = f"build/test/{name}.xml"
    options = ["-q", "-p", "no:cacheprovider", "-p", "no:benchmark", "--junitxml", results]
    return Suite(name, [PYTHON, "-m", "pytest", *options, folder], [results])


def script(name: str, *command: str) -> Suite:
    """A script of the repository that takes --junit."""
    results = f"build/test/{name}.xml"
    return Suite(name, [PYTHON, *command, "--junit", results], [results])


# Two lanes, about as long as each other: what compiles much, and what runs the shipped library.
LANES = [
    [swift("unit"), swift("address", "--sanitize", "address"), swift("thread", "--sanitize", "thread")],
    [
        script("lint", "Tests/lint.py"),
        pytest("abi", "Tests/ABI"),
        pytest("command", "Tests/CLI"),
        pytest("python", "bindings/python/tests"),
        pytest("open-bandit", "bindings/python/examples/open_bandit"),
        pytest("documentation", "Tests/Documentation"),
        pytest("guards", "Tests/Guards"),
        pytest("torture", "Tests/Torture"),
    ],
    [script("fuzz", "Fuzz/fuzz.py", "--seconds", os.environ.get("SECONDS_PER_FUZZER", "60"))],
]


@dataclass
class Outcome:
    """How a suite ended."""

    suite: Suite
    passed: int
    failed: int
    skipped: int
    seconds: float


def count(paths: list[Path]) -> tuple[int, int, int]:
    """Passed, failed and skipped test cases of JUnit files."""
    passed = failed = skipped = 0
    for path in paths:
        try:
            root = ElementTree.parse(path)
        except ElementTree.ParseError:  # the suite died while writing it
            failed += 1
            continue
        for case in root.iter("testcase"):
            if case.find("failure") is not None or case.find("error") is not None:
                failed += 1
            elif case.find("skipped") is not None:
                skipped += 1
            else:
                passed += 1
    return passed, failed, skipped


def run(suite: Suite) -> Outcome:
    """Run one suite to its end."""
    results = [ROOT / name for name in suite.results]
    for path in results:
        path.unlink(missing_ok=True)
    log = FOLDER / f"{suite.name}.log"
    start = time.monotonic()
    with log.open("w") as output:
        # A trap is to end the process at once instead of starting a debugger.
        environment = os.environ | {"SWIFT_BACKTRACE": "enable=no"}
        code = subprocess.run(
            suite.command, cwd=ROOT, env=environment, stdout=output, stderr=output, check=False
        ).returncode
    found = [path for path in results if path.exists()]
    passed, failed, skipped = count(found)
    if (code != 0 and failed == 0) or passed + failed == 0:
        failed += 1
    outcome = Outcome(suite, passed, failed, skipped, time.monotonic() - start)
    verdict = "ok    " if failed == 0 else "FAILED"
    print(
        f"{verdict} {suite.name:14} {passed:5} passed, {failed} failed, {skipped} skipped, {outcome.seconds:.0f} s",
        flush=True,
    )
    if failed:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-60:])
        print(f"---- the end of {log.relative_to(ROOT)} ----\n{tail}\n----", flush=True)
    return outcome


def main() -> int:
    """Run all lanes; return 1 if anything failed."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    print("==> Running every test; logs are in build/test", flush=True)
    with ThreadPoolExecutor(max_workers=2) as pool:
        lanes = [pool.submit(lambda lane=lane: [run(suite) for suite in lane]) for lane in LANES]
        outcomes = [outcome for lane in lanes for outcome in lane.result()]
    passed, failed = sum(o.passed for o in outcomes), sum(o.failed for o in outcomes)
    skipped = sum(o.skipped for o in outcomes)
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
