"""One press that reminds whoever has not reported, by message and e-mail, at most once a day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Table, select

from lifecycle.addresses import project_path, turn_path
from lifecycle.bulk import insert_rows, reserve_ids
from lifecycle.command import Work, command
from lifecycle.filing_list import FilingFilter, Query, reminder_step, rest_of
from lifecycle.models import Base, KeptDuty, Project, Report, ReportKind, TurnKind
from lifecycle.recipients import AddressBook, Parties, Told
from lifecycle.refusals import Obstructed
from lifecycle.roles import Permission, Role
from lifecycle.rulebook import rulebook
from lifecycle.wording import day_with_weekday, days_left

_REMINDER: Table = Base.metadata.tables["reminder"]
_INBOX: Table = Base.metadata.tables["inbox_message"]
_OUTBOX: Table = Base.metadata.tables["outbox_message"]


@dataclass(frozen=True, slots=True)
class Reminded:
    """What a press did."""

    units: int
    filings: int
    letters: int
    """E-mails put into the outbox."""


@dataclass(frozen=True, slots=True)
class _Missing:
    """One report that is missing, and whom to tell."""

    project_id: int
    rule: str
    subject: str
    due: date
    message: str
    number: str
    title: str
    lead_unit: str
    report_id: int | None
    told: Told

    @property
    def path(self) -> str:
        """Where to write it."""
        if self.report_id is not None:
            return turn_path(TurnKind.REPORT, self.report_id)
        return f"{project_path(self.number)}?tab=reports"

    def heading(self, today: date) -> str:
        """What the message is called."""
        return f"催报：{self.message}（{days_left(self.due, today)}）"

    def body(self, today: date) -> str:
        """What the message says."""
        rule = rulebook().find(self.rule)
        lines = [
            f"项目：{self.number}《{self.title}》（{self.lead_unit}）",
            f"期限：{day_with_weekday(self.due)}，{days_left(self.due, today)}",
            *([f"依据：{rule.citation}"] if rule else []),
            "请尽快填写，经承担单位确认后报区科技局。",
        ]
        return "\n".join(lines)

    def letter(self, today: date, site: str) -> str:
        """What the e-mail says."""
        link = f"{site.rstrip('/')}{self.path}"
        said = f"事项：{self.message}\n{self.body(today)}\n办理：{link}"
        return f"{said}\n\n本邮件由科管系统自动发出，请勿直接回复。"


@command("reports.remind", Permission.SEND_REMINDERS)
def remind_rest(work: Work, asked: FilingFilter, today: date, site: str) -> Reminded:
    """Remind the pi and the unit of everything asked for that is not handed in and was not pressed for today.

    The log says who was told of what. Raises ``Obstructed`` where nobody is left.
    """
    missing = [] if asked.kind is ReportKind.EVENT else list(_missing(work, asked, today))
    if not missing:
        raise Obstructed(["所选范围内都已提交，或今天已经提醒过"])
    ids = reserve_ids(work.session, _REMINDER, len(missing))
    told = list(zip(ids, missing, strict=True))
    _log(work, told, today)
    _write_inboxes(work, told, today)
    letters = _write_outbox(work, told, today, site)
    units = len({one.lead_unit for one in missing})
    work.record(
        f"催报{asked.kind}：{units} 个单位、{len(missing)} 份",
        details={
            "letters": letters,
            "told": [
                {"project": one.number, "what": one.message, "names": one.told.names} for one in missing
            ],
        },
    )
    return Reminded(units, len(missing), letters)


def _missing(work: Work, asked: FilingFilter, today: date) -> Iterable[_Missing]:
    query: Query = select(
        *(KeptDuty.project_id, KeptDuty.rule, KeptDuty.subject, KeptDuty.due, KeptDuty.message),
        *(Project.number, Project.title, Project.lead_unit, Report.id),
        *(Project.pi_name, Project.pi_email, Project.joint_unit),
    )
    book = AddressBook.of(work.session, work.actor.agency_id)
    query = rest_of(query, work.actor, asked, today).order_by(Project.unit_order, Project.id, KeptDuty.due)
    for row in work.session.execute(query):
        pi_name, pi_email, joint_unit = row[9:]
        parties = Parties(pi_name, pi_email, row[7], joint_unit)
        both = [book.told(role, -1, parties) for role in (Role.PI, Role.UNIT_MANAGER)]
        people = tuple(dict.fromkeys(one for told in both for one in told.people))
        names = "、".join(dict.fromkeys(told.names for told in both if told.names))
        in_order: list[Any] = [*row[:9], Told(people, names)]
        yield _Missing(*in_order)


def _log(work: Work, told: Iterable[tuple[int, _Missing]], today: date) -> None:
    columns = ("id", "agency_id", "project_id", "rule", "subject", "due", "step", "told_on", "recipients")
    rows = [
        (
            *(id_, work.actor.agency_id, one.project_id, one.rule, one.subject, one.due),
            *(reminder_step(today), today, one.told.names),
        )
        for id_, one in told
    ]
    insert_rows(work.session, _REMINDER, columns, rows)


def _write_inboxes(work: Work, told: Iterable[tuple[int, _Missing]], today: date) -> None:
    columns = ("agency_id", "user_id", "project_id", "reminder_id", "title", "body", "path", "told_on")
    rows = [
        (
            *(work.actor.agency_id, user_id, one.project_id, id_),
            *(one.heading(today), one.body(today), one.path, today),
        )
        for id_, one in told
        for user_id in one.told.user_ids
    ]
    insert_rows(work.session, _INBOX, columns, rows)


def _write_outbox(work: Work, told: Iterable[tuple[int, _Missing]], today: date, site: str) -> int:
    columns = ("agency_id", "reminder_id", "address", "title", "body", "state", "attempts", "next_try_at")
    rows = [
        (
            *(work.actor.agency_id, id_, address),
            *(one.heading(today), one.letter(today, site), "waiting", 0, work.entry.at),
        )
        for id_, one in told
        for address in one.told.addresses
    ]
    insert_rows(work.session, _OUTBOX, columns, rows)
    return len(rows)
