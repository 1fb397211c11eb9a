"""Every write is a command: one transaction, one permission, one audit entry, the actor passed in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lifecycle.audit import append
from lifecycle.database import begin_write
from lifecycle.models import Agency, AuditEntry
from lifecycle.refusals import NotFound, NotPermitted
from lifecycle.roles import Actor, Permission
from lifecycle.standing import restate

P = ParamSpec("P")
R = TypeVar("R")

AT_ONCE = "at_once"
"""Where an entry's details name what was told along with the act."""


@dataclass(slots=True)
class Work:
    """What a command is given: the session inside its one transaction, and who acts."""

    session: Session
    actor: Actor
    entry: AuditEntry
    more: list[AuditEntry] = field(default_factory=list)
    """Further entries of the same act, in the histories of other projects."""
    touched: set[int] = field(default_factory=set)
    """Ids of the projects whose record changed; their findings and duties are worked out again at the end."""
    runs: list[dict[str, object]] = field(default_factory=list)
    """What was told along with the act: each run's name and digest, which its entry bears (``AT_ONCE``)."""

    def record(
        self,
        summary: str,
        *,
        project_id: int | None = None,
        citation: str | None = None,
        details: dict[str, Any] | None = None,
    ) -> None:
        """Say what happened, for the history: in Chinese, with the article and the old and new values."""
        self.entry.summary = summary
        self.entry.project_id = project_id
        self.entry.citation = citation
        self.entry.details = _plain(details or {})

    def touch(self, project_id: int) -> None:
        """Note that this project's record changed."""
        self.touched.add(project_id)


def command(
    action: str, permission: Permission
) -> Callable[[Callable[Concatenate[Work, P], R]], Callable[Concatenate[Session, Actor, P], R]]:
    """Make a function of ``Work`` into a command called with a session and an actor.

    The agency's row is locked first, so that commands of one agency run one after another: two people who
    press at once are two commands, and the second sees what the first did. Whatever is raised leaves nothing
    behind. Raises ``NotPermitted`` when the actor may not, ``NotFound`` when the agency is gone.
    """

    def decorate(body: Callable[Concatenate[Work, P], R]) -> Callable[Concatenate[Session, Actor, P], R]:
        @wraps(body)
        def run(session: Session, actor: Actor, /, *args: P.args, **kwargs: P.kwargs) -> R:
            if not actor.may(permission):
                raise NotPermitted(permission)
            begin_write(session)
            try:
                work = Work(session, actor, _entry(actor, action))
                _lock_agency(session, actor.agency_id)
                result = body(work, *args, **kwargs)
                session.flush()
                restate(session, actor.agency_id, work.touched)
                if work.runs:
                    work.entry.details = {**work.entry.details, AT_ONCE: work.runs}
                append(session, [*work.more, work.entry])
                session.commit()
            except BaseException:
                session.rollback()
                raise
            return result

        return run

    return decorate


def _lock_agency(session: Session, agency_id: int) -> None:
    # Not the lock that would also stop whoever only points to the agency, as the entry of a sign-in does.
    query = select(Agency.id).where(Agency.id == agency_id).with_for_update(key_share=True)
    found = session.scalar(query)
    if found is None:
        raise NotFound("所属科技局")
    session.execute(update(Agency).where(Agency.id == agency_id).values(revision=Agency.revision + 1))


def _entry(actor: Actor, action: str) -> AuditEntry:
    return AuditEntry(
        agency_id=actor.agency_id,
        user_id=actor.user_id,
        actor_name=actor.name,
        at=datetime.now(UTC),
        action=action,
        summary="",
        details={},
    )


def _plain(details: dict[str, Any]) -> dict[str, Any]:
    return {key: value.isoformat() if isinstance(value, date) else value for key, value in details.items()}
