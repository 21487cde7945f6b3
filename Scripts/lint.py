# SPDX-License-Identifier: Apache-2.0
"""Check the formatting and the lint rules of every language: lint.py [--fix] [--junit FILE]."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from xml.sax.saxutils import quoteattr

ROOT = Path(__file__).resolve().parent.parent
TOOLS = Path(sys.executable).parent


def tracked(*patterns: str) -> list[str]:
    """Files of the repository that match, committed or not."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    return [name for name in listed if (ROOT / name).exists()]


def checks(fix: bool) -> dict[str, list[str]]:
    """The commands by name."""
    swift, c = tracked("*.swift"), tracked("*.c", "*.h", "*.inc", "*.cpp", "*.hpp")
    if fix:
        return {
            "swift-format": ["swift", "format", "format", "--in-place", *swift],
            "clang-format": [str(TOOLS / "clang-format"), "-i", *c],
            "ruff check": [str(TOOLS / "ruff"), "check", "--fix", "."],
            "ruff format": [str(TOOLS / "ruff"), "format", "."],
        }
    return {
        "swift-format": ["swift", "format", "lint", "--strict", *swift],
        "clang-format": [str(TOOLS / "clang-format"), "--dry-run", "-Werror", *c],
        "ruff check": [str(TOOLS / "ruff"), "check", "."],
        "ruff format": [str(TOOLS / "ruff"), "format", "--check", "."],
        "mypy": ["env", "--chdir=bindings/python", str(TOOLS / "mypy")],
        "mypy of the pipeline": ["env", "--chdir=pipeline", str(TOOLS / "mypy")],
    }


def main() -> int:
    """Run every check; return 1 if one failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fix", action="store_true", help="format and mend what can be mended")
    parser.add_argument("--junit", type=Path, help="write the results as JUnit XML")
    options = parser.parse_args()
    cases = []
    failed = 0
    for name, command in checks(options.fix).items():
        result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        if result.returncode == 0:
            cases.append(f"<testcase classname='lint' name={quoteattr(name)}/>")
            continue
        failed += 1
        output = (result.stdout + result.stderr)[-5000:]
        print(f"{name} failed (`make format` mends most problems):\n{output}", file=sys.stderr)
        cases.append(f"<testcase classname='lint' name={quoteattr(name)}><failure/></testcase>")
    if options.junit:
        header = f"<testsuite name='lint' tests='{len(cases)}' failures='{failed}'>"
        options.junit.write_text(f"{header}{''.join(cases)}</testsuite>")
    print(f"{len(cases) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
