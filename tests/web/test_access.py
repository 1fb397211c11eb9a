"""Every route × every role × own and other agency: what opens follows from GRANTS and from whose it is.

New routes are walked by themselves. A route whose address carries an object needs an example of it in
agency A (``tests.web.examples``); one that needs more than an empty form may have a body (``BODIES``).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from sqlalchemy import update
from sqlalchemy.orm import Session
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from app import clock
from app.extensions import db
from app.permissions import PUBLIC, SIGNED_IN, Access, access_of
from lifecycle.jobs import beat
from lifecycle.models import Project, User
from lifecycle.roles import GRANTS, Permission, Role
from tests.web.examples import BODIES, EXAMPLES, NUMBER, VISITORS, Visitor
from tests.web.site import Account, Browser, People

OPEN_TO_ALL = {"static", "health.healthz", "auth.sign_in", "agenda.ics"}
ASKED_BY_PARTS: dict[str, set[Permission]] = {
    "acceptance": {
        Permission.SEE_OVERSIGHT,
        Permission.APPLY_ACCEPTANCE,
        Permission.CONFIRM_ACCEPTANCE,
        Permission.HANDLE_ACCEPTANCE,
        Permission.CONCLUDE_ACCEPTANCE,
        Permission.ACCEPT_ONESELF,
        Permission.CLEAR_ACCOUNTS,
        Permission.FORM_PANEL,
        Permission.JOIN_REVIEW,
    },
    "agreements": {
        Permission.SEE_PROJECTS,
        Permission.DRAFT_AGREEMENT,
        Permission.FINALISE_AGREEMENT,
        Permission.RECORD_SIGNATURE,
    },
    "awards": {Permission.REGISTER_PROJECT},
    "changes": {
        Permission.SEE_CHANGES,
        Permission.APPLY_CHANGE,
        Permission.CONFIRM_CHANGE,
        Permission.CONSENT_CHANGE,
        Permission.HANDLE_CHANGE,
        Permission.APPROVE_CHANGE,
    },
    "filings": {
        Permission.SEE_REPORTS,
        Permission.FILE_REPORT,
        Permission.CONFIRM_REPORT,
        Permission.DECIDE_REPORT,
        Permission.SEND_REMINDERS,
        Permission.FORM_PANEL,
        Permission.JOIN_REVIEW,
    },
    "notices": {Permission.SEE_OVERSIGHT, Permission.SEND_REMINDERS, Permission.SIGN_FOR_NOTICE},
    "oversight": {
        Permission.SEE_OVERSIGHT,
        Permission.INSPECT,
        Permission.APPROVE_MEASURE,
        Permission.RECTIFY,
        Permission.RECORD_INTEGRITY,
        Permission.APPROVE_INTEGRITY,
    },
    "reviews": {Permission.SEE_REVIEWS, Permission.GIVE_OPINION},
    "spending": {
        Permission.SEE_MONEY,
        Permission.SEE_PROJECTS,
        Permission.ENTER_SPENDING,
        Permission.RECORD_RECEIPT,
        Permission.UNDO_RECEIPT,
        Permission.CONFIRM_ACCOUNT,
        Permission.ACCEPT_ACCOUNT,
    },
    "admin": {Permission.MANAGE_PEOPLE, Permission.MANAGE_SETTINGS},
    "audit": {Permission.SEE_AUDIT},
    "auth": set(),
    "inbox": {Permission.SEE_OWN_DESK},
    "running": {Permission.SEE_CLOCK, Permission.MANAGE_PEOPLE},
    "agenda": {Permission.SEE_OWN_DESK},
    "ledger": {Permission.SEE_LEDGER, Permission.IMPORT_LEDGER},
    "money": {
        Permission.SEE_MONEY,
        Permission.PROPOSE_PAYMENT,
        Permission.APPROVE_PAYMENT,
        Permission.MAKE_BATCH,
        Permission.BOOK_PAYMENT,
        Permission.SET_UP_SHEETS,
    },
    "papers": {Permission.SEE_PAPERS, Permission.ADD_PAPERS},
    "reconcile": {Permission.SEE_MONEY, Permission.RECONCILE},
    "projects": {Permission.SEE_PROJECTS},
    "rulebook": {Permission.SEE_RULEBOOK},
    "workbench": {Permission.SEE_OWN_DESK},
    "longwork": {Permission.SEE_OWN_DESK},
}
"""Part of the site → what its routes may ask; a route that asks too little for its part stands out."""

SEEING = frozenset(permission for permission in Permission if permission.name.startswith("SEE_"))
PRESSES_THAT_ONLY_SEE = frozenset(
    {
        *("inbox.act", "inbox.read", "inbox.read_all", "inbox.choices", "agenda.feed"),
        *("longwork.again", "ledger.export", "ledger.findings_sheet", "projects.export"),
        "money.year_end_sheet",
    }
)
"""Writing routes that need no more than to see: they touch nothing but what is the visitor's own."""


