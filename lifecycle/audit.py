"""The only way into the audit trail: entries are numbered and chained, and the chain's head moves on.

Locks are taken in one order by everybody, so that no two wait for each other: the agency first, the head of
its chain last of all. Inserting an entry locks its agency's row weakly, hence that lock is taken before.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lifecycle.chain import START, content_of, hash_of
from lifecycle.models import Agency, AuditChain, AuditEntry, Project

_COLUMNS = tuple(column.key for column in AuditEntry.__table__.columns if column.key != "id")


def append(session: Session, entries: Sequence[AuditEntry]) -> None:
    """Add entries of one agency (or of none) to the end of its chain, in their order.

    They are filled in and inserted, a constant number of statements however many, but stay outside the
    session. It is the last thing a transaction does: the chain is locked until it ends.
    """
    if not entries:
        return
    (agency_id,) = {entry.agency_id for entry in entries}
    _name_projects(session, entries)
    chain = agency_id or 0
    serial, head = _locked_head(session, chain)
    for serial, entry in enumerate(entries, serial + 1):  # noqa: B020 the last serial is the new length
        entry.chain, entry.serial, entry.previous_hash = chain, serial, head
        entry.details = json.loads(json.dumps(entry.details))  # as it will come back from the database
        entry.hash = head = hash_of(head, content_of(entry))
    rows = [{name: getattr(entry, name) for name in _COLUMNS} for entry in entries]
    session.execute(insert(AuditEntry), rows)
    of_chain = update(AuditChain).where(AuditChain.chain == chain)
    session.execute(of_chain.values(length=serial, head_hash=head))


def _name_projects(session: Session, entries: Sequence[AuditEntry]) -> None:
    """Note the number of each entry's project where its maker did not."""
    nameless = [one for one in entries if one.project_id is not None and one.project_number is None]
    ids = {entry.project_id for entry in nameless}
    if not ids:
        return
    query = select(Project.id, Project.number).where(Project.id.in_(ids))
    numbers = {row.id: row.number for row in session.execute(query)}
    for entry in nameless:
        entry.project_number = numbers[entry.project_id]


def _locked_head(session: Session, chain: int) -> tuple[int, str]:
    """Return a chain's length and last hash, locked; made where there is none, as another may meanwhile."""
    session.execute(select(Agency.id).where(Agency.id == chain).with_for_update(read=True, key_share=True))
    query = select(AuditChain.length, AuditChain.head_hash).where(AuditChain.chain == chain)
    query = query.with_for_update()
    found = session.execute(query).one_or_none()
    if found is None:
        try:
            with session.begin_nested():
                session.execute(insert(AuditChain).values(chain=chain, length=0, head_hash=START))
        except IntegrityError:
            pass  # made by another meanwhile, and committed: the query below finds it
        found = session.execute(query).one()
    return found[0], found[1]
