"""Waiting for long work, and stepping in where it was left."""

from __future__ import annotations

import time

from werkzeug.test import TestResponse

from tests.web.site import Browser


def settle(browser: Browser, address: str) -> TestResponse:
    """Return the page of long work once nobody is at it any more."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        answer = browser.get(address)
        if 'class="progressing"' not in answer.text:
            return answer
        time.sleep(0.05)
    raise AssertionError("the work did not come to an end")
