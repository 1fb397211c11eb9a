"""planned = paid + held + open + cancelled; and the plan against the agreement in force and the funds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from finance.parts import MoneyParts, parts_by
from finance.reconcile.books import Books, TrancheRow
from finance.reconcile.difference import BEHIND_BACK, Difference, Sum
from finance.states import PAYABLE_NO_MORE, BatchState
from lifecycle.models import AgreementState, AgreementVersion, Project, Signature, Tranche
from lifecycle.money import Fen
from lifecycle.record import FISCAL, Source

Key = tuple[int, Source]
"""A project's id and a source."""

PARTS = {"paid": "已拨", "held": "暂缓", "on_way": "在途", "open": "未拨（含在途）", "cancelled": "取消"}
"""Field of ``MoneyParts`` → its name."""


def parts_in(books: Books) -> dict[Key, MoneyParts]:
    """Return the planned money of each project and source, divided by what its rows prove."""
    found: dict[Key, MoneyParts] = defaultdict(MoneyParts)
    for project_id, rows in books.tranches.items():
        lost = books.projects[project_id].stage in PAYABLE_NO_MORE
        for tranche in rows:
            found[project_id, tranche.source] += _part(books, tranche, lost=lost)
    return found


def _part(books: Books, tranche: TrancheRow, *, lost: bool) -> MoneyParts:
    """Divide one tranche: what a payment, a line on a sheet or a proposal proves is what those say."""
    paid = books.paid(tranche)
    part = MoneyParts(tranche.planned, paid)
    if paid:
        return part + _rest(books, tranche, max(0, tranche.planned - paid), lost=lost)
    lines = [one for one in books.lines.get(tranche.id, ()) if one.result is None]
    issued = sum(one.amount for one in lines if one.batch_state is BatchState.ISSUED)
    if issued:
        return part + MoneyParts(on_way=issued, open=issued)
    proposed = sum(one.amount for one in books.proposals.get(tranche.id, ()))
    rest = _rest(books, tranche, proposed or tranche.planned, lost=lost)
    return replace(rest, on_way=rest.open if proposed else 0) + part


def _rest(books: Books, tranche: TrancheRow, owed: Fen, *, lost: bool) -> MoneyParts:
    if lost:
        return MoneyParts(cancelled=owed)
    if tranche.id in books.held:
        return MoneyParts(held=owed)
    return MoneyParts(open=owed)


def plans_tie(
    session: Session, agency_id: int, books: Books, found: Mapping[Key, MoneyParts]
) -> Iterator[Difference]:
    """Yield where the plan does not divide, or is not what was agreed and granted."""
    told = _told(session, agency_id, books)
    for (project_id, source), mine in found.items():
        yield from books.differ(
            project_id,
            source,
            "计划与已拨、暂缓、未拨、取消之和",
            Sum("计划", mine.planned),
            Sum("各部分之和", mine.planned - mine.difference),
            "拨付多于计划，或批次、申请的金额与计划不同，请核对各期的计划与拨付",
        )
        yield from _same_parts(books, project_id, source, mine, told.get((project_id, source), MoneyParts()))
        yield from _granted(books, project_id, source, mine.planned)
    yield from _agreed(session, books)


def _told(session: Session, agency_id: int, books: Books) -> dict[Key, MoneyParts]:
    """Return what every page says of the same."""
    mine = Project.id.between(min(books.projects), max(books.projects))
    columns = (Project.id, Tranche.source)
    rows = parts_by(session, agency_id, *columns, as_of=books.as_of, where=[mine])
    return {(row[0][0], row[0][1]): row[1] for row in rows}


def _same_parts(
    books: Books, project_id: int, source: Source, mine: MoneyParts, told: MoneyParts
) -> Iterator[Difference]:
    for name in PARTS if books.is_now else ("paid",):
        yield from books.differ(
            project_id,
            source,
            f"{PARTS[name]}：逐笔核对与页面所列",
            Sum("按拨付、批次、申请逐笔", getattr(mine, name)),
            Sum("按期次状态", getattr(told, name)),
            f"期次状态、验收结论或批次被改动；{BEHIND_BACK}",
        )


def _granted(books: Books, project_id: int, source: Source, planned: Fen) -> Iterator[Difference]:
    granted = books.projects[project_id].funds[source]
    more = planned > granted
    if not more and not (source in FISCAL or planned):
        return
    yield from books.differ(
        project_id,
        source,
        "各期计划之和与资助总额",
        Sum("资助总额", granted),
        Sum("各期计划之和", planned),
        "各期计划超过资助总额，请核对任务书或台账" if more else "其余资金尚未排入拨付计划",
        remark=not more,
    )


def _agreed(session: Session, books: Books) -> Iterator[Difference]:
    """Yield where the plan or the funds are not those of the version in force, where it was made here."""
    for project_id, tranches, *funds in session.execute(_versions(books)):
        sources = (Source.PROVINCIAL, Source.DISTRICT, Source.JOINT, Source.OWN)
        for source, fen in zip(sources, funds, strict=True):
            yield from books.differ(
                project_id,
                source,
                "资助总额与生效任务书",
                Sum("项目资助总额", books.projects[project_id].funds[source]),
                Sum("生效任务书", int(fen)),
                f"项目资金不经变更被改动；{BEHIND_BACK}",
            )
        yield from _agreed_tranches(books, project_id, tranches)


def _agreed_tranches(books: Books, project_id: int, tranches: list[dict[str, Any]]) -> Iterator[Difference]:
    agreed: dict[tuple[Source, int], Fen] = defaultdict(int)
    planned: dict[tuple[Source, int], Fen] = defaultdict(int)
    for one in tranches:
        agreed[Source(one["source"]), one["number"]] += one["planned"]
    for row in books.tranches.get(project_id, ()):
        planned[row.source, row.number] += row.planned
    for source, number in sorted(agreed.keys() | planned.keys()):
        yield from books.differ(
            project_id,
            source,
            f"{source}第 {number} 期：计划与生效任务书",
            Sum("计划", planned[source, number]),
            Sum("生效任务书", agreed[source, number]),
            f"拨付计划不经变更被改动；{BEHIND_BACK}",
        )


def _versions(books: Books) -> Any:
    """Return the statement that reads plan and funds of the versions in force that were put so here.

    What was only taken over from a ledger may still be changed by one.
    """
    version = AgreementVersion
    terms = [version.terms[name].as_integer() for name in ("provincial", "district", "joint", "own")]
    signed = exists().where(Signature.version_id == version.id)
    return (
        select(version.project_id, version.terms["tranches"], *terms)
        .where(version.project_id.in_(books.projects), version.state == AgreementState.IN_FORCE)
        .where(or_(version.change_number.is_not(None), signed))
    )
