"""What an agency has set for its clock: who is told of lateness when, upgrades, and two admins at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lifecycle import settings
from lifecycle.clock import remind
from lifecycle.days_off import clear_days_off, load_days_off, year_off
from lifecycle.models import InboxMessage, Reminder
from lifecycle.notice_settings import NoticeSettings, notice_settings_of, set_notices
from lifecycle.recomputing import catch_up
from lifecycle.refusals import SettingChanged
from lifecycle.reminding import Clockwork
from lifecycle.roles import Actor, Role
from lifecycle.setting import LATEST, set_limits, set_steps, shown_limits, shown_steps, time_limits
from lifecycle.setting_kept import Opened
from lifecycle.settings import settings_of
from lifecycle.standing import is_outdated
from tests.web.site import People, make_people, store_project

RULE = "spb-23-payment-deadline"
SIGNED = date(2026, 3, 2)
DUE = date(2026, 4, 1)
"""SPB 23: thirty days after signing; a working day."""


@pytest.fixture
def people(session: Session) -> People:
    made = make_people(session)
    whole = {"signed_on": SIGNED, "joint_unit": None, "start": SIGNED, "end": date(2026, 12, 1)}
    store_project(session, made.agency_a, "SPB-1", **whole)
    return made


def test_the_approver_is_told_on_the_very_day_and_the_message_says_who_is_told_from_now_on(
    session: Session, people: People
) -> None:
    boss, clock = people.a[Role.APPROVER].id, Actor.system(people.agency_a)
    told: dict[str, list[str]] = {}
    for late in (14, 15, 21):
        remind(session, clock, DUE + timedelta(late))
        query = select(InboxMessage.body).join(Reminder, Reminder.id == InboxMessage.reminder_id)
        query = query.where(Reminder.rule == RULE, Reminder.told_on == DUE + timedelta(late))
        told[f"T+{late}"] = list(session.scalars(query.where(InboxMessage.user_id == boss)))
    assert {step: len(bodies) for step, bodies in told.items()} == {"T+14": 0, "T+15": 1, "T+21": 1}
    assert "逾期升级：本次起同时告知审批人" in told["T+15"][0]
    assert "本次起" not in told["T+21"][0]
    assert "同时告知：审批人" in told["T+21"][0]


def test_a_message_whose_day_rests_on_a_year_not_announced_says_so(session: Session, people: People) -> None:
    signed = date(2050, 12, 4)  # due on 3 January 2051
    store_project(session, people.agency_a, "SPB-2", signed_on=signed, start=signed, end=date(2052, 1, 1))
    remind(session, Actor.system(people.agency_a), date(2050, 12, 27))
    bodies = session.scalars(select(InboxMessage.body).where(InboxMessage.body.contains("SPB-2"))).all()
    assert any("2051 年放假安排尚未公布" in one and "以国务院办公厅通知为准" in one for one in bodies)


def test_an_upgrade_that_speaks_on_other_days_or_knows_another_year_has_the_next_days_worked_out_anew(
    session: Session, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    catch_up(session, Actor.system(people.agency_a))
    assert not is_outdated(session, people.agency_a)
    with monkeypatch.context() as upgraded:
        upgraded.setattr(settings, "calendar_digest", lambda: "another year is known")
        assert is_outdated(session, people.agency_a)
    step_at = Clockwork.step_at
    only_weekly = lambda of, due, day: step_at(replace(of, escalation={}), due, day)  # noqa: E731
    monkeypatch.setattr(Clockwork, "step_at", only_weekly)  # as it was before
    assert is_outdated(session, people.agency_a)


Shown = Callable[[Session, int], Opened]
Save = Callable[[Session, Actor, int, Opened], object]
TODAY = date(2026, 4, 1)


def _set_every(session: Session, actor: Actor, value: int, seen: Opened) -> None:
    set_steps(session, actor, (30, 0), value, dict(LATEST), TODAY, opened=seen)


def _limits(session: Session, agency_id: int) -> Opened:
    return shown_limits(time_limits(settings_of(session, agency_id)))


def _set_limit(session: Session, actor: Actor, value: int, seen: Opened) -> None:
    set_limits(session, actor, {**seen, "local-acceptance-application": value}, TODAY, opened=seen)


def _load(session: Session, actor: Actor, value: int, seen: Opened) -> None:
    load_days_off(session, actor, 2027, f"2027-03-{value:02} 放假", TODAY, opened=seen)


SETTINGS: dict[str, tuple[Shown, Save]] = {
    "steps": (lambda s, agency: shown_steps(settings_of(s, agency).clockwork), _set_every),
    "limits": (_limits, _set_limit),
    "notices": (
        lambda s, agency: asdict(notice_settings_of(s, agency)),
        lambda s, actor, value, seen: set_notices(
            s, actor, NoticeSettings(receipt=value), TODAY, opened=seen
        ),
    ),
    "days off": (lambda s, agency: year_off(s, agency, 2027).shown, _load),
    "days off taken back": (
        lambda s, agency: year_off(s, agency, 2027).shown,
        lambda s, actor, value, seen: (
            _load(s, actor, value, seen) if value == 3 else clear_days_off(s, actor, 2027, TODAY, opened=seen)
        ),
    ),
}


@pytest.mark.parametrize(("shown", "save"), SETTINGS.values(), ids=SETTINGS)
def test_nobody_undoes_unseen_what_a_colleague_has_set_meanwhile(
    session: Session, people: People, shown: Shown, save: Save
) -> None:
    admin = people.a[Role.ADMIN].actor
    both_opened = shown(session, people.agency_a)
    save(session, admin, 3, both_opened)
    stands = shown(session, people.agency_a)
    with pytest.raises(SettingChanged) as refused:
        save(session, admin, 4, both_opened)
    assert refused.value.changes
    assert shown(session, people.agency_a) == stands
    save(session, admin, 4, stands)
    assert shown(session, people.agency_a) != stands
