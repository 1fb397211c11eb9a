"""Going through the chains of the audit trail: what was altered, is missing, was added or stands elsewhere.

A chain proves that nothing in it was changed afterwards by whoever could not work out every later hash anew.
Whoever can rewrite the whole database can do that too; therefore the hash of a chain's last entry is written
down elsewhere from time to time, and compared (``noted``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from lifecycle.chain import START, content_of, hash_of
from lifecycle.database import begin_reading
from lifecycle.models import Agency, AuditChain, AuditEntry

PAGE = 1000
"""Entries in memory at a time."""

MOST_FAULTS = 1000
"""Faults told of one chain; of a trail that was rewritten every entry has one."""

_COLUMNS = [column for column in AuditEntry.__table__.columns if column.key != "id"]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong at one place of a chain: from which entry to which, in Chinese."""

    first: int
    last: int
    what: str

    @property
    def place(self) -> str:
        """The serial numbers, as they are printed; 0 where what is wrong stands outside the chain."""
        if self.first == 0:
            return "链外"
        return f"第 {self.first} 条" if self.first == self.last else f"第 {self.first} 至 {self.last} 条"


@dataclass(slots=True)
class ChainCheck:
    """What was found of one chain: how many entries it has, its last hash, and what is wrong."""

    chain: int
    length: int = 0
    head: str = START
    faults: list[Fault] = field(default_factory=list)
    left_out: int = 0
    """Faults beyond ``MOST_FAULTS``."""

    @property
    def is_whole(self) -> bool:
        """Whether nothing was found."""
        return not self.faults

    def found(self, first: int, last: int, what: str) -> None:
        """Note a fault."""
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(Fault(first, last, what))
        else:
            self.left_out += 1


def verify(
    session: Session, chain: int | None = None, noted: Mapping[int, str] | None = None
) -> Iterator[ChainCheck]:
    """Yield what is found of each chain (or of one), reading only, in constant memory.

    ``noted`` are serial → hash (or how it begins) as somebody wrote them down earlier.
    """
    begin_reading(session)
    heads = {row.chain: row for row in session.execute(_heads(chain))}
    query = select(*_COLUMNS).order_by(AuditEntry.chain, AuditEntry.serial)
    if chain is not None:
        query = query.where(AuditEntry.chain == chain)
    acts = {row.id: row.revision for row in session.execute(_acts(chain))}
    rows = session.execute(query.execution_options(yield_per=PAGE))
    for key, entries in groupby(rows, lambda row: row.chain):
        acts.pop(key, None)
        yield _checked(key, entries, heads.pop(key, None), noted or {})
    for key, head in sorted(heads.items()):
        acts.pop(key, None)
        yield _checked(key, iter(()), head, noted or {})
    for key, revision in sorted(acts.items()):
        yield _gone(key, revision, noted or {})


def _gone(chain: int, acts: int, noted: Mapping[int, str]) -> ChainCheck:
    """Return what is found of an agency that has no chain at all, although so many commands took effect."""
    check = ChainCheck(chain)
    if acts or noted:
        check.found(1, max((acts, *noted)), "缺失，本单位的记录被整体删去")
    return check


def _acts(chain: int | None) -> Any:
    query = select(Agency.id, Agency.revision)
    return query if chain is None else query.where(Agency.id == chain)


def _heads(chain: int | None) -> Any:
    query = select(AuditChain.chain, AuditChain.length, AuditChain.head_hash)
    return query if chain is None else query.where(AuditChain.chain == chain)


def _checked(
    chain: int, rows: Iterator[Row[Any]], head: Row[Any] | None, noted: Mapping[int, str]
) -> ChainCheck:
    check = ChainCheck(chain)
    last = 0
    seen: set[int] = set()
    for row in rows:
        _check_entry(check, row, last)
        if row.serial in noted:
            seen.add(row.serial)
            if not row.hash.startswith(noted[row.serial]):
                check.found(row.serial, row.serial, "与此前另行记下的校验值不一致")
        last, check.head = row.serial, row.hash
        check.length += 1
    for serial in sorted(noted.keys() - seen):
        check.found(serial, serial, "此前另行记下过校验值，现已缺失")
    _check_end(check, last, head)
    return check


def _check_entry(check: ChainCheck, row: Row[Any], last: int) -> None:
    """Compare an entry with itself and with the one before it, whose serial is ``last``."""
    if row.serial > last + 1:
        check.found(last + 1, row.serial - 1, "缺失")
    elif row.previous_hash != check.head:
        check.found(row.serial, row.serial, "与上一条不衔接，此处有记录被改动、加入或调换")
    if row.hash != hash_of(row.previous_hash, content_of(row)):
        check.found(row.serial, row.serial, "内容与校验值不符，已被改动")


def _check_end(check: ChainCheck, last: int, head: Row[Any] | None) -> None:
    """Compare where the entries end with where the chain says it does."""
    if head is None:
        check.found(1, last, "没有链尾登记，不是由系统记下的")
    elif head.length > last:
        check.found(last + 1, head.length, "缺失，末尾被删去")
    elif head.length < last:
        check.found(head.length + 1, last, "超出登记的总数，是后来加入的")
    elif head.head_hash != check.head:
        check.found(last, last, "与链尾登记的校验值不符，末尾被改动")
