"""A live page: rendered again while training goes on, read-only, served to this machine only."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from hashlib import blake2b
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

from gandoctor.diagnosis import diagnose
from gandoctor.errors import GandoctorError
from gandoctor.report.languages.language import Language
from gandoctor.report.page.page import Live, content_of, fill
from gandoctor.report.text import clean, script_json
from gandoctor.store import load_run

ADDRESS = "127.0.0.1"
EVERY_MS = 2_000
BUSY_SHARE = 0.1
"""Most of one processor that rendering may take, so that it does not slow the training it shows."""
WRITTEN = ("run.json", "events.jsonl", "signals/*.arrows", "samples/*.png", "samples/reals.npz")

Clock = Callable[[], float]


class LivePage:
    """The newest page of one run; rendered on request when the run has written something.

    Args:
        run_dir: The run directory.
        words: The page's language.
        every_ms: How often an open page asks for news.
        clock: Seconds, never falling.
        cpu: Processor time this process has used, in seconds.

    Raises:
        GandoctorError: It is not a run directory, or cannot be used.
    """

    def __init__(
        self,
        run_dir: Path,
        words: Language,
        every_ms: int = EVERY_MS,
        clock: Clock = time.monotonic,
        cpu: Clock = time.process_time,
    ) -> None:
        self._cpu = cpu
        self._words = words
        self._every_ms = every_ms
        self._clock = clock
        self._lock = Lock()
        self._run = load_run(run_dir)
        self._stamp = ""
        self._due_at = float("-inf")
        self._trouble: str | None = None
        self._content: dict[str, Any] = {}
        self._version = ""
        self._render(self._read_stamp())

    def news(self) -> dict[str, Any]:
        """Return the version of the content, the run's state and last step, and what keeps it from being read on."""
        with self._lock:
            self._look()
            return {
                "version": self._version,
                "state": self._content["state"],
                "step": self._content["last_step"],
                "trouble": self._trouble,
            }

    def page(self) -> str:
        """Return the whole page."""
        return self._fill(scripts=True)

    def content(self) -> str:
        """Return the page without its scripts, for an open page that takes over what is in it."""
        return self._fill(scripts=False)

    def _fill(self, scripts: bool) -> str:
        with self._lock:
            self._look()
            content, version = self._content, self._version
        live = Live(version, self._every_ms, script_json(self._words.section("live")))
        return fill(self._words, content, live=live, scripts=scripts)

    def _look(self) -> None:
        if self._clock() < self._due_at:
            return
        try:
            stamp = self._read_stamp()
            if stamp != self._stamp:
                self._run.refresh()
                self._render(stamp)
            self._trouble = None
        except Exception as error:  # noqa: BLE001 - e.g. the directory was moved away; the last page stays
            told = str(error) if isinstance(error, GandoctorError) else f"{type(error).__name__}: {error}"
            self._trouble = clean(told, 200)

    def _render(self, stamp: str) -> None:
        started = self._cpu()
        self._content = content_of(diagnose(self._run), self._words)
        self._version = blake2b(str(self._content["data"]).encode() + stamp.encode(), digest_size=8).hexdigest()
        self._stamp = stamp
        self._due_at = self._clock() + (self._cpu() - started) / BUSY_SHARE

    def _read_stamp(self) -> str:
        """Return what changes when the run writes, or ends without writing."""
        paths = [self._run.path, *(game.path for game in self._run.games.values())]
        files = sorted(file for path in paths for pattern in WRITTEN for file in path.glob(pattern))
        stats = [(str(file), (found := file.stat()).st_size, found.st_mtime_ns) for file in files]
        return blake2b(repr((stats, self._run.state)).encode(), digest_size=8).hexdigest()


class LiveContent(Protocol):
    """What a `LiveServer` serves: a `LivePage`, or what stands in for it before there is a run."""

    def news(self) -> dict[str, Any]:
        """Return what changes while training goes on."""

    def page(self) -> str:
        """Return the whole page."""

    def content(self) -> str:
        """Return the page without its scripts."""


class LiveServer(ThreadingHTTPServer):
    """Serves one live page on the loopback interface: three addresses, read-only, no files by name.

    A name that a page elsewhere points at this machine (DNS rebinding) is refused by its Host header.

    Args:
        page: What to serve.
        port: 0 takes a free one.

    Raises:
        GandoctorError: The port cannot be used.
    """

    daemon_threads = True

    def __init__(self, page: LiveContent, port: int = 0) -> None:
        self.live_page = page
        try:
            super().__init__((ADDRESS, port), _Handler)
        except OSError as error:
            raise GandoctorError(
                f"Port {port} cannot be used: {error.strerror}. Choose another with --port, or 0 for a free one."
            ) from None

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://{ADDRESS}:{self.server_port}/"

    @property
    def hosts(self) -> tuple[str, ...]:
        """Host headers that are meant for this server."""
        return (f"{ADDRESS}:{self.server_port}", f"localhost:{self.server_port}")

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a browser that went away; anything else is an error of ours and is shown."""
        import sys

        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """Answers GET and HEAD of three exact paths; http.server itself refuses every other method."""

    protocol_version = "HTTP/1.1"
    timeout = 30  # of an idle connection
    server: LiveServer

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def _answer(self, with_body: bool) -> None:
        page = self.server.live_page
        html = "text/html; charset=utf-8"
        routes: dict[str, tuple[str, Callable[[], str]]] = {
            "/": (html, page.page),
            "/content": (html, page.content),
            "/version": ("application/json", lambda: json.dumps(page.news())),
        }
        if self.headers.get_all("Host") not in [[host] for host in self.server.hosts]:
            self._send(
                HTTPStatus.MISDIRECTED_REQUEST,
                "text/plain",
                "This server answers to its own address only.\n",
                with_body,
            )
        elif self.path not in routes:
            self._send(HTTPStatus.NOT_FOUND, "text/plain", "There is no such page.\n", with_body)
        else:
            kind, body = routes[self.path]
            self._send(HTTPStatus.OK, kind, body(), with_body)

    def _send(self, status: HTTPStatus, kind: str, text: str, with_body: bool) -> None:
        body = text.encode("utf-8", "replace")
        self.send_response(status)
        for name, value in (
            ("Content-Type", kind),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
            ("X-Frame-Options", "DENY"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
            ("Referrer-Policy", "no-referrer"),
        ):
            self.send_header(name, value)
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def version_string(self) -> str:
        return "gandoctor"

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the terminal is the user's."""
