"""Telling of duties: who is told what by which way, once, and that nothing is told in halves."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import delete, event, func, select, update
from sqlalchemy.orm import Session

from app.cli import main
from lifecycle.clock import remind
from lifecycle.command import Work, command
from lifecycle.database import begin_write, open_database
from lifecycle.models import (
    AgencySetting,
    AuditEntry,
    Base,
    BouncedAddress,
    CalendarDay,
    Channel,
    InboxMessage,
    KeptDuty,
    Membership,
    OutboxMessage,
    Project,
    Reminder,
    Telling,
    User,
)
from lifecycle.record import Source, Tranche
from lifecycle.refusals import NotPermitted
from lifecycle.roles import Actor, Permission, Role
from lifecycle.settings import STEPS
from lifecycle.standing import rebuild, standing_rows
from tests.web.site import People, a_record, make_people, store_project

SIGNED = date(2026, 3, 2)
DUE = date(2026, 4, 1)
"""SPB 23: thirty days after signing; a working day."""

RULE = "spb-23-payment-deadline"
HANDLERS = "张a.handler、张both"
"""Who has to propose a payment before finance can make it, and is told with her."""

Store = Callable[..., Project]


@pytest.fixture
def session(migrated_database_url: str) -> Iterator[Session]:
    engine = open_database(migrated_database_url)
    with Session(engine) as made:
        yield made
    engine.dispose()


@pytest.fixture
def people(session: Session) -> People:
    return make_people(session)


@pytest.fixture
def clock(people: People) -> Actor:
    return Actor.system(people.agency_a)


@pytest.fixture
def store(session: Session, people: People) -> Store:
    def store(number: str = "SPB-1", **fields: Any) -> Project:
        usual = {"signed_on": SIGNED, "joint_unit": None, "start": SIGNED, "end": date(2026, 12, 1)}
        return store_project(session, people.agency_a, number, **(usual | fields))

    return store


def told_of_payment(session: Session, clock: Actor, day: date) -> list[str]:
    return [one.step for one in remind(session, clock, day) if one.rule == RULE]


def count(session: Session, model: type[Base]) -> int:
    return session.scalar(select(func.count()).select_from(model)) or 0


def test_whoever_owes_is_told_in_the_inbox_and_by_e_mail(
    session: Session, people: People, clock: Actor, store: Store
) -> None:
    project = store()
    owner = session.scalars(select(KeptDuty.owner).where(KeptDuty.rule == RULE)).one()
    account = people.a[owner]
    (told,) = remind(session, clock, DUE - timedelta(7), site="https://keguan.test/")
    assert (told.project, told.rule, told.subject, told.due, told.step) == ("SPB-1", RULE, "", DUE, "T-7")
    assert told.to == f"{account.name}、{HANDLERS}"
    message = session.scalars(select(InboxMessage).where(InboxMessage.user_id == account.id)).one()
    assert (message.user_id, message.project_id, message.read_at) == (account.id, project.id, None)
    assert message.title == "提醒：拨付首笔财政资金（共 20.00 万元）（还有 7 天）"
    for part in ("SPB-1", "2026-04-01（周三），还有 7 天", "沙科局发〔2023〕41号 第二十三条"):
        assert part in message.body
    letter = session.scalars(select(OutboxMessage).where(OutboxMessage.address == account.email)).one()
    assert (letter.address, letter.state, letter.attempts) == (account.email, "waiting", 0)
    assert "https://keguan.test/projects/SPB-1" in letter.body


def test_a_second_run_of_a_day_adds_nothing(session: Session, clock: Actor, store: Store) -> None:
    store()
    assert remind(session, clock, DUE)
    before = [count(session, model) for model in (Reminder, InboxMessage, OutboxMessage, AuditEntry)]
    assert remind(session, clock, DUE) == []
    assert before == [count(session, model) for model in (Reminder, InboxMessage, OutboxMessage, AuditEntry)]


def test_days_left_out_are_caught_up_by_the_newest_step_alone(
    session: Session, clock: Actor, store: Store
) -> None:
    store()
    assert told_of_payment(session, clock, DUE - timedelta(20)) == ["T-30"]
    assert told_of_payment(session, clock, DUE + timedelta(16)) == ["T+15"]
    assert told_of_payment(session, clock, DUE + timedelta(20)) == []
    assert told_of_payment(session, clock, DUE + timedelta(21)) == ["T+21"]
    assert told_of_payment(session, clock, DUE) == []


def test_a_deadline_on_a_day_off_is_announced_on_the_working_day_before(
    session: Session, clock: Actor, store: Store
) -> None:
    store(signed_on=date(2026, 3, 5))  # due on Saturday, 4 April 2026, in the Qingming days off
    assert told_of_payment(session, clock, date(2026, 4, 2)) == ["T-1"]
    assert (
        "当日放假，请最迟于 2026-04-03（周五）办理"
        in session.scalars(select(InboxMessage.body).distinct()).one()
    )
    assert told_of_payment(session, clock, date(2026, 4, 3)) == ["T"]
    assert told_of_payment(session, clock, date(2026, 4, 10)) == []
    assert told_of_payment(session, clock, date(2026, 4, 11)) == ["T+7"]


def test_nothing_is_told_once_it_is_done(session: Session, clock: Actor, store: Store) -> None:
    done = DUE - timedelta(5)
    store(tranches=(replace(a_record("x").tranches[0], paid=14_000_000, paid_on=done),))
    assert told_of_payment(session, clock, done - timedelta(1)) == ["T-7"]
    assert [told_of_payment(session, clock, done + timedelta(days)) for days in (0, 5, 40)] == [[], [], []]


def test_the_bureau_s_own_lateness_tells_the_approver_and_not_the_unit(
    session: Session, people: People, clock: Actor, store: Store
) -> None:
    store()
    owner = session.scalars(select(KeptDuty.owner).where(KeptDuty.rule == RULE)).one()
    names = [people.a[owner].name, HANDLERS, people.a[Role.APPROVER].name]
    for late, many in ((0, 2), (7, 2), (14, 2), (21, 3)):
        (told,) = remind(session, clock, DUE + timedelta(late))
        assert told.to == "、".join(dict.fromkeys(names[:many]))


def test_nobody_of_another_agency_is_told(
    session: Session, people: People, clock: Actor, store: Store
) -> None:
    store()
    remind(session, clock, DUE + timedelta(21))
    strangers = {account.id for account in people.b.values()}
    assert strangers.isdisjoint(session.scalars(select(InboxMessage.user_id)))
    assert remind(session, Actor.system(people.agency_b), DUE) == []


def test_where_nobody_holds_the_role_the_admins_get_it(
    session: Session, people: People, clock: Actor, store: Store
) -> None:
    store()
    owner = session.scalars(select(KeptDuty.owner).where(KeptDuty.rule == RULE)).one()
    session.execute(delete(Membership).where(Membership.role.in_((owner, Role.HANDLER))))
    session.commit()
    (told,) = remind(session, clock, DUE)
    assert told.to.endswith("（管理员代收）")
    assert session.scalars(select(InboxMessage.user_id)).all() == [people.a[Role.ADMIN].id]


def test_a_pi_without_an_account_gets_the_e_mail(session: Session, clock: Actor, store: Store) -> None:
    store(pi_name="周工", pi_email="zhou@keguan.test", start=date(2025, 2, 1), signed_on=date(2025, 2, 3))
    told = [one for one in remind(session, clock, date(2026, 1, 30)) if one.rule == "spb-26-annual-report"]
    assert [(one.subject, one.step, one.to) for one in told] == [("2025", "T", "周工")]
    reminder = session.scalars(select(Reminder.id).where(Reminder.rule == "spb-26-annual-report")).one()
    letters = select(OutboxMessage.address).join(Telling, Telling.letter_id == OutboxMessage.id)
    assert session.scalars(letters.where(Telling.reminder_id == reminder)).all() == ["zhou@keguan.test"]


def test_of_one_day_everybody_gets_one_letter_with_what_is_late_first(
    session: Session, people: People, clock: Actor, store: Store
) -> None:
    for place in range(3):
        store(f"SPB-{place}", signed_on=SIGNED + timedelta(2 * place))
    owner = session.scalars(select(KeptDuty.owner).where(KeptDuty.rule == RULE)).first()
    told = remind(session, clock, DUE + timedelta(2))
    assert [one.step for one in told] == ["T", "T", "T"]  # the last falls on a day off
    assert count(session, OutboxMessage) == 3
    letter = session.scalars(
        select(OutboxMessage).where(OutboxMessage.address == people.a[owner].email)
    ).one()
    assert (letter.address, letter.title) == (people.a[owner].email, "科管提醒：3 项待办，其中 1 项已逾期")
    assert [letter.body.index(f"SPB-{place}") for place in range(3)] == sorted(
        letter.body.index(f"SPB-{place}") for place in range(3)
    )
    assert count(session, InboxMessage) == 9
    hers = select(Telling.channel, Telling.name, Telling.letter_id).where(
        Telling.name == people.a[owner].name
    )
    ways = session.execute(hers).all()
    assert sorted(ways, key=str) == sorted(
        [(Channel.INBOX, people.a[owner].name, None), (Channel.MAIL, people.a[owner].name, letter.id)] * 3,
        key=str,
    )


def test_nothing_is_mailed_to_an_address_that_was_refused_for_good(
    session: Session, people: People, clock: Actor, store: Store
) -> None:
    store()
    owner = session.scalars(select(KeptDuty.owner).where(KeptDuty.rule == RULE)).one()
    bounced = {"agency_id": people.agency_a, "error": "550", "since": datetime.now(UTC)}
    session.add(BouncedAddress(address=(people.a[owner].email or "").lower(), **bounced))
    session.commit()
    assert remind(session, clock, DUE)
    assert people.a[owner].email not in session.scalars(select(OutboxMessage.address)).all()
    assert (count(session, OutboxMessage), count(session, InboxMessage)) == (2, 3)


def test_an_agency_s_own_steps_and_days_off_are_kept(
    session: Session, people: People, clock: Actor, store: Store
) -> None:
    steps = {"before": [10, 0], "every": 3, "escalation": {"approver": 3}}
    for row in (
        AgencySetting(agency_id=people.agency_a, key=STEPS, value=steps, set_on=SIGNED),
        CalendarDay(agency_id=people.agency_a, day=DUE, working=False, name="区里放假"),
    ):
        session.add(row)
    session.commit()
    store()
    days = [DUE + timedelta(day) for day in range(-40, 8)]
    told = [(day, one.step, one.to) for day in days for one in remind(session, clock, day)]
    owner = session.scalars(select(KeptDuty.owner).where(KeptDuty.rule == RULE)).one()
    first = f"{people.a[owner].name}、{HANDLERS}"
    boss = people.a[Role.APPROVER].name
    assert told == [
        (DUE - timedelta(11), "T-10", first),
        (DUE - timedelta(1), "T", first),
        (DUE + timedelta(3), "T+3", f"{first}、{boss}"),
        (DUE + timedelta(6), "T+6", f"{first}、{boss}"),
    ]


def test_a_deactivated_account_is_told_nothing(
    session: Session, people: People, clock: Actor, store: Store
) -> None:
    store()
    owner = session.scalars(select(KeptDuty.owner).where(KeptDuty.rule == RULE)).one()
    session.execute(update(User).where(User.id == people.a[owner].id).values(is_active=False))
    session.commit()
    remind(session, clock, DUE)
    assert people.a[owner].id not in session.scalars(select(InboxMessage.user_id)).all()


@command("test.touch", Permission.PROPOSE_PAYMENT)
def touch(work: Work, project_id: int, signed_on: date) -> None:
    work.session.execute(update(Project).where(Project.id == project_id).values(signed_on=signed_on))
    work.touch(project_id)
    work.record("改动")


def test_a_duty_restated_keeps_what_was_told_and_a_moved_one_starts_anew(
    session: Session, clock: Actor, store: Store
) -> None:
    project_id = store().id
    assert told_of_payment(session, clock, DUE - timedelta(7)) == ["T-7"]
    touch(session, clock, project_id, SIGNED)
    assert told_of_payment(session, clock, DUE - timedelta(6)) == []
    touch(session, clock, project_id, SIGNED + timedelta(1))
    assert told_of_payment(session, clock, DUE - timedelta(6)) == ["T-7"]
    touch(session, clock, project_id, SIGNED)
    assert told_of_payment(session, clock, DUE - timedelta(6)) == []
    assert told_of_payment(session, clock, DUE - timedelta(3)) == ["T-3"]


def test_what_the_clock_keeps_is_what_working_it_out_anew_gives(
    session: Session, people: People, clock: Actor, store: Store
) -> None:
    store()
    store("SPB-2", signed_on=SIGNED + timedelta(9))
    remind(session, clock, DUE)
    kept = list(standing_rows(session, people.agency_a))
    begin_write(session)
    rebuild(session, people.agency_a)
    assert list(standing_rows(session, people.agency_a)) == kept


def test_a_run_that_breaks_leaves_nothing_behind(
    session: Session, clock: Actor, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store()

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr("lifecycle.clock._move_on", dies)
        with pytest.raises(KeyboardInterrupt):
            remind(session, clock, DUE)
    assert [count(session, model) for model in (Reminder, InboxMessage, OutboxMessage, AuditEntry)] == [0] * 4
    assert told_of_payment(session, clock, DUE) == ["T"]


def test_only_who_may_send_reminders_does(session: Session, people: People, store: Store) -> None:
    store()
    with pytest.raises(NotPermitted):
        remind(session, people.a[Role.AUDITOR].actor, DUE)


def statements_of(session: Session, clock: Actor, day: date) -> int:
    seen: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    event.listen(session.get_bind(), "before_cursor_execute", note)
    assert remind(session, clock, day)
    event.remove(session.get_bind(), "before_cursor_execute", note)
    return len(seen)


def test_the_number_of_statements_does_not_grow_with_the_duties(
    session: Session, clock: Actor, store: Store
) -> None:
    store("SPB-0")
    assert remind(session, clock, DUE)  # an agency's first entry begins its chain, which is done once
    store()
    few = statements_of(session, clock, DUE)
    for number in range(12):
        store(f"SPB-1{number}")
    assert statements_of(session, clock, DUE) == few


def test_two_rows_of_one_tranche_due_on_one_day_are_one_duty(
    session: Session, clock: Actor, store: Store
) -> None:
    due = date(2026, 9, 16)
    own = Tranche(1, Source.OWN, 3_000_000, due, 0, None)
    store("EA-1", programme="企业科技攻关联合行动计划", tranches=(own, replace(own, planned=4_000_000)))
    told = [one for one in remind(session, clock, due) if one.rule == "ea-15-self-raised"]
    assert [(one.subject, one.step) for one in told] == [("1", "T")]


def run(url: str, monkeypatch: pytest.MonkeyPatch, *words: str) -> Any:
    monkeypatch.setenv("KEGUAN_DATABASE_URL", url)
    for name in ("KEGUAN_SMTP_HOST", "KEGUAN_SITE_URL"):
        monkeypatch.delenv(name, raising=False)
    return CliRunner().invoke(main, ["remind", "--agency", "沙坪坝区科技局", *words])


def test_the_console_prints_each_duty_and_step_once(
    migrated_database_url: str, monkeypatch: pytest.MonkeyPatch, store: Store
) -> None:
    store("SPB-2")
    store("SPB-1")
    first = run(migrated_database_url, monkeypatch, "--as-of", "2026-04-08", "--format", "json")
    assert first.exit_code == 0
    entries = json.loads(first.stdout)
    assert [(one["project"], one["due"], one["step"]) for one in entries] == [
        ("SPB-1", "2026-04-01", "T+7"),
        ("SPB-2", "2026-04-01", "T+7"),
    ]
    assert all(
        set(one) == {"project", "rule", "subject", "due", "step", "to"} and one["to"] for one in entries
    )
    again = run(migrated_database_url, monkeypatch, "--as-of", "2026-04-08", "--format", "json")
    assert (again.exit_code, json.loads(again.stdout)) == (0, [])


def test_the_console_says_in_words_that_letters_wait_for_a_mail_server(
    migrated_sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = open_database(migrated_sqlite_url)
    with Session(engine) as session:
        store_project(session, make_people(session).agency_a, "SPB-1", signed_on=SIGNED, joint_unit=None)
    engine.dispose()
    done = run(migrated_sqlite_url, monkeypatch, "--as-of", "2026-04-01")
    assert done.exit_code == 0
    assert "T\tSPB-1\t" in done.stdout
    assert "未设置邮件服务器" in done.stderr
