# SPDX-License-Identifier: Apache-2.0
"""With a real server of Luigi's."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from urllib.error import URLError
from urllib.parse import quote
from urllib.request import urlopen

import pytest

from valuation_pipeline.workflow.errors import NotArrivedError
from valuation_pipeline.workflow.run import run_day
from workflow.runs import wishes


@pytest.fixture
def luigid(tmp_path: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["--address", "127.0.0.1", "--port", str(port), "--state-path", str(tmp_path / "state")]
    program = "from luigi.cmdline import luigid; luigid()"
    url = f"http://127.0.0.1:{port}"
    with subprocess.Popen([sys.executable, "-c", program, *words], stderr=subprocess.DEVNULL) as server:
        try:
            for _ in range(600):
                try:
                    urlopen(f"{url}/api/ping").close()
                    break
                except URLError:
                    time.sleep(0.1)
            yield url
        finally:
            server.terminate()


def asked(url: str, what: str, **about: str) -> dict[str, dict[str, object]]:
    with urlopen(f"{url}/api/{what}?data={quote(json.dumps(about))}") as answer:
        return dict(json.loads(answer.read())["response"])


@pytest.mark.thorough
def test_its_page_has_the_tasks_by_date_and_why_one_failed(place: Path, luigid: str, tmp_path: Path) -> None:
    day = date(2026, 3, 9)
    wanted = replace(wishes(place, tmp_path / "work", tmp_path / "models"), scheduler_url=luigid)
    for _ in range(2):  # a failed task is retried at once
        with pytest.raises(NotArrivedError):
            run_day(day, wanted)
    failed = asked(luigid, "task_list", status="FAILED", upstream_status="")
    (task,) = failed.values()
    assert task["display_name"] == f"Arrived(date={day}, models={tmp_path / 'models'})"
    (name,) = failed
    told = asked(luigid, "fetch_error", task_id=name)["error"]
    assert "NotArrivedError: " in str(told)
    assert "the day's marker is not there" in str(told)
