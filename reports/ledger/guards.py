"""What a ledger may not change: the parts of a project's record that Keguan itself holds, a process each.

A process says which rows and columns of which sheet are its own; whatever no process holds may come in with a
ledger as ever. ``reports.ledger.in_process`` compares.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from finance.models import BatchLine, DisallowedLine, PaymentReversal, Proposal, SeparateAccount
from finance.payee import ACTION as SET_ACCOUNT
from lifecycle.lasting import spending_rows, tranche_rows
from lifecycle.models import (
    AcceptanceCase,
    AcceptanceState,
    AgreementState,
    AgreementVersion,
    AuditEntry,
    ChangeRequest,
    Clearing,
    Inspection,
    InspectionState,
    IntegrityEntry,
    IntegrityState,
    Outcome,
    Report,
    ReportKind,
    Tranche,
)
from reports.ledger.schema import PROJECTS, SHEETS, Sheet

Row = Any
"""By what a held row is known: its id if it lasts, else the values of its key; ``None``: every row."""


@dataclass(frozen=True, slots=True)
class Hold:
    """One part of one project's record that must come in as it is, if at all."""

    sheet: str
    """The attribute of the sheet; empty for 项目."""
    row: Row
    fields: frozenset[str]
    """Of the columns; none: the row may only not be left out."""
    what: str
    """What goes on, or went on, in Keguan."""


Held = tuple[int, Hold]
"""A project's id and what is held of it."""

_SHEETS = {sheet.attribute: sheet for sheet in SHEETS}


def _all(attribute: str, *, but: Collection[str] = ()) -> frozenset[str]:
    columns = _SHEETS[attribute].columns
    own = columns if _SHEETS[attribute] is PROJECTS else columns[1:]
    return frozenset(column.field for column in own) - set(but)


_AGREED = {
    "": _all("", but={"number", "subcategory", "requested"}),
    "partners": _all("partners"),
    "indicators": _all("indicators", but={"achieved_value"}),
    "budget": _all("budget"),
    "milestones": frozenset({"number", "name", "planned_on"}),
    "tranches": frozenset({"number", "source", "planned", "planned_on"}),
}
"""Attribute of a sheet → the fields that a task agreement lays down."""

_SIGNING = frozenset({"signed_on", "signatories"})
_CONCLUDED = frozenset({"conclusion", "concluded_on", "own_fault"})


def _agreements(session: Session, ids: Sequence[int]) -> Iterator[Held]:
    """Yield what was agreed where a version was put in force here, and the signing where it goes on here."""
    version = AgreementVersion
    led = or_(version.change_number.is_not(None), version.signatures.any())
    query = select(version.project_id).where(version.project_id.in_(ids))
    for project_id in session.scalars(query.where(version.state == AgreementState.IN_FORCE, led)):
        for attribute, fields in _AGREED.items():
            yield project_id, Hold(attribute, None, fields, "任务书已生效")
    for project_id in session.scalars(query.where(version.state == AgreementState.AWAITING)):
        yield project_id, Hold("", None, _SIGNING, "任务书正在签署")


def _accounts(session: Session, ids: Sequence[int]) -> Iterator[Held]:
    for project_id in _with_row(session, SeparateAccount, ids):
        yield project_id, Hold("", None, frozenset({"separate_account"}), "承担单位已说明专账管理情况")


def _payees(session: Session, ids: Sequence[int]) -> Iterator[Held]:
    """Yield the account to which a project's money goes, where it was put right here with a proof."""
    query = select(AuditEntry.project_id).where(
        AuditEntry.project_id.in_(ids), AuditEntry.action == SET_ACCOUNT
    )
    for project_id in session.scalars(query.distinct()):
        if project_id is not None:
            yield project_id, Hold("", None, frozenset({"bank_name", "bank_account"}), "已更正收款账户")


def _payments(session: Session, ids: Sequence[int]) -> Iterator[Held]:
    """Yield tranches paid, or on their way, here.

    Those sent back, not paid, or taken back may only not be dropped: what became of them is kept.
    """
    on_way = _pointed_to(session, BatchLine, ids, standing=True)
    pointing = (Proposal, BatchLine, PaymentReversal)
    kept = {id_ for model in pointing for id_ in _pointed_to(session, model, ids)}
    for project_id, rows in tranche_rows(session, ids).items():
        for row in rows:
            settled = row.lasts or row.id in on_way
            if settled or row.id in kept:
                fields = _all("tranches") if settled else frozenset[str]()
                what = f"第 {row.tranche.number} 期（{row.tranche.source}）{row.state}"
                yield project_id, Hold("tranches", row.id, fields, what)


def _pointed_to(
    session: Session,
    model: type[Proposal] | type[BatchLine] | type[PaymentReversal],
    ids: Sequence[int],
    *,
    standing: bool = False,
) -> set[int]:
    """Return the tranches to which rows point; ``standing``: lines of batches that hold theirs."""
    query = select(model.tranche_id).join(Tranche, Tranche.id == model.tranche_id)
    query = query.where(Tranche.project_id.in_(ids))
    return set(session.scalars(query.where(BatchLine.stands) if standing else query))


def _spending(session: Session, ids: Sequence[int]) -> Iterator[Held]:
    for project_id, rows in spending_rows(session, ids).items():
        for row in rows:
            if row.lasts:
                what = f"{row.spending.on} 的支出，凭证 {row.spending.voucher or '未登记'}"
                yield project_id, Hold("spending", row.id, _all("spending"), what)


