"""Following up a refund that came with a ledger: its sums by source, and by when it is owed.

A ledger knows what must come back and what has, not of which source and by when. Finance says so once, with a
reason; from then on it goes on as a clearing that was confirmed here. The ledger's sums stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import NamedTuple

from sqlalchemy import select

from finance.clearing.figures import Figures, SourceFigures, to_plain
from finance.clearing.finding import FoundClearing, money_of_clearing, tell
from finance.clearing.settling import owe
from finance.lookups import person
from finance.models import ClearingReturn, DisallowedLine
from lifecycle.aftermath import OWN_SURPLUS, OWN_WISH, asked_after
from lifecycle.command import Work, command
from lifecycle.judging import MOST_TEXT
from lifecycle.models import Acceptance, Clearing, ClearingKind, Project
from lifecycle.money import Fen, yuan
from lifecycle.record import FISCAL, Conclusion, Source
from lifecycle.records import load_record
from lifecycle.refusals import InvalidInput, Obstructed
from lifecycle.roles import Permission
from lifecycle.rules.filings import AfterConclusion
from lifecycle.visibility import find_project

FROM_LEDGER = "台账登记"
"""Voucher and reason of what a ledger brought without any."""


class Owed(NamedTuple):
    """What must come back of one source, and what of it has, in fen."""

    to_return: Fen
    returned: Fen


def in_ledger(acceptance: Acceptance | None, clearing: Clearing | None, project: Project) -> bool:
    """Whether there is a refund that only a ledger knows of."""
    if acceptance is None or clearing is not None or acceptance.conclusion is None:
        return False
    return acceptance.to_return_fen > acceptance.returned_fen and not project.self_established


@command("clearing.take_over", Permission.CLEAR_ACCOUNTS)
def take_over_recovery(
    work: Work, number: str, owed: Mapping[Source, Owed], due: date | None, reason: str, today: date
) -> int:
    """Follow up a refund that came with a ledger; return its clearing's id.

    Raises ``NotFound``, ``Obstructed`` where there is none, and ``InvalidInput`` (``to_return-SOURCE``,
    ``returned-SOURCE``, ``sum``, ``due``, ``reason``).
    """
    project = find_project(work.session, work.actor, number)
    acceptance = work.session.scalar(select(Acceptance).where(Acceptance.project_id == project.id))
    known = work.session.scalar(select(Clearing).where(Clearing.project_id == project.id))
    if acceptance is None or not in_ledger(acceptance, known, project):
        raise Obstructed(["这个项目没有台账登记的待退资金，或已在系统中办理清算"])
    if acceptance.conclusion is not Conclusion.PASSED and acceptance.cleared_on is None:
        raise Obstructed(["台账没有登记财务清算日期：请先在项目页开始财务清算"])
    clearing = _clearing(work, project, acceptance, due, reason, today)
    money = money_of_clearing(work.session, clearing, today)
    figures = Figures(
        tuple(
            _figures(source, money.paid.get(source, 0), money.spent.get(source, 0), one.to_return)
            for source, one in owed.items()
            if one.to_return or one.returned or money.paid.get(source)
        )
    )
    errors = dict(_faults(acceptance, figures, owed, due, reason, today))
    if errors:
        raise InvalidInput(errors)
    clearing.figures = to_plain(figures)
    returns = _keep(work, clearing, figures, owed)
    found = FoundClearing(clearing, project, acceptance)
    owe(work, found, acceptance.to_return_fen - acceptance.returned_fen, today)
    told = [{"field": "退回期限", "old": None, "new": due and due.isoformat()}]
    for source, one in owed.items():
        if one.to_return:
            words = f"应退 {yuan(one.to_return)} 元，已退 {yuan(one.returned)} 元"
            told.append({"field": f"{source}（台账登记）", "old": None, "new": words})
    said = f"接续办理台账登记的退款，期限 {due}"
    tell(work, found, said, changes=told, note=reason.strip(), returns=[one.as_detail() for one in returns])
    return clearing.id


def _clearing(
    work: Work, project: Project, acceptance: Acceptance, due: date | None, reason: str, today: date
) -> Clearing:
    kind = ClearingKind.SURPLUS if acceptance.conclusion is Conclusion.PASSED else ClearingKind.CLEARING
    rule = asked_after(load_record(work.session, project.id), AfterConclusion.CLEARED)
    own = OWN_SURPLUS if kind is ClearingKind.SURPLUS else OWN_WISH
    day = acceptance.cleared_on or acceptance.concluded_on or today
    clearing = Clearing(
        project_id=project.id,
        kind=kind,
        opened_on=day,
        citation=rule.citation if rule else own,
        figures={},
        settled_on=day,
        confirmed_on=day,
        due_on=due,
        note=reason.strip() or None,
    )
    work.session.add(clearing)
    work.session.flush()
    return clearing


def _figures(source: Source, paid: Fen, spent: Fen, to_return: Fen) -> SourceFigures:
    """Return the figures of one source that come to what the ledger says must come back of it."""
    plain = SourceFigures(source, paid, spent)
    more = to_return - plain.left
    return SourceFigures(source, paid, spent, disallowed=max(more, 0), kept=max(-more, 0))


def _faults(
    acceptance: Acceptance,
    figures: Figures,
    owed: Mapping[Source, Owed],
    due: date | None,
    reason: str,
    today: date,
) -> Iterator[tuple[str, str]]:
    for source, one in owed.items():
        paid = figures.of(source).paid
        if source not in FISCAL or not 0 <= one.to_return <= paid:
            yield f"to_return-{source}", f"应退金额应在 0 至已拨的 {yuan(paid)} 元之间。"
        if not 0 <= one.returned <= one.to_return:
            yield f"returned-{source}", "已退金额不能超过应退金额。"
    sums = (sum(one.to_return for one in owed.values()), sum(one.returned for one in owed.values()))
    if sums != (acceptance.to_return_fen, acceptance.returned_fen):
        told = f"应退 {yuan(acceptance.to_return_fen)} 元，已退 {yuan(acceptance.returned_fen)} 元"
        yield "sum", f"各来源合计应与台账一致：{told}。"
    if due is None or due < today:
        yield "due", "请填写退回期限，不能早于今天。"
    if not reason.strip() or len(reason) > MOST_TEXT:
        yield "reason", f"请写明理由，不超过 {MOST_TEXT} 字。"


def _keep(
    work: Work, clearing: Clearing, figures: Figures, owed: Mapping[Source, Owed]
) -> list[ClearingReturn]:
    """Keep as lines what the ledger's sums come to; return what is back of it."""
    for one in figures.sources:
        if one.disallowed:
            line = DisallowedLine(source=one.source, amount_fen=one.disallowed, reason=FROM_LEDGER)
            line.clearing_id = clearing.id
            work.session.add(line)
    returns = [
        ClearingReturn(
            clearing_id=clearing.id,
            source=source,
            amount_fen=known.returned,
            returned_on=clearing.confirmed_on,
            voucher=FROM_LEDGER,
            note=FROM_LEDGER,
            recorded_by_id=person(work),
            recorded_at=work.entry.at,
        )
        for source, known in owed.items()
        if known.returned
    ]
    work.session.add_all(returns)
    work.session.flush()
    return returns
