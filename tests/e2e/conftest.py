"""The real server, and the way in by the real page."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session
from waitress.server import create_server

from app import clock, create_app
from app.config import Config
from app.extensions import db
from tests.web.site import PASSWORD, make_people

MORNING = datetime(2026, 6, 30, 1, tzinfo=UTC)
"""Nine o'clock in China on the day for which the sample is judged."""


@pytest.fixture
def site(migrated_sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server's address, on the morning of the sample's day, with two bureaus' people."""
    monkeypatch.setattr(clock, "now", lambda: MORNING)
    expect.set_options(timeout=20_000)
    app = create_app(Config(database_url=migrated_sqlite_url, secret_key="k" * 32, instance=tmp_path))
    with app.app_context(), Session(db.engine) as session:
        make_people(session)
    server: Any = create_server(app, host="127.0.0.1", port=0)
    thread = threading.Thread(target=server.run)
    thread.start()
    yield f"http://127.0.0.1:{server.effective_port}"
    for channel in list(server.active_channels.values()):
        channel.will_close = True  # a browser keeps its connections, and the server waits for every one
    server.close()
    thread.join(timeout=10)
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def enter() -> Callable[[Page, str, str], Page]:
    """Sign somebody in at an address by the real page."""

    def sign_in(page: Page, address: str, username: str) -> Page:
        page.goto(address)
        page.get_by_label("用户名").fill(username)
        page.get_by_label("密码").fill(PASSWORD)
        page.get_by_role("button", name="登录").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("工作台")
        return page

    return sign_in
