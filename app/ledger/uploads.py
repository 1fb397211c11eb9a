"""The rows of uploads: made, found by the one person they are of, moved from step to step, cleared away.

They are bookkeeping and no part of the record, so these writes are not commands; each is one transaction.
What an import changes is: it is a command of its own, with its entry in the history.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.ledger.folder import KEPT
from app.ledger.shown import ShownUpload
from lifecycle.database import begin_write
from lifecycle.models import AuditEntry, LedgerUpload, UploadState, UploadStep
from lifecycle.refusals import NotFound, NotPermitted
from lifecycle.roles import Actor, Permission

DOUBLE_PRESS = timedelta(seconds=10)


def add_upload(
    session: Session, actor: Actor, file_name: str, digest: str, as_of: date, now: datetime
) -> str:
    """Note that a ledger was uploaded and is to be checked; return its key.

    The same file sent twice in a moment, as by a double press, is one upload.
    """
    if actor.user_id is None or not actor.may(Permission.IMPORT_LEDGER):
        raise NotPermitted(Permission.IMPORT_LEDGER)
    begin_write(session)
    key = _just_sent(session, actor, digest, as_of, now)
    if key is None:
        key = secrets.token_hex(16)
        session.add(
            LedgerUpload(
                agency_id=actor.agency_id,
                user_id=actor.user_id,
                key=key,
                file_name=file_name,
                digest=digest,
                as_of=as_of,
                step=UploadStep.CHECK,
                state=UploadState.GOING,
                created_at=now,
                changed_at=now,
                result={},
            )
        )
    session.commit()
    return key


def _just_sent(session: Session, actor: Actor, digest: str, as_of: date, now: datetime) -> str | None:
    upload = LedgerUpload
    query = select(upload.key).where(*_own(actor), upload.digest == digest, upload.as_of == as_of)
    lately = (upload.created_at > now - DOUBLE_PRESS, upload.state == UploadState.GOING)
    return session.scalar(query.where(*lately))


def find_upload(session: Session, actor: Actor, key: str) -> LedgerUpload:
    """Return the actor's own upload of that key; raises ``NotFound``, be it somebody else's."""
    found = session.scalar(select(LedgerUpload).where(*_own(actor), LedgerUpload.key == key))
    if found is None:
        raise NotFound("这次上传的台账")
    return found


def uploads_of(session: Session, actor: Actor) -> Sequence[LedgerUpload]:
    """Return the actor's own uploads, the latest first."""
    query = select(LedgerUpload).where(*_own(actor)).order_by(LedgerUpload.id.desc())
    return session.scalars(query).all()


def _own(actor: Actor) -> tuple[Any, ...]:
    return LedgerUpload.agency_id == actor.agency_id, LedgerUpload.user_id == actor.user_id


def begin(session: Session, upload: ShownUpload, step: UploadStep, now: datetime) -> bool:
    """Let an upload go into a step from where it was seen to stand; ``False`` where it has moved since."""
    seen = (
        LedgerUpload.id == upload.id,
        LedgerUpload.step == upload.step,
        LedgerUpload.state == upload.state,
        LedgerUpload.changed_at == upload.changed_at,
    )
    going = {"step": step, "state": UploadState.GOING, "changed_at": now, "message": None}
    begin_write(session)
    moved = session.connection().execute(update(LedgerUpload).where(*seen).values(going)).rowcount
    session.commit()
    return bool(moved)


def end(
    session: Session,
    upload_id: int,
    state: UploadState,
    now: datetime,
    *,
    result: dict[str, Any] | None = None,
    message: str | None = None,
) -> None:
    """Note how the step an upload is in has ended."""
    ended = {"state": state, "changed_at": now, "message": message, "result": result or {}}
    begin_write(session)
    session.execute(update(LedgerUpload).where(LedgerUpload.id == upload_id).values(ended))
    session.commit()


def clear_old(session: Session, now: datetime) -> set[str]:
    """Forget uploads nobody has gone on with; return the digests and keys of those that stay."""
    begin_write(session)
    session.execute(delete(LedgerUpload).where(LedgerUpload.changed_at < now - KEPT))
    rows = session.execute(select(LedgerUpload.digest, LedgerUpload.key)).all()
    session.commit()
    return {name for row in rows for name in row}


def past_imports(session: Session, actor: Actor, most: int) -> Sequence[AuditEntry]:
    """Return the agency's latest imports out of the history, the latest first."""
    entry = AuditEntry
    query = select(entry).where(entry.agency_id == actor.agency_id, entry.action == "ledger.import")
    return session.scalars(query.order_by(entry.id.desc()).limit(most)).all()
