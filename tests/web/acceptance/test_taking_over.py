"""Acceptances whose application came with a ledger are led on here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from lifecycle.acceptance.content import no_acceptance
from lifecycle.models import AcceptanceCase, AcceptanceState, Project
from lifecycle.roles import Role
from tests.web.site import Browser

NUMBER = "KG-2026-007"
PATH = f"/acceptance/taken-over/{NUMBER}"


def applied(**values: object):  # type: ignore[no-untyped-def]
    return replace(no_acceptance(), applied_on=date(2026, 6, 1), **values)


def test_the_handler_leads_on_what_a_ledger_says_was_applied_for(
    make_project: Callable[..., Project], as_role: Callable[[Role], Browser], session: Session
) -> None:
    make_project(NUMBER, acceptance=applied())
    handler = as_role(Role.HANDLER)
    assert "接续办理验收" in handler.get(f"/projects/{NUMBER}?tab=oversight").text
    answer = handler.post(PATH)
    assert answer.status_code == 302
    assert "受理" in handler.get(answer.location).text
    session.rollback()
    case = session.scalars(select(AcceptanceCase)).one()
    assert (case.state, case.confirmed_on) == (AcceptanceState.WITH_BUREAU, date(2026, 6, 1))
    assert "受理验收申请" in handler.get("/").text
    assert handler.post(PATH).status_code == 409


def test_what_is_concluded_or_not_applied_for_is_not_taken_over(
    make_project: Callable[..., Project], as_role: Callable[[Role], Browser], session: Session
) -> None:
    make_project(NUMBER)
    handler = as_role(Role.HANDLER)
    assert "接续办理验收" not in handler.get(f"/projects/{NUMBER}?tab=oversight").text
    assert handler.post(PATH).status_code == 409
    session.rollback()
    assert session.scalars(select(AcceptanceCase)).all() == []


def test_nobody_but_a_handler_takes_over(
    make_project: Callable[..., Project], as_role: Callable[[Role], Browser]
) -> None:
    make_project(NUMBER, acceptance=applied())
    for role in (Role.APPROVER, Role.PI, Role.UNIT_MANAGER, Role.AUDITOR):
        assert as_role(role).post(PATH).status_code == 403
        assert "接续办理验收" not in as_role(role).get(f"/projects/{NUMBER}?tab=oversight").text


def test_a_project_shows_what_waits_for_whom(
    make_project: Callable[..., Project], as_role: Callable[[Role], Browser]
) -> None:
    make_project(NUMBER, acceptance=applied())
    as_role(Role.HANDLER).post(PATH)
    for role, told in ((Role.HANDLER, True), (Role.AUDITOR, True), (Role.PI, False)):
        text = as_role(role).get(f"/projects/{NUMBER}").text
        assert ("受理验收申请" in text) is told
    assert "去办理" not in as_role(Role.AUDITOR).get(f"/projects/{NUMBER}").text
