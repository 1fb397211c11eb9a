"""Who walks the routes, and an example of everything an address may name: made in agency A."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.longwork.folder import Folder
from app.longwork.wrong_cells import write_errors
from finance.layouts import keep_layout
from finance.models import BatchLine, ClearingReturn, DisallowedLine
from finance.reconcile.keeping import keep
from finance.reconcile.running import reconcile
from finance.returned_lines import Heap, ReadLine, ReadSheet
from finance.returning import keep_returned
from finance.spending import enter_spending
from finance.stage_account import Bank, draw_account
from lifecycle.acceptance.applying import start as start_acceptance
from lifecycle.agenda import renew_feed
from lifecycle.attachments import StoredFile
from lifecycle.bounces import bounce
from lifecycle.command import Work, command
from lifecycle.database import begin_write
from lifecycle.filekinds import MOST_BYTES, PDF
from lifecycle.files import ContentStore
from lifecycle.in_force import baseline_version
from lifecycle.integrity import Charge, propose_entry
from lifecycle.models import (
    Acceptance,
    AgreementVersion,
    BouncedAddress,
    Channel,
    Clearing,
    InboxMessage,
    IntegrityAct,
    LongWork,
    Measure,
    OutboxMessage,
    Outcome,
    Project,
    Robot,
    Tranche,
    WorkState,
)
from lifecycle.papers import add_files
from lifecycle.record import BudgetUse, Source, Spending
from lifecycle.roles import BUREAU_ROLES, Permission, Role
from lifecycle.supervision import agree, record_inspection
from reports.ledger.errors import CellError
from reports.read_back import read_sheet
from reports.sheet.marks import ANSWERS
from reports.sheet.standard import standard_layout
from tests import papers
from tests.integration.changing import Office
from tests.integration.overseeing import DRAFT
from tests.integration.paying import TODAY, Bureau, approved, issued
from tests.web.noticed import sent_notice
from tests.web.reviewed import seat, stage_report
from tests.web.site import UNIT, Account, People

NUMBER = "KG-2026-001"
PAPER = "A&B ‹关键>.pdf"


@dataclass(frozen=True)
class Visitor:
    """Somebody, or nobody, and the agency she is of."""

    role: Role | None
    agency: str

    def __str__(self) -> str:
        """Name the test."""
        return f"{self.role or 'anonymous'}-{self.agency}"

    def account(self, people: People) -> Account | None:
        """Return the account she visits with."""
        return (people.a if self.agency == "own" else people.b)[self.role] if self.role else None


VISITORS = [Visitor(None, "none"), *(Visitor(role, agency) for agency in ("own", "other") for role in Role)]


def of_the_agency(visitor: Visitor) -> bool:
    """Everybody of agency A sees it: whoever is linked to the project at hand by unit or address, too."""
    return visitor.agency == "own"


def of_whoever_sees_the_project(visitor: Visitor) -> bool:
    """An expert is of the agency, and sees only what is put before her."""
    return of_the_agency(visitor) and visitor.role is not Role.EXPERT


def of_the_bureau(visitor: Visitor) -> bool:
    """Nobody outside the bureau sees it yet."""
    return of_the_agency(visitor) and visitor.role in BUREAU_ROLES


def of_the_handler(visitor: Visitor) -> bool:
    """It is one person's own."""
    return visitor == Visitor(Role.HANDLER, "own")


def of_everybody(_visitor: Visitor) -> bool:
    """It is no secret."""
    return True


@dataclass(frozen=True)
class Example:
    """What an argument of an address may name: how it comes to be, and to whom it exists."""

    make: Callable[[People, Session, Path], Any]
    """Given the people, a session and the instance folder."""
    exists_to: Callable[[Visitor], bool] = of_the_agency


def _feed(people: People, session: Session, _folder: Path) -> str:
    return renew_feed(session, people.a[Role.HANDLER].actor)


