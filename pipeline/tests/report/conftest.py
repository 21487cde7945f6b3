# SPDX-License-Identifier: Apache-2.0
"""Pages written once and served unchanged, and one headless Chromium for all tests."""

from __future__ import annotations

import functools
import json
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.support.wait import WebDriverWait

from report.pages import hostile_page, training_page
from valuation_pipeline.report import write

PROBE = (Path(__file__).parent / "probe.js").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Opened:
    """A page in the browser: its console, its requests, and the probe's findings."""

    console: list[str]
    requests: list[str]
    seen: dict[str, Any]


class Reader:
    """A browser that opens the pages of a folder from a server on this machine."""

    def __init__(self, folder: Path) -> None:
        self.served: list[str] = []
        handler = functools.partial(_Handler, self.served, directory=str(folder))
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        os.environ["SE_OFFLINE"] = "true"
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=webdriver.ChromeService("/usr/bin/chromedriver"))

    def open(self, name: str, width: int, scheme: str = "light") -> Opened:
        """Open a page at this width and colour scheme, and wait until its charts are drawn."""
        self.switch(scheme)
        self.resize(width)
        self.console()
        self.requests()
        self.driver.get(self.address(name))
        WebDriverWait(self.driver, 60).until(
            lambda driver: driver.execute_script(
                "return Array.from(document.querySelectorAll('.plot')).every((plot) => plot.querySelector('svg'))"
            )
        )
        return Opened(self.console(), self.requests(), self.look())

    def switch(self, scheme: str, media: str = "screen") -> None:
        """Switch to another colour scheme, or to paper, without reloading the page."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self._tell("Emulation.setEmulatedMedia", media=media, features=features)

    def resize(self, width: int) -> None:
        """Set the width of the window, in CSS pixels."""
        self._tell("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)

    def look(self) -> dict[str, Any]:
        """Return what is visible: see probe.js."""
        seen: dict[str, Any] = self.driver.execute_script(PROBE)
        return seen

    def address(self, name: str) -> str:
        """Return the address of a file."""
        return f"http://127.0.0.1:{self._server.server_port}/{name}"

    def console(self) -> list[str]:
        """Return the console's messages since the last call."""
        return [entry["message"] for entry in self.driver.get_log("browser")]  # type: ignore[no-untyped-call]

    def requests(self) -> list[str]:
        """Return the addresses requested since the last call, allowed or not."""
        entries = self.driver.get_log("performance")  # type: ignore[no-untyped-call]
        events = [json.loads(entry["message"])["message"] for entry in entries]
        return [
            event["params"]["request"]["url"]
            for event in events
            if event["method"] == "Network.requestWillBeSent"
            and not event["params"]["request"]["url"].startswith("data:")
        ]

    def close(self) -> None:
        """End the browser and the server."""
        self.driver.quit()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _tell(self, command: str, **arguments: Any) -> None:
        self.driver.execute_cdp_cmd(command, arguments)


class _Handler(SimpleHTTPRequestHandler):
    """Serves files and records the requests."""

    def __init__(self, served: list[str], *arguments: Any, **named: Any) -> None:
        self._served = served
        super().__init__(*arguments, **named)

    def log_message(self, *_arguments: Any) -> None:
        self._served.append(self.path)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder with ``training`` and ``hostile``, as HTML and JSON."""
    folder = tmp_path_factory.mktemp("pages")
    write(training_page(200), folder, "training")
    write(hostile_page(), folder, "hostile")
    return folder


@pytest.fixture(scope="session")
def reader(folder: Path) -> Iterator[Reader]:
    """Return the browser."""
    reader = Reader(folder)
    yield reader
    reader.close()
