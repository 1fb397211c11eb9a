"""What an admin sets for the clock: when it speaks, within how many days, which days are off."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from html import unescape

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from lifecycle.calendar import ANNOUNCED_DAYS
from lifecycle.clock import remind
from lifecycle.days_off import read_days_off
from lifecycle.festivals import festivals
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
        ({"every": "30"}, "请填写 1 至 14 的整数"),
        ({"unit_manager": "99"}, "请填写 1 至 30 的整数"),
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
    typed = {one.id: "0" if one.id == "local-receipt" else "45" for one in time_limits(UNSET)}
    assert admin.post("/admin/limits", data=typed).status_code == 302
    session.rollback()
    assert session.scalars(select(KeptDuty.due).where(rule)).one() == end + timedelta(45)
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "settings.limits")).one()
    assert {"field": "实施期满后 90 日内申请验收", "old": 90, "new": 45} in entry.details["changes"]
    assert admin.post("/admin/limits", data=typed | {"local-filing": "9999"}).status_code == 422
    refused = admin.post("/admin/limits", data=typed | {"local-clearing": "0", "local-turn-pi": "31"})
    assert refused.status_code == 422
    asked = "沙科局发〔2023〕41号 第三十三条、渝科局发〔2024〕92号 第十七条"
    assert f"{asked}要求办理，不能不设期限：天数应在 1 至 730 之间。" in refused.text
    assert f"{asked}；期限：本局工作要求" in refused.text
    for name, days in {"local-clearing": "0", "local-turn-pi": "31", "local-receipt": "0"}.items():
        found = re.search(rf'<input[^>]* name="{name}"[^>]* value="(\d*)"', refused.text)
        assert found is not None
        assert found[1] == days


def test_days_off_are_pasted_from_a_worksheet_lie_over_the_estimate_and_are_taken_back_by_an_act(
    admin: Browser, session: Session, people: People
) -> None:
    year = clock.today().year + 3
    address = f"/admin/days-off?year={year}"
    page = admin.get(address).text
    assert "尚未公布，按推算" in page
    assert "推算：1月1日、" in page
    rows = f"{year}-10-04\t{year}/10/7\t放假\t国庆节\r\n\r\n{year}年10月9日\t\t上班\t国庆节调休"
    assert admin.post(address, data={"lines": rows}).status_code == 302
    days = settings_of(session, people.agency_a).clockwork.days
    assert days.is_estimated(year)
    assert [days.is_working(date(year, 10, day)) for day in (1, 4, 7, 9)] == [False, False, False, True]
    shown = admin.get(address).text
    assert f"{year}-10-04 至 {year}-10-07 放假 国庆节" in shown
    assert "按推算，本局另有录入" in shown
    short = admin.post(address, data={"lines": rows, "complete": "y"})
    assert (short.status_code, "1月1日" in short.text, "10月1日至3日" in short.text) == (422, True, True)
    refused = admin.post(address, data={"lines": f"{year}-02-30 放假"})
    assert (refused.status_code, "第 1 行看不懂" in refused.text) == (422, True)
    emptied = admin.post(address, data={"lines": ""})
    assert (emptied.status_code, f"清除 {year} 年录入" in emptied.text) == (422, True)
    session.rollback()
    assert year in settings_of(session, people.agency_a).clockwork.days.years
    assert admin.post(f"/admin/days-off/clear?year={year}", data=opened(shown)).status_code == 302
    session.rollback()
    assert year not in settings_of(session, people.agency_a).clockwork.days.years


def test_a_year_is_announced_once_its_whole_notice_is_there(
    admin: Browser, session: Session, people: People
) -> None:
    year = clock.today().year + 2
    lines = "\n".join(f"{day} 放假" for day in sorted(festivals(year)))
    typed = {"lines": lines, "complete": "y"}
    assert admin.post(f"/admin/days-off?year={year}", data=typed).status_code == 302
    assert not settings_of(session, people.agency_a).clockwork.days.is_estimated(year)
    assert "本局已全部录入" in admin.get("/admin/days-off").text


def test_a_year_that_keguan_knows_shows_its_days_and_saving_them_changes_none(
    admin: Browser, session: Session, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "today", lambda: date(2026, 5, 6))
    page = admin.get("/admin/days-off").text
    assert "2026-02-15 至 2026-02-23 放假 春节" in page
    lines = unescape(page.partition("<textarea")[2].partition(">")[2].partition("</textarea>")[0])
    assert admin.post("/admin/days-off", data={"lines": lines, "complete": "y"}).status_code == 302
    days = settings_of(session, people.agency_a).clockwork.days
    year = [date(2026, 1, 1) + timedelta(many) for many in range(365)]
    assert [day for day in year if days.is_working(day) != ANNOUNCED_DAYS.is_working(day)] == []


@pytest.mark.parametrize("year", ["0", "-5", "99999", "1999"])
def test_a_year_that_nobody_can_load_is_not_found(admin: Browser, year: str) -> None:
    assert admin.get(f"/admin/days-off?year={year}").status_code == 404


def opened(page: str) -> dict[str, str]:
    """Return what a form of settings carries of what was set when it was opened."""
    found = re.search(r'name="opened"[^>]*value="([^"]*)"', page)
    assert found is not None
    return {"opened": unescape(found[1])}


YEAR = clock.today().year + 3
SETTING_FORMS = {
    "steps": ("/admin/steps", STEPS, STEPS | {"every": "6"}, "逾期催办间隔：7 → 6"),
    "limits": (
        "/admin/limits",
        {one.id: "45" for one in time_limits(UNSET)},
        {one.id: "45" for one in time_limits(UNSET)} | {"local-acceptance-application": "77"},
        "申请验收：90 → 77",
    ),
    "notices": (
        "/admin/notices",
        {"mark": "沙科催", "receipt": "7", "urging": "10", "rectification": "15", "termination": "15"},
        {"mark": "沙科函", "receipt": "7", "urging": "10", "rectification": "15", "termination": "15"},
        "文书字号：（空） → 沙科函",
    ),
    "agency": ("/admin/agency", {"name": "甲区科技局"}, {"name": "乙区科技局"}, "→ 乙区科技局"),
    "days off": (
        f"/admin/days-off?year={YEAR}",
        {"lines": f"{YEAR}-03-04 放假 区里放假"},
        {"lines": f"{YEAR}-03-05 放假 区里放假"},
        f"{YEAR}-03-05 放假 区里放假：（空） → 已录入",
    ),
}


@pytest.mark.parametrize(("address", "mine", "theirs", "words"), SETTING_FORMS.values(), ids=SETTING_FORMS)
def test_whoever_saves_after_a_colleague_is_told_what_has_changed_and_keeps_what_she_typed(
    admin: Browser, address: str, mine: dict[str, str], theirs: dict[str, str], words: str
) -> None:
    both = opened(admin.get(address).text)
    assert admin.post(address, data=theirs | both).status_code == 302
    late = admin.post(address, data=mine | both)
    assert late.status_code == 422
    assert words in unescape(late.text)
    assert all(one in unescape(late.text) for one in mine.values())
    assert opened(admin.get(address).text) == opened(late.text)  # the colleague's still stands
    assert admin.post(address, data=mine | opened(late.text)).status_code == 302
    again = opened(admin.get(address).text)
    assert again != both
    assert admin.post(address, data=mine | again).status_code == 302  # nobody has been there since


def test_everything_that_is_wrong_with_the_steps_is_named_at_once_with_its_limit(admin: Browser) -> None:
    typed = STEPS | {"before": "400", "approver": "9" * 20, "unit_manager": "0"}
    page = admin.post("/admin/steps", data=typed).text
    for words in ("天数应在 1 至 90 之间", "请填写 1 至 60 的整数", "请填写 1 至 30 的整数"):
        assert words in page


def test_wrong_lines_are_all_named() -> None:
    text = "2027-01-01 放假 元旦\n明天放假\n2028-01-01 放假\n2027-01-01 上班\n2027-03-01 至 2027-02-01 放假"
    with pytest.raises(InvalidInput) as refused:
        read_days_off(text, 2027)
    said = refused.value.errors["lines"]
    assert [f"第 {number} 行" in said for number in (1, 2, 3, 4, 5)] == [False, True, True, True, True]


@pytest.mark.parametrize(
    "line",
    [
        "2027-10-01 至 2027-10-07 放假 国庆节",
        "2027-10-01\t2027-10-07\t放假\t国庆节",
        "2027/10/1\t2027/10/7\t放假\t国庆节",
        "2027/10/1 0:00:00\t2027/10/7 0:00:00\t放假\t国庆节",
        "2027.10.1-2027.10.7 放假 国庆节",
        "2027年10月1日至2027年10月7日放假 国庆节",
        "２０２７年１０月１日（周五）至７日（周四）放假，国庆节",
        "10月1日至10月7日 放假 国庆节",
        "10/1～10/7，休息，国庆节",
    ],
)
def test_a_line_is_read_however_days_are_written(line: str) -> None:
    (one,) = read_days_off(line, 2027)
    assert one.line == "2027-10-01 至 2027-10-07 放假 国庆节"


def test_a_person_says_how_she_wants_to_be_told(as_role: Callable[[Role], Browser]) -> None:
    finance = as_role(Role.FINANCE)
    assert "checked" in finance.get("/inbox/choices").text
    assert finance.post("/inbox/choices", data={"submitted": "1"}).status_code == 302
    assert "checked" not in finance.get("/inbox/choices").text
