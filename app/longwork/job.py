"""A piece of long work being done: for whoever asked for it, with what she may do now."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app import clock
from app.longwork.background import Tell
from app.longwork.folder import Folder
from app.longwork.kinds import KINDS, Task, WorkRefused
from app.longwork.rows import end
from app.troubles import number_of, told
from lifecycle.accounts import load_person
from lifecycle.files import ContentStore
from lifecycle.models import LongWork, WorkState
from lifecycle.refusals import NotPermitted, Refusal
from lifecycle.roles import Actor, Permission

log = logging.getLogger(__name__)

BROKEN = "没有保存任何内容。请重新开始；仍然不行的，请联系系统管理员。"


def folder_in(instance: Path) -> Folder:
    """Return the folder of long work of an installation."""
    return Folder(instance / "uploads")


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work, as it began at a moment; begun again since, it is another job's."""

    engine: Engine
    instance: Path
    work_id: int
    began: datetime

    def __call__(self, tell: Tell) -> None:
        """Do it and note how it ended; whatever goes wrong leaves nothing behind."""
        with Session(self.engine) as session:
            work = session.get(LongWork, self.work_id)
            if work is None or work.state is not WorkState.GOING or work.changed_at != self.began:
                return
            session.expunge(work)
            try:
                result = self._do(session, work, tell)
            except WorkRefused as refused:
                self._end(session, WorkState.REFUSED, result=refused.result)
            except Exception as error:
                self._end(session, WorkState.FAILED, message=_told(error))
            else:
                self._end(session, WorkState.DONE, result=result)

    def _do(self, session: Session, work: LongWork, tell: Tell) -> dict[str, Any]:
        kind = KINDS[work.kind]
        actor = _actor(session, work, kind.permission)
        session.rollback()
        files = folder_in(self.instance), ContentStore(self.instance / "files")
        task = Task(session, actor, work.key, work.name, work.digest, work.parameters, *files, tell)
        return kind.run(task)

    def _end(self, session: Session, state: WorkState, **more: Any) -> None:
        session.rollback()
        end(session, self.work_id, self.began, state, clock.now(), **more)


def _actor(session: Session, work: LongWork, permission: Permission) -> Actor:
    """Return who asked for the work, as she is now. Raises ``NotPermitted`` where she no longer may."""
    person = load_person(session, work.user_id)
    if person is None or work.agency_id not in person.posts:
        raise NotPermitted(permission)
    actor = person.actor_in(work.agency_id)
    if not actor.may(permission):
        raise NotPermitted(permission)
    return actor


def _told(error: Exception) -> str:
    """Return in words why a piece failed, and leave what nobody foresaw in the log."""
    if isinstance(error, Refusal):
        return error.message
    log.error("a piece of long work came to nothing, error %s", number_of(error), exc_info=error)
    return f"{told(error)}。{BROKEN}"
