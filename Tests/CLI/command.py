# SPDX-License-Identifier: Apache-2.0
"""The `valuation` command as its users meet it: a process with files, pipes and terminals.

The tests run build/bin/valuation, which `make build` makes. To test another command, name it in the environment
variable VALUATION_COMMAND.
"""

import json
import math
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pexpect

REPOSITORY = Path(__file__).resolve().parents[2]
#: Seconds after which a command counts as hung, even on a busy machine.
PATIENCE = 900
COMMAND = os.environ.get("VALUATION_COMMAND", str(REPOSITORY / "build" / "bin" / "valuation"))

# Each test says itself what it needs of the environment.
ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLUMNS", "LINES")},
    "TERM": "xterm-256color",
    "SWIFT_BACKTRACE": "enable=no",
}


@dataclass
class Result:
    """The output, errors and status of a finished process."""

    status: int
    output: str
    errors: str

    @property
    def lines(self) -> list[str]:
        return self.output.splitlines()

    @property
    def answers(self) -> list[dict]:
        """The output as JSON Lines."""
        return [json.loads(line) for line in self.lines]


def word(argument: object) -> str | bytes:
    """An argument; a path's name may not be UTF-8."""
    return argument if isinstance(argument, bytes) else str(argument)


def run(*arguments: object, given: bytes | str = b"", **options) -> Result:
    """Runs the command with pipes, as scripts do; `given` is its standard input."""
    given = given.encode() if isinstance(given, str) else given
    options = {"env": ENVIRONMENT, "timeout": PATIENCE} | options
    finished = subprocess.run([COMMAND, *map(word, arguments)], input=given, capture_output=True, **options)
    return Result(finished.returncode, finished.stdout.decode(), finished.stderr.decode())


def run_in_terminal(
    *arguments: object, columns: int = 80, environment: dict | None = None, cwd: str | None = None
) -> Result:
    """Runs the command in a terminal of `columns`; output and errors come mixed, as on a screen."""
    child = pexpect.spawn(
        COMMAND,
        [str(argument) for argument in arguments],
        dimensions=(24, columns),
        cwd=cwd,
        env=ENVIRONMENT | (environment or {}),
        timeout=PATIENCE,
        encoding="utf-8",
    )
    child.expect(pexpect.EOF)
    child.close()
    status = child.exitstatus if child.signalstatus is None else -child.signalstatus
    return Result(status, child.before.replace("\r\n", "\n"), "")


def sigmoid(logit: float) -> float:
    return 1 / (1 + math.exp(-logit))


CLICK = {
    "format": "valuation-model/1",
    "kind": "logistic",
    "campaign": "1042",
    "target": "click",
    "version": "2026-11-21T03:00:00Z",
    "intercept": -3.0,
    "negative_sampling_rate": 0.5,
    "categorical": {"slot": {"12": 0.5, "77": -0.25}, "os": {"ios": 0.125}, "creative": {"55": -0.75}},
    "numeric": {"days_since_visit": {"mean": 3.0, "std": 2.0, "weight": 0.25}},
    "crosses": [{"fields": ["slot", "creative"], "weights": [["12", "55", 1.0]]}],
    "training": {"rows": 81234, "positives": 512, "base_rate": 0.0063, "auc": 0.71, "log_loss": 0.021},
    "self_test": [{"features": {"slot": "12"}, "probability": sigmoid(-2.5 + math.log(0.5))}],
}
CONVERSION = {
    "format": "valuation-model/1",
    "kind": "logistic",
    "campaign": "1042",
    "target": "conversion",
    "version": "2026-11-21T03:00:00Z",
    "intercept": -2.0,
    "negative_sampling_rate": 1,
    "categorical": {"os": {"ios": 1.0}},
}
DEFAULT_CLICK = {
    "format": "valuation-model/1",
    "kind": "logistic",
    "campaign": "*",
    "target": "click",
    "version": "2026-11-21T03:00:00Z",
    "intercept": -5.0,
    "negative_sampling_rate": 1,
    "categorical": {"slot": {"12": 0.1}},
}
REQUEST = {
    "id": "imp-1",
    "features": {"slot": "12", "os": "ios", "days_since_visit": 5},
    "candidates": [
        {"ad": "7", "campaign": "1042", "pricing": "cpm", "bid": 2.0},
        {"ad": "8", "campaign": "1042", "pricing": "cpc", "bid": 0.5},
        {"ad": "9", "campaign": "1042", "pricing": "cpa", "bid": 35.0, "features": {"creative": "55"}},
        {"ad": "10", "campaign": "no-such-campaign", "pricing": "cpc", "bid": 0.125},
    ],
}
# The values of the models above for that request, by the formulas of Documentation/model-format.md.
PCTR = sigmoid(-3.0 + 0.5 + 0.125 + 0.25 * (5 - 3.0) / 2.0 + math.log(0.5))
PCTR_OF_CREATIVE_55 = sigmoid(-3.0 + 0.5 + 0.125 + 0.25 * (5 - 3.0) / 2.0 - 0.75 + 1.0 + math.log(0.5))
PCVR = sigmoid(-2.0 + 1.0)
PCTR_BY_DEFAULT = sigmoid(-5.0 + 0.1)


def request_line(identifier: str = "imp-1", **members: object) -> str:
    """The request on one line, as in JSON Lines."""
    return json.dumps(REQUEST | {"id": identifier} | members) + "\n"
