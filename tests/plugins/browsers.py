"""A real Chromium for browser tests: offline, in Chinese, in the bureau's time zone."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from tests.plugins.needs import missing

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
)
_WAIT_MS = 15_000


class PageWatch:
    """What pages did that an office without internet, behind a strict policy, must never see."""

    def __init__(self) -> None:
        self.outside: list[str] = []
        self.broken: list[str] = []
        self.console_errors: list[str] = []

    def attend(self, page: Page) -> None:
        """Note what ``page`` asks for and complains of from now on."""
        page.on("request", lambda request: self._asked(request.url))
        page.on("websocket", lambda socket: self._asked(socket.url))
        page.on("pageerror", lambda error: self.broken.append(str(error)))
        page.on("console", self._said)

    def _asked(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in {"http", "https", "ws", "wss"} and not _is_this_machine(parts.hostname or ""):
            self.outside.append(url)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type != "error":
            return
        self.console_errors.append(message.text)
        if "Content Security Policy" in message.text:
            self.broken.append(message.text)


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium for the whole session: ``KEGUAN_CHROMIUM`` or the first one on the PATH."""
    program = os.environ.get("KEGUAN_CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
    if program is None:
        missing("no Chromium found; install chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=list(_ARGUMENTS))
        yield chromium
        chromium.close()


@pytest.fixture
def page_watch() -> Iterator[PageWatch]:
    """What the test's pages did; reaching outside or breaking on a script or the policy fails the test."""
    watch = PageWatch()
    yield watch
    assert not watch.outside, f"pages asked for something outside this machine: {watch.outside}"
    assert not watch.broken, f"pages broke: {watch.broken}"


@pytest.fixture
def new_page(browser: Browser, page_watch: PageWatch) -> Iterator[Callable[[], Page]]:
    """Opens a page with a session of its own: call it once for each person who takes part."""
    contexts = []

    def open_page() -> Page:
        context = browser.new_context(
            locale="zh-CN", timezone_id="Asia/Shanghai", viewport={"width": 1366, "height": 768}
        )
        contexts.append(context)
        context.set_default_timeout(_WAIT_MS)
        context.on("page", page_watch.attend)
        return context.new_page()

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture
def page(new_page: Callable[[], Page]) -> Page:
    """A page of the one person who takes part."""
    return new_page()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark whatever opens a browser, so that ``-m "not browser"`` leaves all of it out."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)