def _reports(session: Session, ids: Sequence[int]) -> Iterator[Held]:
    """Yield the reports that the unit has confirmed here."""
    query = select(Report.project_id, Report.kind, Report.subject)
    query = query.where(Report.project_id.in_(ids), Report.confirmed_on.is_not(None))
    for project_id, kind, subject in session.execute(query):
        if kind is ReportKind.ANNUAL:
            yield (
                project_id,
                Hold("annual_reports", (subject,), _all("annual_reports"), f"{subject} 年度报告"),
            )
        elif kind is ReportKind.STAGE:
            fields = frozenset({"reported_on", "reviewed_on", "review"})
            yield project_id, Hold("milestones", (subject,), fields, f"里程碑 {subject} 的阶段报告")


def _changes(session: Session, ids: Sequence[int]) -> Iterator[Held]:
    """Yield every change asked for here; the number of one that came to nothing is not given again."""
    query = select(ChangeRequest.project_id, ChangeRequest.number).where(ChangeRequest.project_id.in_(ids))
    for project_id, number in session.execute(query):
        yield project_id, Hold("changes", (number,), _all("changes"), f"变更 {number}")


def _acceptances(session: Session, ids: Sequence[int]) -> Iterator[Held]:
    """Yield acceptances that the unit has confirmed, with what each indicator reached."""
    case = AcceptanceCase
    unconfirmed = (AcceptanceState.DRAFT, AcceptanceState.WITH_UNIT, AcceptanceState.RETURNED)
    query = select(case.project_id).where(case.project_id.in_(ids))
    for project_id in session.scalars(
        query.where(or_(case.confirmed_on.is_not(None), case.state.not_in(unconfirmed)))
    ):
        yield project_id, Hold("acceptance", None, _all("acceptance"), "验收")
        yield project_id, Hold("indicators", None, frozenset({"name", "achieved_value"}), "验收")


def _cleared(session: Session, ids: Sequence[int]) -> Iterator[Held]:
    """Yield the spending on which a clearing rests, from the first line that is not allowed on."""
    clearing, line = Clearing, DisallowedLine
    begun = clearing.id.in_(select(line.clearing_id)) | clearing.settled_on.is_not(None)
    query = select(clearing.project_id, clearing.kind).where(clearing.project_id.in_(ids), begun)
    for project_id, kind in session.execute(query):
        yield project_id, Hold("spending", None, _all("spending"), kind)


def _consequences(session: Session, ids: Sequence[int]) -> Iterator[Held]:
    """Yield what stands in 验收 by an inspection, a clearing, or an entry of research integrity."""
    inspection, entry = Inspection, IntegrityEntry
    ended = select(inspection.project_id).where(
        inspection.project_id.in_(ids),
        inspection.outcome == Outcome.TERMINATE,
        inspection.state == InspectionState.DECIDED,
    )
    for project_id in session.scalars(ended):
        yield project_id, Hold("acceptance", None, _CONCLUDED, "检查后终止")
    for project_id in _with_row(session, Clearing, ids):
        fields = _CONCLUDED | {"cleared_on", "to_return", "returned"}
        yield project_id, Hold("acceptance", None, fields, "财务清算")
    recorded = select(entry.project_id).where(
        entry.project_id.in_(ids), entry.state == IntegrityState.RECORDED
    )
    for project_id in session.scalars(recorded):
        yield project_id, Hold("acceptance", None, frozenset({"integrity_on"}), "科研诚信记录")


def _reasons(session: Session, ids: Sequence[int]) -> Iterator[Held]:
    """Yield the reasons that were written here for going on although a usual rule was not held."""
    agreed = select(AgreementVersion.project_id, AgreementVersion.reasons)
    changed = select(ChangeRequest.project_id, ChangeRequest.reasons)
    paid = select(Tranche.project_id, Proposal.reasons).join(Tranche, Tranche.id == Proposal.tranche_id)
    queries: Sequence[Select[*tuple[Any, ...]]] = (
        agreed.where(AgreementVersion.project_id.in_(ids)),
        changed.where(ChangeRequest.project_id.in_(ids)),
        paid.where(Tranche.project_id.in_(ids)),
    )
    for query in queries:
        for project_id, reasons in session.execute(query):
            for rule, reason in reasons.items():
                yield project_id, Hold("exceptions", Written(rule, reason), _all("exceptions"), "说明理由")


@dataclass(frozen=True, slots=True)
class Written:
    """A reason written for a rule: whichever subject it was kept for."""

    rule: str
    reason: str


def _with_row(
    session: Session, model: type[SeparateAccount] | type[Clearing], ids: Sequence[int]
) -> Sequence[int]:
    return session.scalars(select(model.project_id).where(model.project_id.in_(ids))).all()


Process = Callable[[Session, Sequence[int]], Iterator[Held]]

PROCESSES: tuple[Process, ...] = (
    _agreements,
    _accounts,
    _payees,
    _payments,
    _spending,
    _reports,
    _changes,
    _acceptances,
    _cleared,
    _consequences,
    _reasons,
)
"""Everything in Keguan that holds a part of the record; a new process adds itself here."""


def holds(session: Session, project_ids: Sequence[int]) -> dict[int, list[Hold]]:
    """Return what Keguan holds of those projects."""
    found: dict[int, list[Hold]] = {project_id: [] for project_id in project_ids}
    for process in PROCESSES:
        for project_id, hold in process(session, project_ids):
            found[project_id].append(hold)
    return found


def sheet_of(hold: Hold) -> Sheet:
    """Return the sheet in which a hold lies."""
    return _SHEETS[hold.sheet]
