"""The rows of long work: made, found by the one person they are of, moved from step to step, cleared away.

They are bookkeeping and no part of the record, so these writes are not commands; each is one transaction.
What the work itself changes is: that is a command of its own, with its entry in the history.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.longwork.folder import KEPT
from app.longwork.kinds import KINDS, Kind, Parameters
from app.longwork.shown import ShownWork
from lifecycle.database import begin_write
from lifecycle.models import LongWork, WorkState
from lifecycle.refusals import NotFound, NotPermitted
from lifecycle.roles import Actor


def add(
    session: Session,
    actor: Actor,
    kind: Kind,
    name: str,
    parameters: Parameters,
    now: datetime,
    *,
    digest: str = "",
) -> tuple[str, bool]:
    """Note that a piece of work is asked for; return its key, and whether it is a new one.

    The same asked for while it is still going, as by a double press, is one piece. Raises ``NotPermitted``.
    """
    if actor.user_id is None or not actor.may(kind.permission):
        raise NotPermitted(kind.permission)
    mark = _mark(kind, digest, parameters)
    begin_write(session)
    same = (LongWork.mark == mark, LongWork.state == WorkState.GOING, LongWork.changed_at >= now - KEPT)
    known = session.scalar(select(LongWork.key).where(*_own(actor), *same))
    key = known or secrets.token_hex(16)
    if known is None:
        work = LongWork(agency_id=actor.agency_id, user_id=actor.user_id, key=key, kind=kind.name)
        work.name, work.digest, work.mark, work.parameters = name, digest, mark, dict(parameters)
        work.state, work.result = WorkState.GOING, {}
        work.created_at = work.changed_at = now
        session.add(work)
    session.commit()
    return key, known is None


def _mark(kind: Kind, digest: str, parameters: Parameters) -> str:
    words = json.dumps([kind.name, digest, dict(parameters)], sort_keys=True, ensure_ascii=False)
    return sha256(words.encode()).hexdigest()


def find(session: Session, actor: Actor, key: str) -> LongWork:
    """Return the actor's own work of that key; raises ``NotFound``, be it somebody else's."""
    query = select(LongWork).where(*_own(actor), LongWork.key == key, LongWork.kind.in_(list(KINDS)))
    found = session.scalar(query)
    if found is None:
        raise NotFound("这项任务")
    return found


def works_of(session: Session, actor: Actor, *kinds: Kind, most: int | None = None) -> Sequence[LongWork]:
    """Return the actor's own work, the latest first: all of it, or that of some kinds."""
    names = [kind.name for kind in kinds] or list(KINDS)
    query = select(LongWork).where(*_own(actor), LongWork.kind.in_(names))
    return session.scalars(query.order_by(LongWork.id.desc()).limit(most)).all()


def _own(actor: Actor) -> tuple[Any, ...]:
    return LongWork.agency_id == actor.agency_id, LongWork.user_id == actor.user_id


def begin(
    session: Session, work: ShownWork, kind: Kind, now: datetime, parameters: Parameters | None = None
) -> bool:
    """Let work go into a kind from where it was seen to stand; ``False`` where it has moved since."""
    seen = (
        LongWork.id == work.id,
        LongWork.kind == work.kind.name,
        LongWork.state == work.state,
        LongWork.changed_at == work.changed_at,
    )
    parameters = work.parameters if parameters is None else parameters
    going = {"kind": kind.name, "state": WorkState.GOING, "changed_at": now, "message": None}
    going |= {"parameters": dict(parameters), "mark": _mark(kind, work.digest, parameters)}
    begin_write(session)
    moved = session.connection().execute(update(LongWork).where(*seen).values(going)).rowcount
    session.commit()
    return bool(moved)


def end(
    session: Session,
    work_id: int,
    began: datetime,
    state: WorkState,
    now: datetime,
    *,
    result: dict[str, Any] | None = None,
    message: str | None = None,
) -> None:
    """Note how work that began at a moment has ended, unless it has been begun again since."""
    ended = {"state": state, "changed_at": now, "message": message, "result": result or {}}
    same = (LongWork.id == work_id, LongWork.changed_at == began, LongWork.state == WorkState.GOING)
    begin_write(session)
    session.execute(update(LongWork).where(*same).values(ended))
    session.commit()


def clear_old(session: Session, now: datetime) -> set[str]:
    """Forget work nobody has gone on with; return the digests and keys of what stays."""
    begin_write(session)
    session.execute(delete(LongWork).where(LongWork.changed_at < now - KEPT))
    rows = session.execute(select(LongWork.digest, LongWork.key)).all()
    session.commit()
    return {name for row in rows for name in row}
