"""Clearing a project that failed or was terminated: settled by finance, confirmed by an approver, paid back.

Two people: whoever settles does not confirm. What must come back may come in parts; each is recorded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from finance.lookups import person
from finance.settlement import (
    ClearingState,
    Returned,
    Settlement,
    SourceFigures,
    figures_of,
    settlement_of,
    settlement_to_plain,
    state_of,
    still_true,
)
from lifecycle.aftermath import follow_conclusion
from lifecycle.attachments import StoredFile, attach, names_and_digests
from lifecycle.command import Work, command
from lifecycle.judging import MOST_TEXT
from lifecycle.models import Acceptance, Clearing, Project, TurnKind
from lifecycle.money import Fen, yuan
from lifecycle.record import ProjectRecord, Source
from lifecycle.records import load_record
from lifecycle.refusals import IllegalTransition, InvalidInput, NotFound, Obstructed, SamePerson
from lifecycle.roles import Actor, Permission, Role
from lifecycle.stages import STAGE_TRANSITIONS, Stage, advance
from lifecycle.turns import Waits, hand_on
from lifecycle.visibility import find_project, visible

SUBJECT = "clearing"
"""What files of a clearing belong to."""

MOST_VOUCHER = 100
"""Characters of a voucher's number."""


class FoundClearing(NamedTuple):
    """A clearing, its project's row and its record."""

    clearing: Clearing
    project: Project
    record: ProjectRecord


@dataclass(frozen=True, slots=True)
class Disallowed:
    """What is not allowed of one source's spending, and why."""

    amount: Fen = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Settling:
    """What finance fills in: what is disallowed by source, by when what is owed comes back, a note."""

    disallowed: Mapping[Source, Disallowed] = field(default_factory=dict)
    due: date | None = None
    note: str = ""


def find_clearing(session: Session, actor: Actor, clearing_id: int) -> FoundClearing:
    """Return the clearing of a project that the actor may see. Raises ``NotFound``."""
    clearing, project = find_row(session, actor, clearing_id)
    return FoundClearing(clearing, project, load_record(session, project.id))


def find_row(session: Session, actor: Actor, clearing_id: int) -> tuple[Clearing, Project]:
    """Return a clearing and its project's row, for whoever has the record already. Raises ``NotFound``."""
    query = select(Clearing, Project).join(Project, Project.id == Clearing.project_id)
    row = session.execute(query.where(Clearing.id == clearing_id, visible(actor))).one_or_none()
    if row is None:
        raise NotFound("这项财务清算")
    return row[0], row[1]


@command("clearing.open", Permission.CLEAR_ACCOUNTS)
def open_clearing(work: Work, number: str, today: date) -> int:
    """Open the clearing of a project whose failure or termination came with a ledger; return its id.

    Raises ``NotFound`` and ``Obstructed`` for a project that has nothing to clear.
    """
    project = find_project(work.session, work.actor, number)
    opened = follow_conclusion(work, project.id, today)
    if opened.clearing_id is None:
        raise Obstructed(["这个项目没有需要清算的事项，或清算已经开始"])
    work.record(f"开始财务清算：{'；'.join(opened.words)}", project_id=project.id)
    return opened.clearing_id


@command("clearing.settle", Permission.CLEAR_ACCOUNTS)
def settle(
    work: Work, clearing_id: int, settling: Settling, papers: Sequence[StoredFile], today: date
) -> None:
    """Settle what must come back, for an approver to confirm.

    Raises ``NotFound``, ``IllegalTransition`` and ``InvalidInput`` (``disallowed-N``, ``reason-N`` by the
    source's place, ``due``, ``note``).
    """
    found = find_clearing(work.session, work.actor, clearing_id)
    _demand_state(found, ClearingState.OPEN, "核定清算")
    sources = _settled(figures_of(found.record, today), settling)
    settlement = Settlement(sources=sources, settled_by=work.actor.name)
    settlement = replace(settlement, due=_due(settling.due, settlement.to_return, today))
    if len(settling.note) > MOST_TEXT:
        raise InvalidInput({"note": f"最多 {MOST_TEXT} 个字。"})
    if papers:
        attach(work, found.project.id, SUBJECT, clearing_id, papers, "清算资料")
    clearing = found.clearing
    clearing.figures = settlement_to_plain(settlement)
    clearing.settled_by_id, clearing.settled_on = person(work), today
    clearing.note = settling.note.strip() or None
    _waits(work, found, [Waits(Role.APPROVER, "核准财务清算")], today)
    _tell(
        work,
        found,
        f"核定财务清算：应退 {yuan(settlement.to_return)} 元",
        changes=list(_told(settlement)),
        files=names_and_digests(papers),
        note=clearing.note or "",
    )


