"""A command is one transaction, one permission, one audit entry; two at once are two, one after another."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier

import pytest
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from lifecycle.command import Work, command
from lifecycle.database import begin_write
from lifecycle.models import Agency, AuditEntry, KeptFinding, Project, User
from lifecycle.refusals import NotFound, NotPermitted
from lifecycle.roles import Actor, Permission, Role
from lifecycle.standing import standing_rows
from tests.integration.ledgers import everything, make_agency, take_in
from tests.web.site import a_record


@command("test.rename", Permission.IMPORT_LEDGER)
def rename(work: Work, title: str, *, fail: BaseException | None = None) -> str:
    """Rename every project of the agency."""
    project = work.session.scalars(select(Project).where(Project.agency_id == work.actor.agency_id)).one()
    old, project.title = project.title, title
    work.touch(project.id)
    work.record(
        "改名",
        project_id=project.id,
        citation="某条",
        details={"old": old, "new": title, "on": date(2026, 1, 2)},
    )
    work.session.flush()
    if fail is not None:
        raise fail
    return old


@command("test.count", Permission.IMPORT_LEDGER)
def add_one(work: Work) -> None:
    """Add 1 to a number the way careless code does: read it, then write it."""
    project = work.session.scalars(select(Project).where(Project.agency_id == work.actor.agency_id)).one()
    seen = project.own_fen
    work.session.execute(update(Project).where(Project.id == project.id).values(own_fen=seen + 1))
    work.touch(project.id)


def test_a_command_saves_tells_and_restates(session: Session, console: Actor) -> None:
    take_in(session, console, a_record("甲-1", title="旧名称"))
    handler = Actor(console.agency_id, None, "王经办")
    assert rename(session, handler, "新名称") == "旧名称"
    project = session.scalars(select(Project)).one()
    assert (project.title, project.title_order) == ("新名称", "xinmingcheng")
    assert "xinmingcheng" in project.search_text
    entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert entry is not None
    assert (entry.agency_id, entry.project_id, entry.user_id) == (console.agency_id, project.id, None)
    assert (entry.action, entry.summary, entry.actor_name) == ("test.rename", "改名", "王经办")
    assert entry.citation == "某条"
    assert entry.details == {"old": "旧名称", "new": "新名称", "on": "2026-01-02"}


@pytest.mark.parametrize("failure", [ValueError("no"), KeyboardInterrupt(), SystemExit(1)])
def test_whatever_is_raised_leaves_nothing_behind(
    session: Session, console: Actor, failure: BaseException
) -> None:
    take_in(session, console, a_record("甲-1"))
    before = everything(session)
    with pytest.raises(type(failure)):
        rename(session, console, "新名称", fail=failure)
    assert everything(session) == before


def test_failing_to_restate_leaves_nothing_behind(
    session: Session, console: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_in(session, console, a_record("甲-1"))
    before = everything(session)

    def broken(*_: object) -> None:
        raise RuntimeError("no rulebook")

    monkeypatch.setattr("lifecycle.standing.settings_of", broken)
    with pytest.raises(RuntimeError, match="no rulebook"):
        rename(session, console, "新名称")
    assert everything(session) == before


def test_who_may_not_does_not_even_begin(session: Session, console: Actor) -> None:
    take_in(session, console, a_record("甲-1"))
    before = everything(session)
    auditor = Actor(console.agency_id, 7, "审计", frozenset({Role.AUDITOR}))
    with pytest.raises(NotPermitted):
        rename(session, auditor, "新名称")
    assert everything(session) == before


def test_an_agency_that_is_gone_is_not_found(session: Session) -> None:
    with pytest.raises(NotFound):
        rename(session, Actor.system(99), "新名称")


def test_unsaved_changes_outside_a_command_are_a_mistake_in_the_code(
    session: Session, console: Actor
) -> None:
    session.add(Agency(name="乙局"))
    with pytest.raises(RuntimeError, match="outside a command"):
        rename(session, console, "新名称")


def test_of_two_who_press_at_once_nothing_is_lost(engine: Engine, session: Session, console: Actor) -> None:
    take_in(session, console, a_record("甲-1", own=0))
    other = make_agency(session, "乙局")
    take_in(session, other, a_record("甲-1", own=0))
    session.rollback()
    together = Barrier(3)

    def press(actor: Actor) -> None:
        together.wait()
        for _ in range(50):
            with Session(engine) as own:
                add_one(own, actor)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(press, [console, console, other]))
    counted = dict(session.execute(select(Project.agency_id, Project.own_fen)).all())
    assert counted == {console.agency_id: 100, other.agency_id: 50}
    entries = session.scalars(select(AuditEntry.id).where(AuditEntry.action == "test.count")).all()
    assert len(entries) == 150
    revisions = dict(session.execute(select(Agency.id, Agency.revision)).all())
    assert revisions == {console.agency_id: 101, other.agency_id: 51}
    before = list(standing_rows(session, console.agency_id))
    session.rollback()
    assert before == list(standing_rows(session, console.agency_id))


def test_two_imports_at_once_both_come_in_whole(engine: Engine, session: Session, console: Actor) -> None:
    records = [a_record(f"甲-{number}", signed_on=None) for number in range(300)]
    together = Barrier(2)

    def press(half: slice) -> dict[str, int]:
        together.wait()
        with Session(engine) as own:
            return take_in(own, console, *records[half]).counts

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(press, [slice(0, 200), slice(100, 300)])
    assert first["added"] + second["added"] == 300
    assert first["unchanged"] + second["unchanged"] == 100
    assert len(session.scalars(select(Project.number)).all()) == 300


def test_reading_sees_nothing_of_a_command_that_has_not_ended(
    engine: Engine, session: Session, console: Actor
) -> None:
    take_in(session, console, a_record("甲-1", title="旧名称"))
    seen: list[str] = []

    @command("test.peek", Permission.IMPORT_LEDGER)
    def peek(work: Work) -> None:
        work.session.execute(update(Project).values(title="新名称"))
        with Session(engine) as other:
            seen.extend(other.scalars(select(Project.title)))
            seen.extend(other.scalars(select(KeptFinding.rule).where(KeptFinding.id < 0)))

    peek(session, console)
    assert seen == ["旧名称"]
    assert session.scalars(select(Project.title)).all() == ["新名称"]


def test_money_and_the_law_of_the_table_are_kept_by_the_database_too(
    session: Session, console: Actor
) -> None:
    take_in(session, console, a_record("甲-1"))
    wrong = {"own_fen": -1}, {"end_on": date(2000, 1, 1)}, {"nature": "别的"}, {"agency_id": 99}
    for values in wrong:
        begin_write(session)
        with pytest.raises(Exception, match=r"(?i)constraint|foreign key|LookupError|not among"):
            session.execute(update(Project).values(values))
        session.rollback()
    assert session.scalars(select(User)).all() == []
