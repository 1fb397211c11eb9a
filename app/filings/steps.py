"""What whoever looks can do about a report: as a link to it, or as a button that begins one."""

from __future__ import annotations

from typing import NamedTuple

from flask import url_for

from lifecycle.filing_list import Filing
from lifecycle.models import ReportKind, ReportState
from lifecycle.record import ProjectRecord
from lifecycle.roles import Actor, Permission, Role


class FilingStep(NamedTuple):
    """A link (``fields`` is ``None``) or a press that sends these fields."""

    label: str
    url: str
    fields: dict[str, str] | None = None


_TURNS = {
    ReportState.FILED: (Permission.CONFIRM_REPORT, "确认"),
    ReportState.CONFIRMED: (Permission.DECIDE_REPORT, "审核"),
}
"""State of a report → who takes it on, and how the link reads for her."""


def step_of(filing: Filing, actor: Actor) -> FilingStep | None:
    """Return the actor's step with what a list shows."""
    if filing.report_id is None:
        known = filing.submitted_on is not None
        hers = writes_for(actor, filing.lead_unit)
        return None if known or not hers else beginning(filing.number, filing.kind, filing.subject)
    return report_step(filing.report_id, filing.report_state, actor, filing.lead_unit)


def report_step(report_id: int, state: ReportState | None, actor: Actor, lead_unit: str) -> FilingStep:
    """Return the actor's step with a report there is."""
    permission, label = _TURNS.get(state, (None, "")) if state else (None, "")
    if state in (ReportState.DRAFT, ReportState.RETURNED) and writes_for(actor, lead_unit):
        return FilingStep(
            "继续填写" if state is ReportState.DRAFT else "补正", url_for("filings.edit", report_id=report_id)
        )
    hers = permission is not None and actor.may(permission)
    return FilingStep(label if hers else "查看", url_for("filings.show", report_id=report_id))


def beginning(number: str, kind: ReportKind, subject: int | None) -> FilingStep:
    """Return the press that begins a report."""
    fields = {"kind": kind.value, "subject": str(subject or "")}
    return FilingStep("填写", url_for("filings.start", number=number), fields)


def writes_for(actor: Actor, lead_unit: str) -> bool:
    """Whether the actor writes reports of projects of that unit that she sees."""
    of_unit = (Role.UNIT_MANAGER, lead_unit) in actor.units
    return actor.may(Permission.FILE_REPORT) and (Role.PI in actor.roles or of_unit)


def writes_on(actor: Actor, record: ProjectRecord) -> bool:
    """Whether the actor writes reports of this very project."""
    is_pi = (
        Role.PI in actor.roles
        and bool(actor.email)
        and (record.pi_email or "").lower() == (actor.email or "").lower()
    )
    return is_pi or answers_for(actor, record)


def answers_for(actor: Actor, record: ProjectRecord) -> bool:
    """Whether the actor confirms reports of this very project in the unit's name."""
    return (Role.UNIT_MANAGER, record.lead_unit) in actor.units and Role.UNIT_MANAGER in actor.roles


def co_runs(actor: Actor, record: ProjectRecord) -> bool:
    """Whether the actor is of the joint unit of this very project."""
    mine = (Role.JOINT_UNIT, record.joint_unit or "") in actor.units
    return bool(record.joint_unit) and Role.JOINT_UNIT in actor.roles and mine