def _settled(figures: Sequence[SourceFigures], settling: Settling) -> tuple[SourceFigures, ...]:
    errors: dict[str, str] = {}
    settled = []
    for place, one in enumerate(figures):
        typed = settling.disallowed.get(one.source, Disallowed())
        if typed.amount < 0 or typed.amount > one.most:
            errors[f"disallowed-{place}"] = f"不予认可的金额应在 0 至 {yuan(one.most)} 元之间。"
        if typed.amount > 0 and not typed.reason.strip():
            errors[f"reason-{place}"] = "请写明不予认可的原因。"
        if len(typed.reason) > MOST_TEXT:
            errors[f"reason-{place}"] = f"最多 {MOST_TEXT} 个字。"
        settled.append(replace(one, disallowed=typed.amount, reason=typed.reason.strip()))
    if errors:
        raise InvalidInput(errors)
    return tuple(settled)


def _due(due: date | None, to_return: Fen, today: date) -> date | None:
    if not to_return:
        return None
    if due is None:
        raise InvalidInput({"due": "有应退资金，请填写退回期限。"})
    if due < today:
        raise InvalidInput({"due": "退回期限不能早于今天。"})
    return due


def _told(settlement: Settlement) -> Iterator[dict[str, object]]:
    for one in settlement.sources:
        yield {"field": f"{one.source}·不予认可", "old": None, "new": f"{yuan(one.disallowed)} 元"}
        yield {"field": f"{one.source}·应退", "old": None, "new": f"{yuan(one.to_return)} 元"}
    if settlement.due:
        yield {"field": "退回期限", "old": None, "new": settlement.due.isoformat()}


@command("clearing.send_back", Permission.CONCLUDE_ACCEPTANCE)
def send_settlement_back(work: Work, clearing_id: int, note: str, today: date) -> None:
    """Send a settlement back to finance, saying why.

    Raises ``NotFound``, ``IllegalTransition``, ``SamePerson`` and ``InvalidInput`` (``note``).
    """
    found = find_clearing(work.session, work.actor, clearing_id)
    _demand_state(found, ClearingState.SETTLED, "退回清算")
    _demand_other(work, found, "退回")
    if not note.strip() or len(note) > MOST_TEXT:
        raise InvalidInput({"note": f"请写明退回原因，不超过 {MOST_TEXT} 字。"})
    found.clearing.settled_by_id = found.clearing.settled_on = None
    found.clearing.note = note.strip()
    _waits(work, found, [Waits(Role.FINANCE, "重新核定财务清算")], today)
    _tell(work, found, "退回财务清算，请重新核定", note=note.strip())


@command("clearing.confirm", Permission.CONCLUDE_ACCEPTANCE)
def confirm_settlement(work: Work, clearing_id: int, today: date) -> None:
    """Confirm a settlement: what must come back is owed from now on, and the project is cleared.

    Raises ``NotFound``, ``IllegalTransition``, ``SamePerson``, and ``Obstructed`` where payments or spending
    have changed since it was settled.
    """
    found = find_clearing(work.session, work.actor, clearing_id)
    _demand_state(found, ClearingState.SETTLED, "核准清算")
    _demand_other(work, found, "核准")
    settlement = settlement_of(found.clearing.figures)
    if not still_true(settlement.sources, figures_of(found.record, today)):
        raise Obstructed(["核定之后拨付或支出又有变化，请退回财务重新核定"])
    confirmed = replace(
        settlement, confirmed_by=work.actor.name, confirmed_by_id=person(work), confirmed_on=today
    )
    found.clearing.figures = settlement_to_plain(confirmed)
    row = _acceptance(work, found)
    row.to_return_fen, row.returned_fen, row.cleared_on = confirmed.to_return, 0, today
    found.project.stage = advance(STAGE_TRANSITIONS, found.project.stage, Stage.CLEARED)
    work.touch(found.project.id)
    _waits(work, found, _to_collect(confirmed), today)
    _tell(
        work,
        found,
        f"核准财务清算：应退 {yuan(confirmed.to_return)} 元",
        changes=[
            {"field": "应退金额", "old": None, "new": f"{yuan(confirmed.to_return)} 元"},
            {"field": "财务清算日期", "old": None, "new": today.isoformat()},
        ],
    )


