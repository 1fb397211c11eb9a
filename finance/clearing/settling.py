"""Settling a clearing and confirming it: two people, and nothing changed in between.

Whoever settles does not confirm. From confirmation on, what must come back is owed by its day.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from finance.clearing.disallowing import reversed_lines
from finance.clearing.figures import ClearingState, Figures, Sums, changes, to_plain, too_much
from finance.clearing.finding import (
    SUBJECT,
    FoundClearing,
    demand_other,
    find_open,
    hand_over,
    money_of_clearing,
    tell,
)
from finance.lookups import person
from lifecycle.aftermath import follow_conclusion
from lifecycle.attachments import StoredFile, attach, names_and_digests
from lifecycle.command import Work, command
from lifecycle.judging import MOST_TEXT
from lifecycle.models import ClearingKind
from lifecycle.money import Fen, yuan
from lifecycle.record import Source
from lifecycle.refusals import InvalidInput, Obstructed
from lifecycle.roles import Permission, Role
from lifecycle.rules.duties import RefundDue
from lifecycle.rules.time_limits import ClearingWithin
from lifecycle.stages import STAGE_TRANSITIONS, Stage, advance
from lifecycle.turns import DutyOf, Waits
from lifecycle.visibility import find_project


@dataclass(frozen=True, slots=True)
class Settling:
    """What finance fills in at the end: by when what is owed comes back, and a note.

    ``kept`` is what stays with the unit of each source's surplus; only a project that passed keeps any.
    """

    due: date | None = None
    note: str = ""
    kept: Mapping[Source, Fen] = field(default_factory=dict)


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
    """Settle what must come back by the lines that are kept, for an approver to confirm.

    Raises ``NotFound``, ``IllegalTransition``, ``Obstructed`` where a disallowed row was reversed, and
    ``InvalidInput`` (``lines``, ``kept-SOURCE``, ``due``, ``note``).
    """
    found = find_open(work, clearing_id, ClearingState.OPEN, "核定清算")
    if gone := reversed_lines(work, found):
        raise Obstructed(gone)
    figures = money_of_clearing(work.session, found.clearing, today).figures(settling.kept)
    errors = dict(_faults(found, figures, settling, today))
    if errors:
        raise InvalidInput(errors)
    if papers:
        attach(work, found.project.id, SUBJECT, clearing_id, papers, "清算资料")
    clearing = found.clearing
    clearing.figures = to_plain(figures)
    clearing.settled_by_id, clearing.settled_on = person(work), today
    clearing.due_on = settling.due if figures.to_return else None
    clearing.note = settling.note.strip() or None
    hand_over(work, found, [Waits(Role.APPROVER, f"核准{clearing.kind}", duty=DutyOf(ClearingWithin))], today)
    tell(
        work,
        found,
        f"核定{clearing.kind}：应退 {yuan(figures.to_return)} 元",
        changes=list(_told(figures, clearing.due_on)),
        files=names_and_digests(papers),
        note=clearing.note or "",
    )


def _faults(
    found: FoundClearing, figures: Figures, settling: Settling, today: date
) -> Iterator[tuple[str, str]]:
    wrong = list(too_much(figures))
    if wrong:
        yield "lines", "".join(wrong)
    yield from _kept_faults(found.clearing.kind, figures, settling)
    if figures.to_return and settling.due is None:
        yield "due", "有应退资金，请填写退回期限。"
    elif settling.due is not None and settling.due < today:
        yield "due", "退回期限不能早于今天。"
    if len(settling.note) > MOST_TEXT:
        yield "note", f"最多 {MOST_TEXT} 个字。"


def _kept_faults(kind: ClearingKind, figures: Figures, settling: Settling) -> Iterator[tuple[str, str]]:
    kept: Sums = {source: amount for source, amount in settling.kept.items() if amount}
    for source, amount in kept.items():
        left = figures.of(source).left
        if kind is ClearingKind.CLEARING:
            yield f"kept-{source}", "未通过验收或终止的项目，结余全部退回，不留用。"
        elif not 0 <= amount <= left:
            yield f"kept-{source}", f"留用的金额应在 0 至结余 {yuan(left)} 元之间。"
    if kept and not settling.note.strip():
        yield "note", "结余留用的，请写明理由和用途。"


def _told(figures: Figures, due: date | None) -> Iterator[dict[str, object]]:
    for one in figures.sources:
        for word, amount in (("不予认可", one.disallowed), ("留用", one.kept), ("应退", one.to_return)):
            if amount or word == "应退":
                yield {"field": f"{one.source}·{word}", "old": None, "new": f"{yuan(amount)} 元"}
    if due:
        yield {"field": "退回期限", "old": None, "new": due.isoformat()}


@command("clearing.send_back", Permission.CONCLUDE_ACCEPTANCE)
def send_settlement_back(work: Work, clearing_id: int, note: str, today: date) -> None:
    """Send a settlement back to finance, saying why. The lines stay.

    Raises ``NotFound``, ``IllegalTransition``, ``SamePerson`` and ``InvalidInput`` (``note``).
    """
    found = find_open(work, clearing_id, ClearingState.SETTLED, "退回清算")
    demand_other(work, found, "退回")
    if not note.strip() or len(note) > MOST_TEXT:
        raise InvalidInput({"note": f"请写明退回原因，不超过 {MOST_TEXT} 字。"})
    clearing = found.clearing
    clearing.settled_by_id = clearing.settled_on = clearing.due_on = None
    clearing.figures = {}
    clearing.note = note.strip()
    hand_over(
        work, found, [Waits(Role.FINANCE, f"重新核定{clearing.kind}", duty=DutyOf(ClearingWithin))], today
    )
    tell(work, found, f"退回{clearing.kind}，请重新核定", note=note.strip())


@command("clearing.confirm", Permission.CONCLUDE_ACCEPTANCE)
def confirm_settlement(work: Work, clearing_id: int, today: date) -> None:
    """Confirm a settlement: what must come back is owed from now on, and a failed project is cleared.

    Raises ``NotFound``, ``IllegalTransition``, ``SamePerson``, and ``Obstructed`` saying what changed of
    payments and spending since it was settled.
    """
    found = find_open(work, clearing_id, ClearingState.SETTLED, "核准清算")
    demand_other(work, found, "核准")
    figures = found.settled
    now = money_of_clearing(work.session, found.clearing, today).figures({})
    if changed := [*changes(figures, now), *reversed_lines(work, found)]:
        raise Obstructed(["核定之后拨付或支出又有变化，请退回财务重新核定", *changed])
    clearing, project = found.clearing, found.project
    clearing.confirmed_by_id, clearing.confirmed_on = person(work), today
    told = [{"field": "应退金额", "old": None, "new": f"{yuan(figures.to_return)} 元"}]
    acceptance = found.acceptance
    if acceptance.returned_fen:  # from a ledger, without vouchers: each part is recorded anew
        told.append({"field": "已退金额", "old": f"{yuan(acceptance.returned_fen)} 元", "new": "0.00 元"})
    acceptance.to_return_fen, acceptance.returned_fen = figures.to_return, 0
    if clearing.kind is ClearingKind.CLEARING:
        acceptance.cleared_on = today
        project.stage = advance(STAGE_TRANSITIONS, project.stage, Stage.CLEARED)
        told.append({"field": "财务清算日期", "old": None, "new": today.isoformat()})
    owe(work, found, figures.to_return, today)
    tell(work, found, f"核准{clearing.kind}：应退 {yuan(figures.to_return)} 元", changes=told)


def owe(work: Work, found: FoundClearing, outstanding: Fen, today: date, back_on: date | None = None) -> None:
    """Keep what a confirmed clearing still wants back as a duty of the unit.

    Nothing left: it is done, on the day ``back_on`` on which the last part came (``None``: today).
    """
    clearing, project = found.clearing, found.project
    project.recovery_from, project.recovery_due = clearing.confirmed_on, clearing.due_on
    if outstanding > 0:
        project.recovery_done = None
    elif project.recovery_done is None:
        project.recovery_done = back_on or today
    work.touch(project.id)
    hand_over(work, found, _to_collect(outstanding, clearing.due_on), today)


def _to_collect(outstanding: Fen, due: date | None) -> list[Waits]:
    if outstanding <= 0:
        return []
    words = f"应退财政资金 {yuan(outstanding)} 元"
    return [
        Waits(Role.FINANCE, f"登记退款：{words}", due=due, duty=DutyOf(RefundDue)),
        Waits(Role.UNIT_MANAGER, f"退回财政资金：{words}", due=due, duty=DutyOf(RefundDue)),
    ]
