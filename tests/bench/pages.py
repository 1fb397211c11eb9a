"""The list of projects and a project's page, against the same made by hand."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

from flask import Flask, render_template_string
from sqlalchemy.orm import Session

from app import create_app
from app.config import Config
from lifecycle.database import begin_write
from lifecycle.roles import Actor, Role
from tests.bench.measuring import in_turn, say, say_least
from tests.bench.stores import opened, store
from tests.web.site import Browser, add_account

_COLUMNS = (
    "number, title, programme, lead_unit, pi_name, stage, start_on, end_on, provincial_fen + district_fen"
)
_RAW_PAGE = f"SELECT {_COLUMNS} FROM project WHERE agency_id = ? ORDER BY number LIMIT 50"
_RAW_TOTALS = "SELECT count(*), sum(provincial_fen + district_fen) FROM project WHERE agency_id = ?"
VISITS = 40


def visitor(url: str, actor: Actor, folder: Path) -> Browser:
    """Return a browser of a handler signed in to an app on that database."""
    with opened(url) as engine, Session(engine) as session:
        begin_write(session)
        account = add_account(session, "bench", {actor.agency_id: [Role.HANDLER]})
        session.commit()
    app = create_app(Config(database_url=url, secret_key="k" * 32, instance=folder, testing=True))
    app.test_client_class = Browser
    browser = app.test_client()
    assert isinstance(browser, Browser)
    return browser.as_account(account)


def _visits(browser: Browser, path: str) -> Callable[[], None]:
    def visit() -> None:
        for _ in range(VISITS):
            answer = browser.get(path)
            assert answer.status_code == 200, answer.status

    visit()
    return visit


def _raw(url: str, agency_id: int) -> Callable[[], None]:
    connection = sqlite3.connect(url.removeprefix("sqlite:///"))
    made: list[int] = []

    def page() -> None:
        for _ in range(VISITS):
            rows = connection.execute(_RAW_PAGE, (agency_id,)).fetchall()
            count, total = connection.execute(_RAW_TOTALS, (agency_id,)).fetchone()
            body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
            made.append(len(f"<p>{count} {total}</p><table>{body}</table>"))

    return page


def project_list(folder: Path, large: tuple[str, Actor]) -> Browser:
    """One page of 100,000 projects against raw SQL and the same page of 1,000; returns the browser."""
    url, actor = large
    small_url, small_actor = store(folder / "small.sqlite3", 1_000)
    browser = visitor(url, actor, folder)
    at_large = _visits(browser, "/projects/")
    at_small = _visits(visitor(small_url, small_actor, folder), "/projects/")
    ours, theirs = in_turn(at_large, _raw(url, actor.agency_id))
    note = f"({ours.seconds / VISITS * 1000:.1f} ms, {theirs.seconds / VISITS * 1000:.1f} ms)"
    say("project list, 50 of 100,000", "raw sqlite3 + f-string", ours.seconds / theirs.seconds, 4, note)
    large_side, small_side = in_turn(at_large, at_small)
    note = f"({large_side.seconds / VISITS * 1000:.1f} ms, {small_side.seconds / VISITS * 1000:.1f} ms)"
    say("the same at 100,000", "at 1,000", large_side.seconds / small_side.seconds, 1.2, note)
    return browser


def project_page(url: str, browser: Browser) -> None:
    """A signed-in project page against bare Flask rendering the very same text from a dict."""
    raw = sqlite3.connect(url.removeprefix("sqlite:///"))
    (number,) = raw.execute("SELECT number FROM project ORDER BY id LIMIT 1 OFFSET 500").fetchone()
    raw.close()
    ours = _visits(browser, f"/projects/{number}")
    parts = dict(enumerate(browser.get(f"/projects/{number}").text.splitlines()))
    bare = Flask("bare")
    template = "{% for part in parts.values() %}{{ part }}\n{% endfor %}"
    bare.add_url_rule("/", "page", lambda: render_template_string(template, parts=parts))
    theirs = bare.test_client()

    def visit_bare() -> None:
        for _ in range(VISITS):
            assert theirs.get("/").status_code == 200

    mine, bare_side = in_turn(ours, visit_bare)
    note = f"({VISITS / mine.seconds:.0f} against {VISITS / bare_side.seconds:.0f} a second)"
    say_least("project pages a second", "bare Flask", bare_side.seconds / mine.seconds, 0.4, note)