class Site:
    """The application with a project in agency A, put back to how it was after every press."""

    def __init__(self, app: Flask, people: People, session: Session, live: Path) -> None:
        self.app, self.people, self._live = app, people, live
        self.examples = {
            name: example.make(people, session, live.parent) for name, example in EXAMPLES.items()
        }
        beat(session, clock.now())  # or health is red for everybody
        session.close()
        self._kept = live.with_suffix(".kept")
        self._copy(live, self._kept)
        self._watch = sqlite3.connect(live)
        self._version = self._data_version()

    def close(self) -> None:
        """Let go of the file."""
        self._watch.close()

    def _data_version(self) -> int:
        """Return a number that is another one as soon as anybody else has committed anything."""
        (version,) = self._watch.execute("PRAGMA data_version").fetchone()
        return int(version)

    def _copy(self, source: Path, target: Path) -> None:
        with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
            old.backup(new)

    def address(self, rule: Rule) -> str:
        """Return the address of a route with the examples in it."""
        missing = rule.arguments - set(EXAMPLES)
        assert not missing, f"{rule.endpoint}: add an example of {sorted(missing)} to EXAMPLES"
        with self.app.test_request_context():
            return self.app.url_for(rule.endpoint, **{name: self.examples[name] for name in rule.arguments})

    def visit(self, rule: Rule, method: str, who: Account | None, **more: Any) -> TestResponse:
        """Open a route in a new browser as somebody; what a press changes is undone."""
        browser = self.app.test_client()
        assert isinstance(browser, Browser)
        if who is not None:
            browser.as_account(who)
        body = BODIES[rule.endpoint](self.people) if method == "POST" and rule.endpoint in BODIES else None
        answer = browser.open(self.address(rule), method=method, data=body, **more)
        if method != "GET" and self._data_version() != self._version:
            with self.app.app_context():
                db.engine.dispose()
            self._copy(self._kept, self._live)
            self._version = self._data_version()
        return answer

    def routes(self) -> Iterator[tuple[Rule, str, Access]]:
        """Yield every route with each of its methods and what it asks."""
        for rule in self.app.url_map.iter_rules():
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield rule, method, access_of(self.app, rule.endpoint)


@pytest.fixture
def site(
    app: Flask, people: People, session: Session, make_project: Callable[..., Project], tmp_path: Path
) -> Iterator[Site]:
    make_project(NUMBER)
    with closing(Site(app, people, session, tmp_path / "keguan.db")) as made:
        yield made


def outcome(answer: TestResponse) -> str:
    """Return in a word how a visit ended."""
    if answer.status_code in {301, 302, 303, 308}:
        for name, path in (("sign in", "/sign-in"), ("password", "/password"), ("agency", "/agencies")):
            if answer.location.partition("?")[0] == path:
                return name
        return "open"
    if answer.status_code in {403, 404}:
        return {403: "forbidden", 404: "not found"}[answer.status_code]
    return "open" if answer.status_code in {200, 204, 206, 304, 409, 422} else f"broken {answer.status_code}"


def expected(rule: Rule, access: Access, visitor: Visitor) -> str:
    """Return how a visit must end."""
    if access == PUBLIC:
        return "open"
    if visitor.role is None:
        return "sign in"
    if rule.endpoint in BODIES and visitor.agency == "other":
        return "not found"
    if access == SIGNED_IN or access.permission is None:
        return "open"
    if access.permission not in GRANTS[visitor.role]:
        return "forbidden"
    exists = all(EXAMPLES[name].exists_to(visitor) for name in rule.arguments)
    return "open" if exists else "not found"


