# SPDX-License-Identifier: Apache-2.0
"""A host with functions of the library's names that changes its locale and forks at any moment; see rough_host.c."""

from __future__ import annotations

import subprocess
from pathlib import Path

from ABI.policy_files import policy, write_policy

from .campaign import Findings, Tools

#: Their decimal points are a comma and a character of two bytes.
MADE = ("de_DE.UTF-8", "ps_AF.UTF-8")
SECONDS = 3600


def make_locales(directory: Path) -> Path:
    """Compile the locales for LOCPATH; the machine need not have them."""
    for name in MADE:
        source = name.removesuffix(".UTF-8")
        subprocess.run(["localedef", "-i", source, "-f", "UTF-8", directory / name], check=True, capture_output=True)
    return directory


def live_in_a_rough_host(tools: Tools, forks: int) -> Findings:
    """Fork so many times in the compiled locales, and a tenth as often in all locales of the machine together."""
    findings = Findings("Difficult hosts")
    folder = tools.folder("rough-host")
    releases = folder / "releases"
    tools.must("publish", tools.first, releases, "first")
    predictors = {"production": {"release": "LATEST"}}
    policy_file = write_policy(
        folder / "policy.json", policy(predictors=predictors, campaigns={"1042": {"multiplier": 1.5}})
    )
    program = tools.program("rough_host", "-rdynamic", "-Wl,-Bstatic", "-ljson-c", "-Wl,-Bdynamic")
    machines = subprocess.run(["locale", "-a"], capture_output=True, text=True, check=True).stdout.split()
    # With LOCPATH set, the C library looks nowhere else.
    made = {"LOCPATH": str(make_locales(folder))}
    for count, locales, environment in [(forks, MADE, made), (forks // 10 + 1, machines, {})]:
        command = [program.path, tools.first, tools.second, releases, policy_file, str(count), *locales]
        # Count freed memory as free.
        variables = program.environment | environment | {"GLIBC_TUNABLES": "glibc.malloc.tcache_count=0"}
        finished = subprocess.run(
            command, env=variables, capture_output=True, text=True, timeout=SECONDS, check=False, errors="replace"
        )
        findings.expect(finished.returncode == 0, f"{locales}: ended with {finished.returncode}: {finished.stderr}")
        if finished.returncode == 0:
            calls, loads, lived, growth = map(int, finished.stdout.split())
            findings.count("forks", count)
            findings.count("calls", calls)
            findings.count("loads", loads)
            findings.count("locales of a thread", lived)
            findings.count("bytes of growth", growth)
    return findings
