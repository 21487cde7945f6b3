# SPDX-License-Identifier: Apache-2.0
"""Run the fault campaign at length, print its counts, and write them to build/torture/report.md.

torture.py [--short] [PART...]

If Fuzz/fuzz.py has been run, its figures are added.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests"))

from ABI.programs import Toolchain  # noqa: E402

from Torture.campaign import Findings, Tools, installed  # noqa: E402
from Torture.plan import PARTS  # noqa: E402

REPORT = ROOT / "build" / "torture" / "report.md"
FUZZ_REPORT = ROOT / "build" / "fuzz" / "report.json"


def table(findings: Findings, seconds: float) -> str:
    """The findings of a part, as Markdown."""
    lines = [f"## {findings.title}", "", "| what | figure |", "|---|---|"]
    for what, figure in findings.figures.items():
        lines.append(f"| {what} | {f'{figure:,}' if isinstance(figure, int) else figure} |")
    lines.append(f"| **faults** | **{len(findings.faults)}** |")
    return "\n".join([*lines, "", f"{seconds:.0f} s.", ""])


def fuzz_table() -> str:
    """The fuzzers' results, as Markdown; empty if they have not been run."""
    if not FUZZ_REPORT.exists():
        return ""
    lines = [
        "## Fuzzers",
        "",
        "| target | inputs | seconds | edges covered, of all of the core | failed |",
        "|---|---|---|---|---|",
    ]
    for one in json.loads(FUZZ_REPORT.read_text()):
        covered, failed = f"{one['edges_covered']:,} of {one['edges']:,}", "yes" if one["has_failed"] else "no"
        lines.append(f"| {one['target']} | {one['inputs']:,} | {one['seconds']} | {covered} | {failed} |")
    return "\n".join([*lines, ""])


def main() -> int:
    """Run the parts; return 1 if one found a fault."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = [part.name for part in PARTS]
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(names)} (default all)")
    parser.add_argument("--short", action="store_true", help="as the tests run it")
    options = parser.parse_args()
    if unknown := set(options.parts) - set(names):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    sections = [f"# Fault campaign\n\n{os.cpu_count()} processors, {platform.system()} {platform.release()}.\n"]
    faults = 0
    with tempfile.TemporaryDirectory() as name:
        folders = [Path(name) / part for part in ("prefix", "programs", "work")]
        for folder in folders:
            folder.mkdir()
        tools = Tools(Toolchain(installed(folders[0]), folders[1]), folders[2])
        for part in PARTS:
            if options.parts and part.name not in options.parts:
                continue
            start = time.monotonic()
            findings = part.short(tools) if options.short else part.long(tools)
            sections.append(table(findings, time.monotonic() - start))
            print(sections[-1], flush=True)
            for fault in findings.faults[:20]:
                print(fault, file=sys.stderr, flush=True)
            faults += len(findings.faults)
    sections.append(fuzz_table())
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text("\n".join(sections))
    print(f"{faults} faults; the figures are in {REPORT.relative_to(ROOT)}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
