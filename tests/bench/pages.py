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

_RAW_PAGE = (
    "SELECT id, number, title, programme, lead_unit, pi_name, stage, start_on, end_on, fiscal_fen"
    " FROM project WHERE agency_id = ? ORDER BY number LIMIT 50"
)
_RAW_OF_ROWS = (
    (
        "SELECT t.project_id, sum(t.planned_fen), sum(p.amount_fen) FROM tranche t"
        " LEFT JOIN payment p ON p.tranche_id = t.id WHERE t.project_id IN ({ids}) GROUP BY t.project_id"
    ),
    (
        "SELECT project_id, strength, count(*) FROM kept_finding"
        " WHERE project_id IN ({ids}) AND until IS NULL GROUP BY project_id, strength"
    ),
    (
        "SELECT project_id, min(due), message FROM kept_duty"
        " WHERE project_id IN ({ids}) AND done_on IS NULL GROUP BY project_id"
    ),
)
_RAW_TOTALS = "SELECT count(*), sum(fiscal_fen) FROM project WHERE agency_id = ?"
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


def _raw(url: str, agency_id: int, *, totals: bool) -> Callable[[], None]:
    """Return the same page made by hand: the rows, what is said of each, and the totals of them all."""
    connection = sqlite3.connect(url.removeprefix("sqlite:///"))
    made: list[int] = []

    def page() -> None:
        for _ in range(VISITS):
            rows = connection.execute(_RAW_PAGE, (agency_id,)).fetchall()
            ids = ", ".join(str(row[0]) for row in rows)
            said = [connection.execute(query.format(ids=ids)).fetchall() for query in _RAW_OF_ROWS]
            body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
            end = connection.execute(_RAW_TOTALS, (agency_id,)).fetchone() if totals else ""
            made.append(len(f"<p>{end}</p><table>{body}</table>{said}"))

    return page


def project_list(folder: Path, large: tuple[str, Actor]) -> Browser:
    """One page of 100,000 projects against raw SQL and the same page of 1,000; returns the browser."""
    url, actor = large
    small_url, small_actor = store(folder / "small.sqlite3", 1_000)
    browser = visitor(url, actor, folder)
    at_large = _visits(browser, "/projects/")
    at_small = _visits(visitor(small_url, small_actor, folder), "/projects/")
    for totals, against in ((True, "raw sqlite3 + f-string"), (False, "the same without count and sum")):
        ours, theirs = in_turn(at_large, _raw(url, actor.agency_id, totals=totals))
        note = f"({ours.seconds / VISITS * 1000:.1f} ms, {theirs.seconds / VISITS * 1000:.1f} ms)"
        say("project list, 50 of 100,000", against, ours.seconds / theirs.seconds, 4, note)
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
