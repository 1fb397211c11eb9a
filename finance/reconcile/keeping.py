"""What reconciliations found, kept: finance is told of what is new, and sees the last result and all runs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from finance.models import Reconciliation
from finance.reconcile.difference import Difference, from_plain, to_plain
from finance.reconcile.running import Result, Totals, reconcile
from finance.reconcile.sheets import ReadBack
from lifecycle.command import Work, command
from lifecycle.models import InboxMessage, Membership, User
from lifecycle.record import Source
from lifecycle.refusals import NotFound, NotPermitted
from lifecycle.roles import Actor, Permission, Role

PATH = "/money/reconcile/"
"""The path of the page that shows it."""

TOTALS: Mapping[str, str] = {
    "planned": "计划",
    "paid": "已拨",
    "held": "暂缓",
    "open": "未拨",
    "on_way": "其中在途",
    "cancelled": "取消",
    "received": "到账",
    "spent": "支出",
    "disallowed": "其中已扣除不予认可",
    "balance": "结余",
    "returned": "退回",
}
"""Field of ``Totals`` → its name."""

FIRST = 3
"""Differences spelt out in a message."""


@dataclass(frozen=True, slots=True)
class Run:
    """One reconciliation as it was kept; amounts are fen."""

    id: int
    as_of: date
    made_at: datetime
    projects: int
    batches: int
    totals: Mapping[Source, Totals]
    differences: Sequence[Difference]
    remarks: Sequence[Difference]
    left_out: int
    remarks_left_out: int

    @property
    def count(self) -> int:
        """How many differences there were."""
        return len(self.differences) + self.left_out

    @property
    def remark_count(self) -> int:
        """How many remarks there were."""
        return len(self.remarks) + self.remarks_left_out


@dataclass(frozen=True, slots=True)
class ListedRun:
    """One reconciliation in the list of all."""

    id: int
    as_of: date
    made_at: datetime
    projects: int
    batches: int
    count: int


@dataclass(frozen=True, slots=True)
class Runs:
    """One page of all reconciliations, the newest first."""

    rows: Sequence[ListedRun]
    count: int
    number: int
    pages: int


def reconcile_and_keep(session: Session, actor: Actor, today: date, read_back: ReadBack) -> Result:
    """Reconcile the agency as of today and keep what was found. Raises ``NotPermitted``.

    Reading, which takes its time, is no part of the command: nobody waits for it.
    """
    if not actor.may(Permission.RECONCILE):
        raise NotPermitted(Permission.RECONCILE)
    result = reconcile(session, actor.agency_id, today, today, read_back)
    keep(session, actor, result)
    return result


@command("books.reconcile", Permission.RECONCILE)
def keep(work: Work, result: Result) -> int:
    """Keep what a reconciliation found, and tell finance of differences that the last one did not have."""
    before = _last(work.session, work.actor.agency_id)
    row = Reconciliation(
        agency_id=work.actor.agency_id,
        as_of=result.as_of,
        made_at=work.entry.at,
        projects=result.projects,
        batches=result.batches,
        differences=[to_plain(one) for one in result.differences],
        totals={
            "sources": {source.value: asdict(totals) for source, totals in result.totals.items()},
            "remarks": [to_plain(one) for one in result.remarks],
            "left_out": result.left_out,
            "remarks_left_out": result.remarks_left_out,
        },
    )
    work.session.add(row)
    work.session.flush()
    if _keys(row.differences) - _keys(before.differences if before else ()):
        _tell_finance(work, result)
    work.record(
        f"对账：核对 {result.projects} 个项目、{result.batches} 个批次，{outcome(result.count)}",
        details={"as_of": result.as_of, "differences": result.count, "reconciliation": row.id},
    )
    return row.id


def outcome(count: int) -> str:
    """Return what a reconciliation came to, in words."""
    return f"{count} 处不符" if count else "全部相符"


def _keys(differences: Iterable[Mapping[str, Any]]) -> set[str]:
    return {json.dumps(one, sort_keys=True) for one in differences}


def _tell_finance(work: Work, result: Result) -> None:
    query = (
        select(Membership.user_id)
        .join(User, User.id == Membership.user_id)
        .where(Membership.agency_id == work.actor.agency_id, Membership.role == Role.FINANCE, User.is_active)
        .distinct()
    )
    told = "\n".join(f"{one.where}：{one.what}" for one in result.differences[:FIRST])
    more = f"\n等共 {result.count} 处" if result.count > FIRST else ""
    work.session.add_all(
        InboxMessage(
            agency_id=work.actor.agency_id,
            user_id=user_id,
            title=f"对账发现 {result.count} 处不符，请核对",
            body=f"{told}{more}",
            path=PATH,
            told_on=result.as_of,
        )
        for user_id in work.session.scalars(query)
    )


def _last(session: Session, agency_id: int) -> Reconciliation | None:
    query = select(Reconciliation).where(Reconciliation.agency_id == agency_id)
    return session.scalar(query.order_by(Reconciliation.id.desc()).limit(1))


def last_run(session: Session, actor: Actor) -> Run | None:
    """Return the latest reconciliation of the actor's agency, where there was one."""
    row = _last(session, actor.agency_id)
    return None if row is None else _run(row)


def find_run(session: Session, actor: Actor, run_id: int) -> Run:
    """Return a reconciliation of the actor's agency. Raises ``NotFound``."""
    row = session.get(Reconciliation, run_id)
    if row is None or row.agency_id != actor.agency_id:
        raise NotFound("这次对账")
    return _run(row)


def list_runs(session: Session, actor: Actor, page: int = 1, per_page: int = 20) -> Runs:
    """Return a page of all reconciliations; a page beyond the last gives the last."""
    mine = Reconciliation.agency_id == actor.agency_id
    count = session.scalar(select(func.count()).select_from(Reconciliation).where(mine)) or 0
    pages = max(1, -(-count // per_page))
    number = min(max(1, page), pages)
    query = select(Reconciliation).where(mine).order_by(Reconciliation.id.desc())
    rows = session.scalars(query.limit(per_page).offset((number - 1) * per_page))
    listed = [
        ListedRun(one.id, one.as_of, one.made_at, one.projects, one.batches, _count(one)) for one in rows
    ]
    return Runs(listed, count, number, pages)


def open_differences(session: Session, actor: Actor) -> int:
    """Return how many differences the latest reconciliation found, for whoever is to clear them up."""
    if not actor.may(Permission.RECONCILE):
        return 0
    row = _last(session, actor.agency_id)
    return 0 if row is None else _count(row)


def _count(row: Reconciliation) -> int:
    return len(row.differences) + int(row.totals["left_out"])


def _run(row: Reconciliation) -> Run:
    totals = row.totals
    return Run(
        row.id,
        row.as_of,
        row.made_at,
        row.projects,
        row.batches,
        {Source(name): Totals(**sums) for name, sums in totals["sources"].items()},
        [from_plain(one) for one in row.differences],
        [from_plain(one) for one in totals["remarks"]],
        totals["left_out"],
        totals["remarks_left_out"],
    )
