"""One press that reminds whoever has not reported, by message and e-mail, at most once a day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from lifecycle.addresses import project_path, turn_path
from lifecycle.command import Work, command
from lifecycle.filing_list import FilingFilter, Query, reminder_step, rest_of
from lifecycle.models import KeptDuty, Project, Report, ReportKind, TurnKind
from lifecycle.recipients import AddressBook, Parties, Told
from lifecycle.refusals import Obstructed
from lifecycle.roles import Permission, Role
from lifecycle.rulebook import rulebook
from lifecycle.telling import Spoken, tell_all
from lifecycle.wording import day_with_weekday, days_left


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
    owner: Role
    """Who must act next: the unit, once the pi has handed it in."""
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
            "请承担单位尽快确认，报区科技局。"
            if self.owner is Role.UNIT_MANAGER
            else "请尽快填写，经承担单位确认后报区科技局。",
        ]
        return "\n".join(lines)

    def spoken(self, today: date, site: str) -> Spoken:
        """Return what is told of it."""
        return Spoken(
            *(self.project_id, self.rule, self.subject, self.due, reminder_step(today), self.told),
            *(self.heading(today), self.body(today), f"{site.rstrip('/')}{self.path}", self.path),
            late=True,  # somebody has pressed for it: it goes to everybody by every way
        )


@command("reports.remind", Permission.SEND_REMINDERS)
def remind_rest(work: Work, asked: FilingFilter, today: date, site: str) -> Reminded:
    """Remind the pi and the unit of everything asked for that is not handed in and was not pressed for today.

    What the pi has filed is the unit's alone to confirm.

    The log says who was told of what. Raises ``Obstructed`` where nobody is left.
    """
    missing = [] if asked.kind is ReportKind.EVENT else list(_missing(work, asked, today))
    if not missing:
        raise Obstructed(["所选范围内都已提交，或今天已经提醒过"])
    run = tell_all(work, [one.spoken(today, site) for one in missing], today)
    units = len({one.lead_unit for one in missing})
    work.record(
        f"催报{asked.kind}：{units} 个单位、{len(missing)} 份",
        details={
            "as_of": today,
            **run.details,
            "told": [
                {"project": one.number, "what": one.message, "names": one.told.names} for one in missing
            ],
        },
    )
    return Reminded(units, len(missing), run.letters)


def _missing(work: Work, asked: FilingFilter, today: date) -> Iterable[_Missing]:
    query: Query = select(
        *(KeptDuty.project_id, KeptDuty.rule, KeptDuty.subject, KeptDuty.due, KeptDuty.message),
        *(Project.number, Project.title, Project.lead_unit, Report.id, KeptDuty.owner),
        *(Project.pi_name, Project.pi_email, Project.joint_unit, Project.programme),
    )
    book = AddressBook.of(work.session, work.actor.agency_id, today)
    query = rest_of(query, work.actor, asked, today).order_by(Project.unit_order, Project.id, KeptDuty.due)
    for row in work.session.execute(query):
        pi_name, pi_email, joint_unit, programme = row[10:]
        parties = Parties(pi_name, pi_email, row[7], joint_unit, programme)
        also = () if row[9] is Role.UNIT_MANAGER else (Role.UNIT_MANAGER,)
        in_order: list[Any] = [*row[:10], book.told(row[9], -1, parties, also=also)]
        yield _Missing(*in_order)