def _message(people: People, session: Session, _folder: Path) -> int:
    message = InboxMessage(
        agency_id=people.agency_a,
        user_id=people.a[Role.HANDLER].id,
        title="提醒",
        body="应于近日办理",
        told_on=date(2026, 6, 30),
    )
    begin_write(session)
    session.add(message)
    session.commit()
    return message.id


def _letter(people: People, session: Session, _folder: Path) -> int:
    """Return a letter that was not taken."""
    moment = datetime(2026, 6, 30, tzinfo=UTC)
    values = {"address": "li@unit.test", "title": "提醒", "body": "请办理", "state": "failed"}
    letter = OutboxMessage(agency_id=people.agency_a, next_try_at=moment, **values)
    begin_write(session)
    session.add(letter)
    session.commit()
    return letter.id


def _bounced(people: People, session: Session, _folder: Path) -> int:
    begin_write(session)
    moment = datetime(2026, 6, 30, tzinfo=UTC)
    bounce(session, people.agency_a, "gone@unit.test", "550 no such mailbox", moment)
    session.commit()
    return session.scalars(select(BouncedAddress.id)).one()


def _robot(people: People, session: Session, _folder: Path) -> int:
    """Return a robot whose address is none of the three's: nothing is sent to it."""
    robot = Robot(agency_id=people.agency_a, channel=Channel.WECOM, name="工作群", url="https://a.test/")
    robot.made_on = date(2026, 6, 30)
    begin_write(session)
    session.add(robot)
    session.commit()
    return robot.id


def _batch(people: People, session: Session, _folder: Path) -> int:
    bureau = Bureau(session, people)
    return issued(bureau, approved(bureau))


def _run(people: People, session: Session, _folder: Path) -> int:
    finance = people.a[Role.FINANCE].actor
    return keep(session, finance, reconcile(session, people.agency_a, TODAY, TODAY, read_sheet))


def _line(_people: People, session: Session, _folder: Path) -> int:
    return session.scalars(select(BatchLine.id)).one()


def _returned(people: People, session: Session, _folder: Path) -> int:
    finance = people.a[Role.FINANCE].actor
    batch_id = session.scalars(select(BatchLine.batch_id)).one()
    read = ReadSheet((ReadLine(Heap.OPEN, 1, 4),), dict.fromkeys(ANSWERS, "N"))
    return keep_returned(session, finance, batch_id, "回执.xlsx", b"x", read, TODAY)


def _layout(people: People, session: Session, _folder: Path) -> int:
    finance = people.a[Role.FINANCE].actor
    return keep_layout(session, finance, None, "国库版", standard_layout(), TODAY)


def _tranche(_people: People, session: Session, _folder: Path) -> int:
    query = select(Tranche.id).join(Project, Project.id == Tranche.project_id).where(Project.number == NUMBER)
    return session.scalars(query).one()


def _inspection(people: People, session: Session, _folder: Path) -> int:
    """Return one that was agreed to: it ordered a rectification and a hold."""
    made = record_inspection(
        session, people.a[Role.HANDLER].actor, NUMBER, replace(DRAFT, outcome=Outcome.HOLD), (), TODAY
    )
    agree(session, people.a[Role.APPROVER].actor, made, TODAY)
    return made


def _measure(_people: People, session: Session, _folder: Path) -> int:
    return session.scalars(select(Measure.id).order_by(Measure.number)).first() or 0


def _entry(people: People, session: Session, _folder: Path) -> int:
    charge = Charge(UNIT, IntegrityAct.MISAPPROPRIATION, "挪用财政资金两万元用于其他项目。", None)
    return propose_entry(session, people.a[Role.HANDLER].actor, NUMBER, charge, (), TODAY)


def _spending(people: People, session: Session, _folder: Path) -> int:
    row = Spending(date(2026, 2, 1), Source.DISTRICT, BudgetUse.EQUIPMENT, 100, "记-1", None)
    (entered,) = enter_spending(session, people.a[Role.PI].actor, NUMBER, [row], date(2026, 2, 5))
    return entered