def _to_collect(settlement: Settlement) -> list[Waits]:
    if settlement.outstanding <= 0:
        return []
    words = f"应退财政资金 {yuan(settlement.outstanding)} 元"
    return [
        Waits(Role.FINANCE, f"登记退款：{words}", due=settlement.due),
        Waits(Role.UNIT_MANAGER, f"退回财政资金：{words}", due=settlement.due),
    ]


@command("clearing.record_return", Permission.CLEAR_ACCOUNTS)
def record_return(
    work: Work, clearing_id: int, amount: Fen | None, on: date | None, voucher: str, today: date
) -> None:
    """Record a part of what came back; never more than is owed.

    Raises ``NotFound``, ``IllegalTransition`` and ``InvalidInput`` (``amount``, ``on``, ``voucher``).
    """
    found = find_clearing(work.session, work.actor, clearing_id)
    _demand_state(found, ClearingState.RETURNING, "登记退款")
    settlement = settlement_of(found.clearing.figures)
    part = _part(work, settlement, amount, on, voucher, today)
    new = replace(settlement, returns=(*settlement.returns, part))
    found.clearing.figures = settlement_to_plain(new)
    row = _acceptance(work, found)
    old, row.returned_fen = row.returned_fen, new.returned
    work.touch(found.project.id)
    _waits(work, found, _to_collect(new), today)
    _tell(
        work,
        found,
        f"登记退款 {yuan(part.amount)} 元（{part.on}，凭证 {part.voucher}），还差 {yuan(new.outstanding)} 元",
        changes=[{"field": "已退金额", "old": f"{yuan(old)} 元", "new": f"{yuan(new.returned)} 元"}],
    )


def _part(
    work: Work, settlement: Settlement, amount: Fen | None, on: date | None, voucher: str, today: date
) -> Returned:
    errors: dict[str, str] = {}
    if amount is None or amount <= 0:
        errors["amount"] = "请填写退回的金额。"
    elif amount > settlement.outstanding:
        errors["amount"] = f"退回金额不能超过还应退的 {yuan(settlement.outstanding)} 元。"
    if on is None or on > today:
        errors["on"] = "请填写退回日期，不能晚于今天。"
    if not voucher.strip() or len(voucher) > MOST_VOUCHER:
        errors["voucher"] = f"请填写凭证号，不超过 {MOST_VOUCHER} 字。"
    elif voucher.strip() in {one.voucher for one in settlement.returns}:
        errors["voucher"] = "这个凭证号的退款已经登记。"
    if errors or amount is None or on is None:
        raise InvalidInput(errors)
    return Returned(amount, on, voucher.strip(), work.actor.name)


def _demand_state(found: FoundClearing, wanted: ClearingState, act: str) -> None:
    state = state_of(found.clearing)
    if state is not wanted:
        raise IllegalTransition(state, act)


def _demand_other(work: Work, found: FoundClearing, act: str) -> None:
    if person(work) == found.clearing.settled_by_id:
        raise SamePerson(f"这项清算由您本人核定，须由其他人{act}（本局不相容岗位分离要求）。")


def _acceptance(work: Work, found: FoundClearing) -> Acceptance:
    query = select(Acceptance).where(Acceptance.project_id == found.project.id)
    return work.session.scalars(query).one()


def _waits(work: Work, found: FoundClearing, waits: Sequence[Waits], today: date) -> None:
    work.session.flush()
    hand_on(work, found.project.id, TurnKind.CLEARING, found.clearing.id, waits, today)


def _tell(work: Work, found: FoundClearing, summary: str, **details: object) -> None:
    work.record(
        summary,
        project_id=found.project.id,
        citation=found.clearing.citation,
        details={"clearing": found.clearing.id, **{key: value for key, value in details.items() if value}},
    )