@pytest.mark.parametrize("visitor", VISITORS, ids=str)
def test_every_route_opens_to_those_it_should_and_to_nobody_else(site: Site, visitor: Visitor) -> None:
    who = visitor.account(site.people)
    wrong = []
    for rule, method, access in site.routes():
        if rule.endpoint == "auth.sign_out":
            continue  # always ends at the sign-in page
        found, wanted = outcome(site.visit(rule, method, who)), expected(rule, access, visitor)
        if found != wanted:
            wrong.append(f"{method} {rule.rule}: {found} instead of {wanted}")
    assert wrong == []


def test_a_press_without_the_forms_token_does_nothing(site: Site) -> None:
    wrong = []
    for rule, method, access in site.routes():
        if method == "GET":
            continue
        role = next((role for role in Role if access.permission in GRANTS[role]), Role.HANDLER)
        answer = site.visit(rule, method, site.people.a[role], forged=True)
        if answer.status_code != 400 or "页面停留太久" not in answer.text:
            wrong.append(f"{method} {rule.rule}: {answer.status_code}")
    assert wrong == []


def test_a_part_asks_only_what_belongs_to_it_and_is_not_public(app: Flask) -> None:
    wrong = []
    for endpoint in {rule.endpoint for rule in app.url_map.iter_rules()} - OPEN_TO_ALL:
        part, access = endpoint.partition(".")[0], access_of(app, endpoint)
        if part not in ASKED_BY_PARTS:
            wrong.append(f"{endpoint}: say in ASKED_BY_PARTS what {part} may ask")
        elif access.public or {access.permission} - ASKED_BY_PARTS[part] - (
            {None} if part == "auth" else set()
        ):
            wrong.append(f"{endpoint}: {access}")
    assert wrong == []


def test_what_writes_asks_for_more_than_to_see(site: Site) -> None:
    lax = {
        rule.endpoint
        for rule, method, access in site.routes()
        if method != "GET" and access.permission in SEEING
    }
    assert lax - PRESSES_THAT_ONLY_SEE == set()


@pytest.mark.parametrize(
    ("change", "stop"), [({"must_change_password": True}, "password"), ({}, "agency")], ids=["first", "two"]
)
def test_nothing_opens_before_a_first_password_is_changed_and_an_agency_chosen(
    site: Site, session: Session, change: dict[str, Any], stop: str
) -> None:
    who = site.people.both
    if change:
        session.execute(update(User).where(User.id == who.id).values(**change))
        session.commit()
        session.close()
    found = {
        outcome(site.visit(rule, method, who))
        for rule, method, access in site.routes()
        if access.permission is not None and method == "GET"
    }
    assert found == {stop}


@pytest.mark.parametrize("role", [Role.PI, Role.UNIT_MANAGER, Role.UNIT_FINANCE, Role.JOINT_UNIT])
def test_projects_of_others_do_not_exist_for_those_outside_the_bureau(
    site: Site, make_project: Callable[..., Project], role: Role
) -> None:
    make_project("KG-OTHERS", pi_email="x@x.test", lead_unit="别的单位", joint_unit=None)
    site.examples["number"] = "KG-OTHERS"
    found = {
        f"{rule.rule}: {outcome(site.visit(rule, method, site.people.a[role]))}"
        for rule, method, access in site.routes()
        if "number" in rule.arguments and access.permission in GRANTS[role] and method == "GET"
    }
    assert all(line.endswith(": not found") for line in found), found


class _Links(HTMLParser):
    """Collects where a page's links lead."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        target = dict(attrs).get("href")
        if tag == "a" and target and target.startswith("/"):
            self.found.add(target.partition("#")[0])


@pytest.mark.parametrize("role", list(Role))
def test_no_link_leads_its_reader_nowhere(site: Site, role: Role) -> None:
    browser = site.app.test_client()
    assert isinstance(browser, Browser)
    browser.as_account(site.people.a[role])
    seen, waiting, wrong = set[str](), ["/"], []
    while waiting:
        address = waiting.pop()
        if _shape(address) in seen:
            continue
        seen.add(_shape(address))
        answer = browser.get(address, follow_redirects=True)
        if answer.status_code != 200:
            wrong.append(f"{address}: {answer.status_code}")
        elif answer.mimetype == "text/html":
            links = _Links()
            links.feed(answer.text)
            waiting += sorted(links.found)
    assert wrong == []


def _shape(address: str) -> str:
    """Return an address without the values of its query: one of each list's many orders is enough."""
    parts = urlsplit(address)
    return f"{parts.path}?{','.join(sorted(parse_qs(parts.query)))}"