def _attachment(people: People, session: Session, folder: Path) -> int:
    kept = ContentStore(folder / "files").keep(BytesIO(papers.pdf()), MOST_BYTES)
    file = StoredFile(kept.sha256, PAPER, PDF.media_type, kept.size)
    (added,) = add_files(session, people.a[Role.HANDLER].actor, NUMBER, [file], "设备采购合同")
    return added


def _work(people: People, session: Session, role: Role, kind: str, state: WorkState, **more: Any) -> str:
    """Return somebody's long work that has come to its end: nothing is started in the background."""
    moment = datetime.now(UTC)
    work = LongWork(agency_id=people.agency_a, user_id=people.a[role].id, kind=kind, state=state)
    work.key = kind.ljust(32, "0")
    work.name, work.digest, work.mark = "台账.xlsx", "0" * 64, "0" * 64
    work.created_at = work.changed_at = moment
    work.parameters, work.result = more["parameters"], more["result"]
    begin_write(session)
    session.add(work)
    session.commit()
    return work.key


def _refused_upload(people: People, session: Session, folder: Path) -> str:
    """Return a refused ledger: it has a page and a list."""
    figures = {"errors": 1, "sheets": [["项目", 1]], "passed_over": []}
    more = {"parameters": {"as_of": "2026-06-30"}, "result": figures}
    key = _work(people, session, Role.HANDLER, "ledger.check", WorkState.REFUSED, **more)
    write_errors(Folder(folder / "uploads").rows(key), [CellError("项目", 2, "项目编号", "没有填写")])
    return key


def _export(people: People, session: Session, folder: Path) -> str:
    """Return an export that is there to be downloaded."""
    result = {"file": "台账.xlsx", "count": 1, "unit": "个项目"}
    key = _work(people, session, Role.HANDLER, "ledger.export", WorkState.DONE, parameters={}, result=result)
    Folder(folder / "uploads").result(key).write_bytes(b"a workbook")
    return key


def _book(people: People, session: Session, _folder: Path) -> str:
    """Return a workbook of spending that is in: it has a page, and pressed again nothing more is begun."""
    more = {"parameters": {"number": NUMBER}, "result": {"rows": 1, "total": 100, "over": []}}
    return _work(people, session, Role.PI, "spending.enter", WorkState.DONE, **more)


def of_the_pi(visitor: Visitor) -> bool:
    """It is one person's own."""
    return visitor == Visitor(Role.PI, "own")


def _version(people: People, session: Session, _folder: Path) -> int:
    """Return the agreement's version of a project that came signed with a ledger."""
    project_id = session.scalars(select(Project.id).where(Project.number == NUMBER)).one()
    session.commit()
    return kept_baseline(session, people.a[Role.HANDLER].actor, project_id)


@command("test.baseline", Permission.HANDLE_CHANGE)
def kept_baseline(work: Work, project_id: int) -> int:
    """Make the version in force of what the ledger says, as the first change does."""
    return baseline_version(work, project_id, date(2026, 6, 30)).id


def _case(people: People, session: Session, _folder: Path) -> int:
    return start_acceptance(session, people.a[Role.PI].actor, NUMBER, date(2026, 6, 30))


def _clearing(_people: People, session: Session, _folder: Path) -> int:
    project_id = session.scalars(select(Project.id).where(Project.number == NUMBER)).one()
    clearing = Clearing(
        project_id=project_id,
        opened_on=date(2026, 6, 30),
        citation="沙科局发〔2023〕41号 第三十三条",
        figures={},
    )
    row = Acceptance(
        project_id=project_id, joint_unit_took_part=False, own_fault=False, to_return_fen=0, returned_fen=0
    )
    begin_write(session)
    if session.scalar(select(Acceptance.id).where(Acceptance.project_id == project_id)) is None:
        session.add(row)
    session.add(clearing)
    session.commit()
    return clearing.id


