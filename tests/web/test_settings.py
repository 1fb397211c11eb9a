"""What an admin sets for the clock: when it speaks, within how many days, which days are off."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from lifecycle.clock import remind
from lifecycle.days_off import read_days_off
from lifecycle.models import AuditEntry, KeptDuty
from lifecycle.refusals import InvalidInput
from lifecycle.roles import Actor, Role
from lifecycle.setting import time_limits
from lifecycle.settings import UNSET, settings_of
from tests.web.site import Browser, People, store_project

STEPS = {"before": "20、10", "every": "5", "unit_manager": "5", "approver": "10"}


@pytest.fixture
def admin(as_role: Callable[[Role], Browser]) -> Browser:
    return as_role(Role.ADMIN)


def test_steps_that_are_set_hold_from_the_next_reminder_on(
    admin: Browser, session: Session, people: People
) -> None:
    signed = date(2026, 3, 2)
    store_project(session, people.agency_a, "SPB-1", signed_on=signed, joint_unit=None)
    assert admin.post("/admin/steps", data=STEPS).status_code == 302
    due, actor = signed + timedelta(30), Actor.system(people.agency_a)
    told = [one.step for day in range(-40, 11) for one in remind(session, actor, due + timedelta(day))]
    assert told == ["T-20", "T-10", "T", "T+5", "T+10"]
    assert "20、10" in admin.get("/admin/steps").text


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"before": "3、1"}, "至少有一次提醒在到期 7 天以前"),
        ({"before": "一周"}, "请填写整数天数"),
        ({"before": "400"}, "天数应在 1 至 90 之间"),
        ({"every": "30"}, "间隔应在 1 至 14 天之间"),
        ({"unit_manager": "99"}, "不能取消"),
        ({"approver": ""}, "请填写天数"),
    ],
)
def test_what_the_law_needs_cannot_be_switched_off(
    admin: Browser, session: Session, people: People, typed: dict[str, str], words: str
) -> None:
    page = admin.post("/admin/steps", data=STEPS | typed)
    assert page.status_code == 422
    assert words in page.text
    assert settings_of(session, people.agency_a).clockwork.every == 7


def test_a_time_limit_moves_what_is_owed_and_is_shown_as_the_agency_s_own(
    admin: Browser, session: Session, people: People
) -> None:
    project = store_project(session, people.agency_a, "SPB-1", joint_unit=None, signed_on=date(2026, 3, 2))
    end, rule = project.end_on, KeptDuty.rule == "local-acceptance-application"
    assert session.scalars(select(KeptDuty.due).where(rule)).one() == end + timedelta(90)
    typed = {one.id: "0" if one.id == "local-integrity" else "45" for one in time_limits(UNSET)}
    assert admin.post("/admin/limits", data=typed).status_code == 302
    session.rollback()
    assert session.scalars(select(KeptDuty.due).where(rule)).one() == end + timedelta(45)
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "settings.limits")).one()
    assert {"field": "实施期满后 90 日内申请验收", "old": 90, "new": 45} in entry.details["changes"]
    assert admin.post("/admin/limits", data=typed | {"local-filing": "9999"}).status_code == 422


def test_days_off_are_loaded_line_by_line_and_taken_back(
    admin: Browser, session: Session, people: People
) -> None:
    year = clock.today().year + 3
    assert "按周末推算" in admin.get("/admin/days-off").text
    lines = f"{year}-10-01 至 {year}-10-07 放假 国庆节\r\n\r\n{year}-10-09\t上班\t国庆节调休"
    assert admin.post("/admin/days-off", data={"year": year, "lines": lines}).status_code == 302
    days = settings_of(session, people.agency_a).clockwork.days
    assert not days.is_estimated(year)
    assert [days.is_working(date(year, 10, day)) for day in (1, 7, 9)] == [False, False, True]
    shown = admin.get(f"/admin/days-off?year={year}").text
    assert f"{year}-10-01 至 {year}-10-07 放假 国庆节" in shown
    assert "本局已载入" in shown
    refused = admin.post("/admin/days-off", data={"year": year, "lines": f"{year}-02-30 放假"})
    assert (refused.status_code, "第 1 行看不懂" in refused.text) == (422, True)
    assert admin.post("/admin/days-off", data={"year": year, "lines": ""}).status_code == 302
    session.rollback()
    assert settings_of(session, people.agency_a).clockwork.days.is_estimated(year)


def test_wrong_lines_are_all_named() -> None:
    text = "2027-01-01 放假 元旦\n明天放假\n2028-01-01 放假\n2027-01-01 上班\n2027-03-01 至 2027-02-01 放假"
    with pytest.raises(InvalidInput) as refused:
        read_days_off(text, 2027)
    said = refused.value.errors["lines"]
    assert [f"第 {number} 行" in said for number in (1, 2, 3, 4, 5)] == [False, True, True, True, True]


def test_a_person_says_how_she_wants_to_be_told(as_role: Callable[[Role], Browser]) -> None:
    finance = as_role(Role.FINANCE)
    assert "checked" in finance.get("/inbox/choices").text
    assert finance.post("/inbox/choices", data={"submitted": "1"}).status_code == 302
    assert "checked" not in finance.get("/inbox/choices").text
