"""Spending (支出): entered row by row or from a workbook, taken back by reversal, never overwritten."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from finance.basis import spending_basis
from finance.holding import keep_holds
from finance.spent import (
    MOST_REASON,
    MOST_ROWS,
    faults,
    file_taken_in,
    over_budget,
    over_budget_words,
    twins,
    who_enters,
    who_reverses,
)
from lifecycle.attachments import StoredFile, attach, names_and_digests
from lifecycle.bulk import insert_rows, reserve_ids
from lifecycle.command import Work, command
from lifecycle.models import Base, Project
from lifecycle.models import Spending as SpendingRow
from lifecycle.money import yuan
from lifecycle.record import ProjectRecord, Spending
from lifecycle.records import load_record
from lifecycle.refusals import InvalidInput, NotFound, Obstructed
from lifecycle.roles import Actor, Permission
from lifecycle.visibility import acting_as, demand_acting_as, find_project, visible

MOST_TOLD = 50
"""Rows that the history spells out of one act; the file has the rest."""

_TABLE = Base.metadata.tables["spending"]
_COLUMNS = (
    *("id", "project_id", "position", "spent_on", "source", "use", "amount_fen", "voucher", "note"),
    *("entered_by_id", "entered_at"),
)


@command("spending.enter", Permission.ENTER_SPENDING)
def enter_spending(
    work: Work,
    number: str,
    rows: Sequence[Spending],
    today: date,
    *,
    files: Sequence[StoredFile] = (),
    again: bool = False,
) -> list[int]:
    """Enter spending of a project; return the ids of its rows. The files are kept with the first of them.

    Raises ``InvalidInput`` by ``field-place`` (``amount-0``) for rows that do not do, and by ``again`` where
    rows alike are there and nobody has said that they are meant; ``NotTheirs``, ``Obstructed``.
    """
    project, record = _open(work, number)
    demand_entering(work.session, work.actor, project.id, record)
    return _enter(work, project, record, rows, today, files, again, "登记支出")


@command("spending.import", Permission.ENTER_SPENDING)
def import_spending(
    work: Work, number: str, rows: Sequence[Spending], file: StoredFile, today: date, *, again: bool = False
) -> list[int]:
    """Enter all the spending that a workbook lists, or none; the workbook is kept with it.

    Raises as ``enter_spending`` does; the same workbook a second time needs ``again`` too.
    """
    project, record = _open(work, number)
    demand_entering(work.session, work.actor, project.id, record)
    if not again and file_taken_in(work.session, project.id, file.sha256):
        raise InvalidInput({"again": f"“{file.name}”此前已经导入过；确认不是重复登记的，请勾选后再导入。"})
    return _enter(work, project, record, rows, today, [file], again, f"从“{file.name}”导入支出")


def _open(work: Work, number: str) -> tuple[Project, ProjectRecord]:
    project = find_project(work.session, work.actor, number)
    return project, load_record(work.session, project.id)


def demand_entering(session: Session, actor: Actor, project_id: int, record: ProjectRecord) -> None:
    """Demand that the actor may enter spending of this project now. Raises ``NotTheirs``, ``Obstructed``."""
    _demand_signed(record)
    roles = who_enters(record)
    if record.concluded_on is not None and not (roles and acting_as(session, actor, project_id, *roles)):
        raise Obstructed([_concluded(record, bool(roles))])
    demand_acting_as(session, actor, project_id, *roles)


def _demand_signed(record: ProjectRecord) -> None:
    if record.signed_on is None:
        raise Obstructed(["任务书尚未签订：请在各方签署、任务书生效后再登记"])


def _concluded(record: ProjectRecord, being_cleared: bool) -> str:
    done = f"项目已于 {record.concluded_on} 作出结论，支出不再登记"
    if being_cleared:
        return f"{done}：漏登的，请把凭证送区科技局财务，在财务清算中登记"
    return f"{done}：登记有误的，请联系区科技局财务办理冲销"


def _enter(
    work: Work,
    project: Project,
    record: ProjectRecord,
    rows: Sequence[Spending],
    today: date,
    files: Sequence[StoredFile],
    again: bool,
    act: str,
) -> list[int]:
    _demand_sound(rows, today)
    if not again:
        _demand_new(work, project.id, rows)
    ids = _insert(work, project.id, rows)
    attach(work, project.id, "spending", ids[0], files, _vouchers(rows))
    now = replace(record, spending=(*record.spending, *rows))
    over, before = over_budget(now, today), over_budget(record, today)
    newly = [one for one in over if one not in before]
    warned = f"；{over_budget_words(newly)}" if newly else ""
    work.record(
        f"{act} {len(rows)} 笔，共 {yuan(sum(row.amount for row in rows))} 元{warned}",
        project_id=project.id,
        citation=spending_basis(record),
        details={
            "spending": ids[:MOST_TOLD],
            "rows": [_told(row) for row in rows[:MOST_TOLD]],
            "sums": _sums(rows),
            "files": names_and_digests(files),
            "again": again,
        },
    )
    work.touch(project.id)
    keep_holds(work, [project.id], today)
    return ids


def _demand_sound(rows: Sequence[Spending], today: date) -> None:
    if not rows:
        raise InvalidInput({"rows": "请至少填写一笔支出。"})
    if len(rows) > MOST_ROWS:
        raise InvalidInput({"rows": f"一次最多登记 {MOST_ROWS:,} 笔，请分几次办理。"})
    errors = {
        f"{field}-{place}": words
        for place, row in enumerate(rows)
        for field, words in faults(row, today).items()
    }
    if errors:
        raise InvalidInput(errors)


def _demand_new(work: Work, project_id: int, rows: Sequence[Spending]) -> None:
    found = [place for place, twin in enumerate(twins(work.session, project_id, rows)) if twin]
    if found:
        shown = "、".join(_in_short(rows[place]) for place in found[:3])
        more = f"等 {len(found)} 笔" if len(found) > 3 else ""
        what = "与已登记的支出相同（日期、来源、科目、金额、凭证号都一样）"
        raise InvalidInput({"again": f"{what}：{shown}{more}。确认不是重复登记的，请勾选后再提交。"})


def _in_short(row: Spending) -> str:
    return f"{row.on} {row.use} {yuan(row.amount)} 元 {row.voucher}"


def _insert(work: Work, project_id: int, rows: Sequence[Spending]) -> list[int]:
    first = _next_position(work, project_id)
    ids = list(reserve_ids(work.session, _TABLE, len(rows)))
    by, at = work.actor.user_id, work.entry.at
    values = [
        (
            id_,
            project_id,
            first + place,
            row.on,
            row.source,
            row.use,
            row.amount,
            row.voucher,
            row.note,
            by,
            at,
        )
        for place, (id_, row) in enumerate(zip(ids, rows, strict=True))
    ]
    insert_rows(work.session, _TABLE, _COLUMNS, values)
    return ids


def _next_position(work: Work, project_id: int) -> int:
    last = work.session.scalar(
        select(func.max(SpendingRow.position)).where(SpendingRow.project_id == project_id)
    )
    return 0 if last is None else last + 1


def _vouchers(rows: Sequence[Spending]) -> str:
    names = [row.voucher for row in rows if row.voucher]
    more = f"等 {len(rows)} 笔" if len(rows) > 1 else ""
    return f"凭证 {names[0]}{more}"[:100]


def _sums(rows: Sequence[Spending]) -> dict[str, int]:
    """Return what was entered of each source, all rows of it: the reconciliation rests on that."""
    found: dict[str, int] = {}
    for row in rows:
        found[row.source.value] = found.get(row.source.value, 0) + row.amount
    return found


def _told(row: Spending) -> dict[str, Any]:
    return {
        "on": row.on.isoformat(),
        "source": row.source.value,
        "use": row.use.value,
        "amount_fen": row.amount,
        "voucher": row.voucher,
        "note": row.note,
    }


@command("spending.reverse", Permission.ENTER_SPENDING)
def reverse_spending(work: Work, spending_id: int, reason: str, today: date) -> int:
    """Take a row of spending back by one of the same amount below zero, dated today; return the new row's id.

    Raises ``NotFound``, ``InvalidInput`` without a reason, ``NotTheirs``, and ``Obstructed`` where the row is
    itself a reversal, has been reversed, or the accounts are closed.
    """
    old = find_spending(work.session, work.actor, spending_id)
    record = load_record(work.session, old.project_id)
    demand_reversing(work.session, work.actor, old.project_id, record)
    if obstacles := list(_reversal_obstacles(work, old)):
        raise Obstructed(obstacles)
    reason = reason.strip()
    if not 1 <= len(reason) <= MOST_REASON:
        raise InvalidInput({"reason": f"请写明冲销原因，不超过 {MOST_REASON} 字。"})
    new = SpendingRow(
        project_id=old.project_id,
        position=_next_position(work, old.project_id),
        spent_on=max(today, old.spent_on),
        source=old.source,
        use=old.use,
        amount_fen=-old.amount_fen,
        voucher=old.voucher,
        note=f"冲销：{reason}",
        reversal_of_id=old.id,
        entered_by_id=work.actor.user_id,
        entered_at=work.entry.at,
    )
    work.session.add(new)
    work.session.flush()
    work.record(
        f"冲销 {old.spent_on} 的支出 {yuan(old.amount_fen)} 元（{old.use}，凭证 {old.voucher or '未登记'}）",
        project_id=old.project_id,
        citation=spending_basis(record),
        details={"spending": [old.id, new.id], "note": reason},
    )
    work.touch(old.project_id)
    keep_holds(work, [old.project_id], today)
    return new.id


def find_spending(session: Session, actor: Actor, spending_id: int) -> SpendingRow:
    """Return a row of spending. Raises ``NotFound`` where there is none that the actor may see."""
    query = select(SpendingRow).join(Project, Project.id == SpendingRow.project_id)
    row = session.scalar(query.where(SpendingRow.id == spending_id, visible(actor)))
    if row is None:
        raise NotFound("这笔支出")
    return row


def demand_reversing(session: Session, actor: Actor, project_id: int, record: ProjectRecord) -> None:
    """Demand that the actor may reverse spending of this project now. Raises as ``demand_entering`` does."""
    _demand_signed(record)
    roles = who_reverses(record)
    if not roles:
        raise Obstructed(["项目财务已清算完毕，支出不再变动：确有错误的，请联系区科技局财务"])
    if record.concluded_on is not None and not acting_as(session, actor, project_id, *roles):
        raise Obstructed([f"项目已于 {record.concluded_on} 作出结论：需要冲销的，请联系区科技局财务办理"])
    demand_acting_as(session, actor, project_id, *roles)


def _reversal_obstacles(work: Work, old: SpendingRow) -> Iterator[str]:
    if old.reversal_of_id is not None or old.amount_fen <= 0:
        yield "这一笔本身就是冲销，不能再冲销：需要恢复原来那一笔的，请重新登记"
    query = select(SpendingRow.id).where(SpendingRow.reversal_of_id == old.id)
    if work.session.scalar(query) is not None:
        yield "这一笔已经冲销过：更正后的支出请另行登记"
