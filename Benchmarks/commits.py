# SPDX-License-Identifier: Apache-2.0
"""How long an event loop is held up when it commits new models, while releases are published all the time.

    commits.py [--quick] [--commits N] [--interval MS]

LATEST is replaced each MS milliseconds. It names three releases in turn, so that each has to be mapped, checked and
freed anew: an engine keeps two. The size of the models is that of the loading benchmark.
"""

from __future__ import annotations

import argparse
import itertools
import json
import shutil
import threading
import time
from pathlib import Path

import valuation
from native import measure_commits
from plan import FULL, QUICK
from workload import ModelSet


def publish(model_set: ModelSet) -> tuple[Path, list[str]]:
    """Publish three releases that differ in a prior; return their directory and their ids."""
    model_set.write()
    root = model_set.folder / "commits"
    shutil.rmtree(root, ignore_errors=True)
    ids = [f"release-{number}" for number in range(3)]
    for number, release in enumerate(ids):
        valuation.publish(model_set.folder / "models", root, id=release, click_prior=0.01 + 0.01 * number)
    return root, ids


def replace_latest(root: Path, ids: list[str], interval: float, has_ended: threading.Event) -> None:
    """Make LATEST name one release after the other, as a publisher does last."""
    next_time = time.monotonic()
    for release in itertools.cycle(ids):
        (root / "LATEST.new").write_text(f"{release}\n")
        (root / "LATEST.new").rename(root / "LATEST")
        next_time += interval
        if has_ended.wait(max(0.0, next_time - time.monotonic())):
            return


def main() -> None:
    """Measure, and print percentiles."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--commits", type=int, default=10_000, metavar="N")
    parser.add_argument("--interval", type=float, default=100, metavar="MS")
    parser.add_argument("--quick", action="store_true", help="a tenth of the models")
    options = parser.parse_args()
    root, ids = publish((QUICK if options.quick else FULL).load)
    has_ended = threading.Event()
    publisher = threading.Thread(target=replace_latest, args=(root, ids, options.interval / 1000, has_ended))
    publisher.start()
    try:
        measured = measure_commits(root, options.commits)
    finally:
        has_ended.set()
        publisher.join()
        shutil.rmtree(root)
    print(json.dumps({name: measured[name] for name in ("commits", "nothing_prepared", "failures")}))
    for name, what in (("commit_ns", "commit"), ("turn_ns", "commit and the next call")):
        times = ", ".join(f"{share} {measured[name][share] / 1000:.2f} µs" for share in ("p50", "p99", "p99.9", "max"))
        print(f"{what}: {times}")


if __name__ == "__main__":
    main()
