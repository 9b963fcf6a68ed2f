"""One browser for all tests of a file, and the pages it is shown, each served once from here."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from amzsync.ops.figures import Report
from amzsync.ops.report_page import page
from tests.browser import chromium

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass
class Shown:
    """A page in the browser, every path asked of its server, and what its console said."""

    page: Page
    asked: list[str]
    console: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


Show = Callable[..., Shown]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Headless Chromium with an empty profile."""
    path = chromium.program()
    with sync_playwright() as playwright:
        # Playwright makes a profile of its own, which goes with the browser.
        running = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield running
        running.close()


@pytest.fixture
def show(browser: Browser) -> Iterator[Show]:
    """Shows a report in a window of its own: `show(report, width=390, color_scheme="dark")`."""
    with ExitStack() as stack:

        def shown(report: Report, *, width: int = 1440, **context: Any) -> Shown:
            server = stack.enter_context(_Server(page(report)))
            window = browser.new_context(viewport={"width": width, "height": 900}, **context)
            stack.callback(window.close)
            result = Shown(window.new_page(), server.asked)
            result.page.on("console", lambda message: result.console.append(message.text))
            result.page.on("pageerror", lambda error: result.console.append(str(error)))
            result.page.on("request", lambda request: result.requests.append(request.url))
            result.page.goto(server.url)
            return result

        yield shown


class _Server:
    """One page, over HTTP: a browser may do more on such a page than on a file."""

    def __init__(self, html: str) -> None:
        self.asked: list[str] = []
        body, asked = html.encode(), self.asked

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(self.path)
                self.send_response(200 if self.path == "/" else 404)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"

    def __enter__(self) -> _Server:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
