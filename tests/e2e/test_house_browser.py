"""The browser that tests are given works, speaks Chinese and cannot leave the machine."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Error, Page

from tests.plugins.browsers import PageWatch


class _Greeter(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Security-Policy", "script-src 'none'")
        self.end_headers()
        inline = "<script>document.title = 'broken'</script>" if self.path == "/inline" else ""
        self.wfile.write(f"<title>科管</title><h1>今日待办</h1>{inline}".encode())

    def log_message(self, *_args: object) -> None:
        """Stay quiet."""


@pytest.fixture
def address() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Greeter) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_page_of_this_machine_is_shown(page: Page, address: str, page_watch: PageWatch) -> None:
    page.goto(f"{address}/")
    assert page.title() == "科管"
    assert page.evaluate("[navigator.language, Intl.DateTimeFormat().resolvedOptions().timeZone]") == [
        "zh-CN",
        "Asia/Shanghai",
    ]
    assert page_watch.outside == []


def test_a_request_to_the_outside_fails_and_is_noted(page: Page, page_watch: PageWatch) -> None:
    with pytest.raises(Error, match="ERR_NAME_NOT_RESOLVED"):
        page.goto("http://cdn.invalid/lib.js")
    assert page_watch.outside == ["http://cdn.invalid/lib.js"]
    page_watch.outside.clear()


def test_a_script_against_the_policy_is_noted(page: Page, address: str, page_watch: PageWatch) -> None:
    page.goto(f"{address}/inline")
    assert page.title() == "科管"
    assert any("Content Security Policy" in message for message in page_watch.broken)
    page_watch.broken.clear()


def test_two_people_do_not_share_a_session(new_page: Callable[[], Page], address: str) -> None:
    first, second = new_page(), new_page()
    first.goto(f"{address}/")
    first.evaluate("document.cookie = 'who=first'")
    second.goto(f"{address}/")
    assert second.evaluate("document.cookie") == ""
