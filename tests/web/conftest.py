"""A site to visit: two bureaus with somebody in every role, and a browser without a screen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from app import create_app
from app.config import Config
from app.extensions import db
from app.longwork.background import background
from lifecycle.models import Project
from lifecycle.roles import Role
from tests.web.site import PASSWORD, Account, Browser, People, make_people, store_project


@pytest.fixture
def app(migrated_sqlite_url: str, tmp_path: Path) -> Iterator[Flask]:
    """The application on a database with every table and no row."""
    config = Config(database_url=migrated_sqlite_url, secret_key="k" * 32, instance=tmp_path, testing=True)
    made = create_app(config)
    made.test_client_class = Browser
    yield made
    with made.app_context():
        db.engine.dispose()


@pytest.fixture
def session(app: Flask) -> Iterator[Session]:
    """A session of the test's own, beside those of the requests.

    No application context stays open: requests would share it, and with it whoever is signed in.
    """
    with app.app_context():
        engine = db.engine
    with Session(engine) as made:
        yield made


@pytest.fixture
def people(session: Session) -> People:
    """Somebody for every role in agencies A and B, and somebody who works in both."""
    return make_people(session)


@pytest.fixture
def client(app: Flask) -> Browser:
    """A browser nobody has signed in with."""
    browser = app.test_client()
    assert isinstance(browser, Browser)
    return browser


@pytest.fixture
def sign_in(people: People) -> Callable[[Browser, Account], Browser]:
    """Sign somebody in by the real page; needs ``people`` and gives the browser back."""
    del people

    def do(browser: Browser, who: Account) -> Browser:
        answer = browser.post("/sign-in", data={"username": who.username, "password": PASSWORD})
        assert answer.status_code == 302, answer.text
        return browser

    return do


@pytest.fixture
def as_role(app: Flask, people: People) -> Callable[[Role], Browser]:
    """Return a browser in which the person of that role in agency A works; sessions are made, not typed."""

    def browse(role: Role) -> Browser:
        browser = app.test_client()
        assert isinstance(browser, Browser)
        return browser.as_account(people.a[role])

    return browse


@pytest.fixture
def make_project(session: Session, people: People) -> Callable[..., Project]:
    """Store a project of agency A (or ``agency_id``); keyword arguments are fields of its record."""

    def make(number: str = "KG-2026-001", *, agency_id: int | None = None, **fields: object) -> Project:
        return store_project(session, agency_id or people.agency_a, number, **fields)

    return make


@pytest.fixture
def at_rest(app: Flask, tmp_path: Path) -> Iterator[None]:
    """No work of a test outlives its application."""
    del app
    yield
    assert background.add(tmp_path / "last.progress", lambda _tell: None).wait(60)


@pytest.fixture
def ahead(at_rest: None, tmp_path: Path) -> Iterator[Event]:
    """Something else is being worked on until this is set."""
    del at_rest
    done = Event()

    def wait(_tell: object) -> None:
        done.wait(60)

    background.add(tmp_path / "ahead.progress", wait)
    yield done
    done.set()