def _disallowed(_people: People, session: Session, _folder: Path) -> int:
    line = DisallowedLine(
        clearing_id=session.scalars(select(Clearing.id)).one(),
        source=Source.DISTRICT,
        amount_fen=1,
        reason="台账登记",
    )
    begin_write(session)
    session.add(line)
    session.commit()
    return line.id


def _paid_back(_people: People, session: Session, _folder: Path) -> int:
    row = ClearingReturn(
        clearing_id=session.scalars(select(Clearing.id)).one(),
        source=Source.DISTRICT,
        amount_fen=1,
        returned_on=date(2026, 6, 30),
        voucher="退-1",
        recorded_at=datetime.now(UTC),
    )
    begin_write(session)
    session.add(row)
    session.commit()
    return row.id


def of_the_expert(visitor: Visitor) -> bool:
    """It is the expert's who was named."""
    return visitor == Visitor(Role.EXPERT, "own")


def _change(people: People, session: Session, _folder: Path) -> int:
    return Office(session, people).draft(NUMBER)


def _account(people: People, session: Session, _folder: Path) -> int:
    return draw_account(session, people.a[Role.PI].actor, NUMBER, TODAY, Bank(), TODAY)


EXAMPLES = {
    "account_id": Example(_account, of_whoever_sees_the_project),
    "inspection_id": Example(_inspection, of_whoever_sees_the_project),
    "measure_id": Example(_measure, of_whoever_sees_the_project),
    "notice_id": Example(sent_notice, of_whoever_sees_the_project),
    "entry_id": Example(_entry, of_the_bureau),
    "attachment_id": Example(_attachment, of_whoever_sees_the_project),
    "batch_id": Example(_batch),
    "bounced_id": Example(_bounced),
    "case_id": Example(_case, of_whoever_sees_the_project),
    "clearing_id": Example(_clearing, of_whoever_sees_the_project),
    "disallowed_id": Example(_disallowed, of_whoever_sees_the_project),
    "return_id": Example(_paid_back, of_whoever_sees_the_project),
    "change_id": Example(_change, of_whoever_sees_the_project),
    "change_kind": Example(lambda *_: "title", of_everybody),
    "secret": Example(_feed, of_everybody),
    "filename": Example(lambda *_: "keguan.css", of_everybody),
    "key": Example(_refused_upload, of_the_handler),
    "layout_id": Example(_layout),
    "returned_id": Example(_returned),
    "letter_id": Example(_letter),
    "line_id": Example(_line),
    "message_id": Example(_message, of_the_handler),
    "report_id": Example(stage_report, of_whoever_sees_the_project),
    "member_id": Example(seat, of_the_expert),
    "place_id": Example(seat, of_whoever_sees_the_project),
    "name": Example(lambda *_: PAPER, of_everybody),
    "number": Example(lambda *_: NUMBER),
    "version_id": Example(_version, of_whoever_sees_the_project),
    "other_id": Example(
        lambda _, session, *__: session.scalars(select(AgreementVersion.id)).first(),
        of_whoever_sees_the_project,
    ),
    "run_id": Example(_run),
    "robot_id": Example(_robot),
    "seat_id": Example(lambda *_: 0, of_whoever_sees_the_project),
    "spending_id": Example(_spending, of_whoever_sees_the_project),
    "tranche_id": Example(_tranche),
    "book_key": Example(_book, of_the_pi),
    "work_key": Example(_export, of_the_handler),
    "user_id": Example(lambda people, *_: people.a[Role.EXPERT].id),
}
"""Argument of an address → an example of it, made in this order."""

BODIES: dict[str, Callable[[People], dict[str, Any]]] = {
    "auth.switch": lambda people: {"agency": people.agency_a},
}
"""Route → a form that names something of agency A."""
