# SPDX-License-Identifier: Apache-2.0
"""Run the tests of the repository and close with a line `N passed, N failed`.

    run.py [--thorough]

Each suite is a command that writes JUnit XML, which gives the counts; a suite that dies without it counts as one
failure. Two suites run at a time. Output goes to build/test/<suite>.log and is shown if a suite fails. --thorough runs
the long suites instead: the core under sanitizers, the fault campaign in short, Spark, and the fuzzers.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
import threading
import time
import xml.etree.ElementTree as ElementTree
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build" / "test"
PYTHON = str(ROOT / ".venv" / "bin" / "python")


@dataclass(frozen=True)
class Suite:
    """A command to run from the repository's root, and the file in which it leaves its results, if any."""

    name: str
    command: list[str]
    results: str | None


# Optimised, because the tests score a lot; with every assertion and check of a debug build.
CHECKED = [
    "-c",
    "release",
    *(word for flag in ("-enable-testing", "-assert-config", "Debug") for word in ("-Xswiftc", flag)),
]


def swift(name: str, *options: str) -> Suite:
    """Unit tests of the core as ordinary Swift, in a build folder of their own."""
    results = f"build/test/{name}.xml"
    command = ["swift", "test", "--disable-xctest", "--scratch-path", f".build-{name}", *CHECKED, *options]
    return Suite(name, [*command, "--xunit-output", results], results)


def pytest(name: str, folder: str, *more: str) -> Suite:
    """A folder of Python tests."""
    results = f"build/test/{name}.xml"
    options = ["-q", "-p", "no:cacheprovider", "-p", "no:benchmark", "--junitxml", results, *more]
    return Suite(name, [PYTHON, "-m", "pytest", *options, folder], results)


def script(name: str, *command: str) -> Suite:
    """A script of the repository that takes --junit."""
    results = f"build/test/{name}.xml"
    return Suite(name, [PYTHON, *command, "--junit", results], results)


def build(target: str) -> Suite:
    """What the other suites run: the library, the command, and the wheels with the test dependencies."""
    return Suite("build", ["make", "--jobs", "2", target], None)


@dataclass(frozen=True)
class Plan:
    """Suites that build the core themselves, and those that wait for the build; the longest come first."""

    build: Suite
    alone: list[Suite]
    built: list[Suite]


# They compile each layer of the core by itself, and load large policies under valgrind.
SLOW_GUARDS = ["Tests/Guards/test_layers.py", "Tests/Guards/test_policy_costs.py"]
# It builds the core in another directory.
SLOW_PACKAGING = "Tests/Packaging/test_from_nothing.py"

QUICK = Plan(
    build("tested"),
    # Without debug information, which takes a third of the build time.
    [swift("unit", "-Xswiftc", "-gnone")],
    [
        pytest("pipeline", "pipeline/tests"),
        pytest("guards", "Tests/Guards", *(f"--ignore={file}" for file in SLOW_GUARDS)),
        pytest("python", "bindings/python/tests"),
        pytest("abi", "Tests/ABI"),
        pytest("packaging", "Tests/Packaging", f"--ignore={SLOW_PACKAGING}"),
        pytest("command", "Tests/CLI"),
        pytest("open-bandit", "pipeline/examples/open_bandit"),
        pytest("documentation", "Tests/Documentation"),
        script("lint", "Scripts/lint.py"),
    ],
)
THOROUGH = Plan(
    build("tested-thorough"),
    [swift("thread", "--sanitize", "thread"), swift("address", "--sanitize", "address")],
    [
        pytest("torture", "Tests/Torture"),
        pytest("guards", *SLOW_GUARDS),
        pytest("packaging", SLOW_PACKAGING),
        pytest("pipeline", "pipeline/tests", "-m", "thorough", "--ignore", "pipeline/tests/spark"),
        pytest("spark", "pipeline/tests/spark", "-m", "thorough"),
        script("fuzz", "Fuzz/fuzz.py", "--seconds", os.environ.get("SECONDS_PER_FUZZER", "60")),
    ],
)


@dataclass
class Outcome:
    """The result of a suite."""

    suite: Suite
    passed: int
    failed: int
    skipped: int
    seconds: float


def count(path: Path) -> tuple[int, int, int]:
    """Passed, failed and skipped test cases of a JUnit file."""
    passed = failed = skipped = 0
    try:
        root = ElementTree.parse(path)
    except ElementTree.ParseError:  # the suite died while writing it
        return 0, 1, 0
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
    results = ROOT / suite.results if suite.results else None
    if results:
        results.unlink(missing_ok=True)
    log = FOLDER / f"{suite.name}.log"
    start = time.monotonic()
    with log.open("w") as output:
        # A trap must end the process at once instead of starting a debugger.
        environment = os.environ | {"SWIFT_BACKTRACE": "enable=no"}
        code = subprocess.run(
            suite.command, cwd=ROOT, env=environment, stdout=output, stderr=output, check=False
        ).returncode
    passed, failed, skipped = count(results) if results and results.exists() else (0, 0, 0)
    if (code != 0 and failed == 0) or (results and passed + failed == 0):
        failed += 1
    outcome = Outcome(suite, passed, failed, skipped, time.monotonic() - start)
    verdict = "ok    " if failed == 0 else "FAILED"
    counts = f"{passed:5} passed, {failed} failed, {skipped} skipped, " if results else ""
    print(f"{verdict} {suite.name:14} {counts}{outcome.seconds:.0f} s", flush=True)
    if failed:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-60:])
        print(f"---- the end of {log.relative_to(ROOT)} ----\n{tail}\n----", flush=True)
    return outcome


def run_all(plan: Plan) -> list[Outcome]:
    """Run all suites, two at a time; if the build fails, only those that need none."""
    built, is_built = deque(plan.built), threading.Event()
    outcomes: list[Outcome] = []

    def take(suites: deque[Suite]) -> None:
        with contextlib.suppress(IndexError):  # no suite is left
            while True:
                outcomes.append(run(suites.popleft()))

    def build_first() -> None:
        is_sound = False
        try:
            outcomes.append(run(plan.build))
            is_sound = outcomes[-1].failed == 0
        finally:  # the other thread waits for this event
            if not is_sound:
                built.clear()
            is_built.set()
        take(built)

    def begin_alone() -> None:
        take(deque(plan.alone))
        is_built.wait()
        take(built)

    with ThreadPoolExecutor(max_workers=2) as pool:
        for lane in [pool.submit(build_first), pool.submit(begin_alone)]:
            lane.result()
    return outcomes


def main() -> int:
    """Run what is asked for; return 1 if anything failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--thorough", action="store_true", help="run the long suites instead")
    options = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    print("==> Running the tests; logs are in build/test", flush=True)
    outcomes = run_all(THOROUGH if options.thorough else QUICK)
    if skipped := sum(outcome.skipped for outcome in outcomes):
        print(f"{skipped} skipped")
    passed, failed = sum(o.passed for o in outcomes), sum(o.failed for o in outcomes)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
