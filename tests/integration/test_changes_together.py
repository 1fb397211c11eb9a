"""Two who press at once decide once, a killed process leaves no half, and the ledger says the same."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from lifecycle.changes.applying import confirm, withdraw
from lifecycle.changes.deciding import approve, record_filing
from lifecycle.changes.drafting import Draft, draft
from lifecycle.models import ChangeState
from lifecycle.record import ChangeKind
from lifecycle.refusals import IllegalTransition, Obstructed, OutOfDate, Refusal
from lifecycle.roles import Role
from reports.ledger.check import check
from reports.ledger.exporting import export_ledger
from reports.ledger.reading import read_ledger
from tests.integration.changing import MAJOR, NEW_END, NUMBER, REASON, Office, an_office
from tests.integration.ledgers import everything
from tests.integration.paying import TODAY, WAN, ea_fields
from tests.integration.test_payments_together import together


@pytest.fixture
def office(session: Session) -> Office:
    return an_office(session)


def _ready(office: Office) -> tuple[str, int]:
    """Return a joint major project and its request that waits for approval."""
    number = office.project(programme=MAJOR, district=20 * WAN)
    request_id = office.draft(number, end=NEW_END)
    for step in (office.send, office.confirm, office.consent, office.propose, office.conference):
        step(request_id)
    return number, request_id


def _won(results: list[object], *losing: type[Refusal]) -> None:
    lost = [one for one in results if isinstance(one, Exception)]
    assert len(lost) == len(results) - 1
    assert {type(one) for one in lost} <= set(losing)


def test_a_change_is_approved_once(engine: Engine, office: Office) -> None:
    number, request_id = _ready(office)
    other = replace(office.actor(Role.FINANCE), roles=frozenset({Role.APPROVER}))
    people = [office.actor(Role.APPROVER), other]
    press = lambda one, place: approve(one, people[place % 2], request_id, NUMBER, TODAY)  # noqa: E731
    _won(together(engine, press), IllegalTransition)
    assert office.versions(number) == [(1, "已被替代"), (2, "已生效")]


def test_approval_and_withdrawal_do_not_cross(engine: Engine, office: Office) -> None:
    number, request_id = _ready(office)

    def press(one: Session, place: int) -> None:
        if place:
            approve(one, office.actor(Role.APPROVER), request_id, NUMBER, TODAY)
        else:
            withdraw(one, office.actor(Role.PI), request_id, "", TODAY)

    _won(together(engine, press, 2), IllegalTransition)
    approved = office.state(request_id) is ChangeState.DONE
    assert (office.record(number).end == NEW_END) is approved
    assert bool(office.record(number).changes) is approved


def test_a_request_is_drafted_and_confirmed_once(engine: Engine, office: Office) -> None:
    number = office.project()
    wanted = Draft(replace(office.terms(number), end=NEW_END), REASON)
    pi, unit = office.actor(Role.PI), office.actor(Role.UNIT_MANAGER)
    results = together(engine, lambda one, _: draft(one, pi, number, ChangeKind.EXTENSION, wanted, TODAY))
    _won(results, Obstructed)
    (request_id,) = (one for one in results if isinstance(one, int))
    revision = office.revision(request_id)
    _won(
        together(engine, lambda one, _: confirm(one, unit, request_id, revision, TODAY)),
        IllegalTransition,
        OutOfDate,
    )


PROGRAM = """
import os, signal, sys
from datetime import date
from sqlalchemy import event
from sqlalchemy.orm import Session
from lifecycle.changes.deciding import approve
from lifecycle.database import open_database
from lifecycle.roles import Actor, Role
url, agency_id, user_id, request_id = sys.argv[1:]
session = Session(open_database(url))
actor = Actor(int(agency_id), int(user_id), "审批", frozenset({Role.APPROVER}))
event.listen(session, "before_commit", lambda _: os.kill(os.getpid(), signal.SIGKILL))
approve(session, actor, int(request_id), "沙科局函〔2026〕12号", date(2026, 2, 5))
"""


def test_a_killed_approval_leaves_no_half(office: Office, migrated_database_url: str) -> None:
    number, request_id = _ready(office)
    approver = office.actor(Role.APPROVER)
    before = everything(office.session)
    office.session.rollback()
    words = [migrated_database_url, *map(str, (approver.agency_id, approver.user_id, request_id))]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words],
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.returncode == -signal.SIGKILL
    assert everything(office.session) == before
    office.session.rollback()
    office.approve(request_id)
    assert office.record(number).end == NEW_END


def test_the_exported_ledger_has_nothing_against_a_change_made_here(office: Office, tmp_path: Path) -> None:
    joint, request_id = _ready(office)
    office.approve(request_id)
    ea = office.project("渝-1", **ea_fields())
    big = office.draft(ea, end=date(2028, 12, 31))
    office.send(big)
    office.confirm(big)
    office.propose(big)
    office.approve(big)
    found = _about_changes(office, tmp_path)
    assert found == [(ea, "ea-17-change-filing", "1")]
    record_filing(office.session, office.actor(Role.HANDLER), big, TODAY, TODAY)
    assert _about_changes(office, tmp_path) == []
    assert joint in {one.number for one in read_ledger(tmp_path / "ledger.xlsx").records}


def _about_changes(office: Office, folder: Path) -> list[tuple[str, str, str]]:
    office.session.rollback()
    export_ledger(office.session, office.people.agency_a, folder / "ledger.xlsx")
    records = read_ledger(folder / "ledger.xlsx").records
    rules = ("spb-28", "ea-17-major", "ea-17-change", "sx-2-frozen", "spb-16", "ea-16")
    return [
        (one["project"], one["rule"], one["subject"])
        for one in check(records, TODAY)
        if one["rule"].startswith(rules)
    ]
