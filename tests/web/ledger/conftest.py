"""A handler's browser, and a queue of work that is empty before and after each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import pytest
from flask import Flask

from app.ledger.background import background
from lifecycle.roles import Role
from tests.web.site import Browser


@pytest.fixture(autouse=True)
def _at_rest(app: Flask, tmp_path: Path) -> Iterator[None]:
    """No work of a test outlives its application."""
    del app
    yield
    done = Event()
    background.add(tmp_path / "last.progress", lambda _tell: done.set())
    assert done.wait(60)


@pytest.fixture
def handler(as_role: Callable[[Role], Browser]) -> Browser:
    """The browser of who uploads."""
    return as_role(Role.HANDLER)


@pytest.fixture
def ahead(tmp_path: Path) -> Iterator[Event]:
    """Something else is being worked on until this is set."""
    done = Event()

    def wait(_tell: object) -> None:
        done.wait(60)

    background.add(tmp_path / "ahead.progress", wait)
    yield done
    done.set()
