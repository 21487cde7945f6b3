# SPDX-License-Identifier: Apache-2.0
"""A web server for the tests of `valuation pull` and `push`: ranges, PUT, and whatever goes wrong on the way."""

import contextlib
import email.utils
import socket
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

#: Bodies are sent in pieces of so many bytes, so that a cut or a stop is never far from where it is meant to be.
PIECE = 512


@dataclass
class Request:
    """A request, and how many bytes of the answer's body were sent."""

    method: str
    path: str
    headers: dict[str, str]
    #: As it was sent, percent-encoded.
    raw_path: str = ""
    status: int = 0
    sent: int = 0


@dataclass
class Store:
    """What is served, what was asked for, and what goes wrong."""

    #: The directory whose files are below /ads.
    root: Path
    url: str = ""
    requests: list[Request] = field(default_factory=list)
    #: Whether a request for a part of a file is answered with that part.
    has_ranges: bool = True
    #: Answers instead of files, by path below /ads: status, body, headers.
    answers: dict[str, tuple[int, bytes, dict[str, str]]] = field(default_factory=dict)
    #: After how many bytes of its body to cut an answer off, or None.
    cut: Callable[[Request], int | None] = lambda request: None
    #: Whether a request is allowed; the others are answered with 403.
    allows: Callable[[Request, bytes], bool] = lambda request, body: True
    #: Whether only what was made by MKCOL is a directory, as for WebDAV.
    has_collections: bool = False
    #: After how many bytes all answers stop, until `go_on` is called; then `has_stopped` is set.
    stops_after: int | None = None
    has_stopped: threading.Event = field(default_factory=threading.Event)
    _goes_on: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def sent(self) -> int:
        """The bytes of all bodies together."""
        return sum(request.sent for request in self.requests)

    def asked(self, method: str = "GET") -> list[str]:
        """The paths asked for, below /ads."""
        return [request.path for request in self.requests if request.method == method]

    def forget(self) -> None:
        """Forgets all requests."""
        self.requests.clear()

    def stop_after(self, count: int) -> None:
        """Lets answers stop once so many more bytes were sent."""
        self.stops_after = self.sent + count
        self.has_stopped.clear()
        self._goes_on.clear()

    def go_on(self) -> None:
        """Ends a stop."""
        self.stops_after = None
        self._goes_on.set()

    def count(self, request: Request, length: int) -> None:
        """Counts bytes that are about to be sent, and waits during a stop."""
        with self._lock:
            request.sent += length
            stops = self.stops_after is not None and self.sent >= self.stops_after
        if stops:
            self.has_stopped.set()
            self._goes_on.wait()


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    store: Store

    def log_message(self, *_: object) -> None:
        """Nothing is logged."""

    def begin(self) -> tuple[Request, Path, bytes]:
        """Notes the request. Returns it with the file that it is about and its body."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path = urllib.parse.unquote(self.path).partition("/ads/")[2]
        request = Request(self.command, path, {name.lower(): value for name, value in self.headers.items()}, self.path)
        self.store.requests.append(request)
        return request, self.store.root / path, body

    def answer(self, request: Request, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        """Sends an answer, up to its cut."""
        request.status = status
        self.send_response(status)
        headers = {"Content-Length": str(len(body))} | (headers or {})
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        end = self.store.cut(request) if status in (200, 206) else None
        end = len(body) if end is None else min(end, len(body))
        for start in range(0, end, PIECE):
            piece = body[start : min(start + PIECE, end)]
            self.store.count(request, len(piece))
            self.wfile.write(piece)
        if end < int(headers["Content-Length"]):
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True

    def do_GET(self) -> None:
        """A file, or the rest of one."""
        request, file, body = self.begin()
        if not self.store.allows(request, body):
            return self.answer(request, 403)
        if request.path in self.store.answers:
            return self.answer(request, *self.store.answers[request.path])
        if not file.is_file():
            return self.answer(request, 404, b"There is no such file.\n")
        contents, headers = (
            file.read_bytes(),
            {"Last-Modified": email.utils.formatdate(file.stat().st_mtime, usegmt=True)},
        )
        wanted = request.headers.get("range")
        if not (self.store.has_ranges and wanted):
            return self.answer(request, 200, contents, headers)
        start = int(wanted.removeprefix("bytes=").removesuffix("-"))
        if start >= len(contents):
            return self.answer(request, 416)
        headers["Content-Range"] = f"bytes {start}-{len(contents) - 1}/{len(contents)}"
        return self.answer(request, 206, contents[start:], headers)

    do_HEAD = do_GET  # noqa: N815

    def do_PUT(self) -> None:
        """A new file, complete or not at all."""
        request, file, body = self.begin()
        if not self.store.allows(request, body):
            return self.answer(request, 403)
        if self.store.has_collections and not file.parent.is_dir():
            return self.answer(request, 409)
        file.parent.mkdir(parents=True, exist_ok=True)
        temporary = file.with_name(f".{file.name}.put")
        temporary.write_bytes(body)
        temporary.replace(file)
        return self.answer(request, 201, b"Made.\n")

    def do_MKCOL(self) -> None:
        """A new directory."""
        request, file, _ = self.begin()
        if not self.store.has_collections:
            return self.answer(request, 405)
        if file.is_dir():
            return self.answer(request, 405)
        file.mkdir()
        return self.answer(request, 201)


class Server(ThreadingHTTPServer):
    """Connections that a client ends are no errors."""

    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Says nothing."""


@contextlib.contextmanager
def serving(root: Path) -> Iterator[Store]:
    """Serves a directory at the store's `url`."""
    store = Store(root)
    server = Server(("127.0.0.1", 0), type("HandlerOfStore", (Handler,), {"store": store}))
    store.url = f"http://127.0.0.1:{server.server_port}/ads"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield store
    finally:
        store.go_on()
        server.shutdown()
        thread.join()
        server.server_close()
