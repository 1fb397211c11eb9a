"""A bureau on a February morning, with browsers for its people."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
import time_machine
from flask import Flask
from sqlalchemy.orm import Session

from lifecycle.roles import Role
from tests.integration.paying import TODAY, Bureau
from tests.web.site import Browser, People, add_account

ALL_THREE = [Role.HANDLER, Role.APPROVER, Role.FINANCE]


@pytest.fixture(autouse=True)
def morning() -> Iterator[None]:
    """Ten o'clock in China on the day that the payments at hand are made for."""
    with time_machine.travel(datetime(TODAY.year, TODAY.month, TODAY.day, 2, tzinfo=UTC), tick=False):
        yield


@pytest.fixture
def bureau(session: Session, people: People) -> Bureau:
    """The bureau of agency A."""
    return Bureau(session, people)


@pytest.fixture
def handler(as_role: Callable[[Role], Browser]) -> Browser:
    """The browser of who proposes."""
    return as_role(Role.HANDLER)


@pytest.fixture
def approver(as_role: Callable[[Role], Browser]) -> Browser:
    """The browser of who approves."""
    return as_role(Role.APPROVER)


@pytest.fixture
def finance(as_role: Callable[[Role], Browser]) -> Browser:
    """The browser of who makes batches and books."""
    return as_role(Role.FINANCE)


@pytest.fixture
def auditor(as_role: Callable[[Role], Browser]) -> Browser:
    """The browser of who only reads."""
    return as_role(Role.AUDITOR)


@pytest.fixture
def everyone(app: Flask, bureau: Bureau) -> Browser:
    """The browser of one person who holds all three roles."""
    who = add_account(bureau.session, "wang", {bureau.people.agency_a: ALL_THREE})
    bureau.session.commit()
    browser = app.test_client()
    assert isinstance(browser, Browser)
    return browser.as_account(who)


@pytest.fixture
def stranger(app: Flask, people: People) -> Callable[[Role], Browser]:
    """Return the browser of who holds a role in the other agency."""

    def browse(role: Role) -> Browser:
        browser = app.test_client()
        assert isinstance(browser, Browser)
        return browser.as_account(people.b[role])

    return browse
