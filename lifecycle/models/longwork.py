"""What is being worked on for somebody in the background: bookkeeping of long work, no part of the record."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from lifecycle.models.base import Base, Id, choice


class WorkState(StrEnum):
    """Where a piece of work stands."""

    GOING = "going"
    """Queued or running; whether anybody is still at it, the work itself has to show."""
    DONE = "done"
    REFUSED = "refused"
    """What it was given is not valid, or contradicts what is there; the result says why, place by place."""
    FAILED = "failed"
    """It could not be done; the same may be tried again."""


class LongWork(Base):
    """A piece of work one person has asked for. Only she sees it and may go on with it; gone after a day."""

    __tablename__ = "long_work"
    __table_args__ = (Index("ix_long_work_person", "agency_id", "user_id"),)

    id: Mapped[Id]
    agency_id: Mapped[int] = mapped_column(ForeignKey("agency.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(unique=True)
    """Names it in addresses and on disk; ids may be given again, this never is."""
    kind: Mapped[str]
    """What is done now; work that is done in steps (read, then take in) goes from one kind to the next."""
    name: Mapped[str]
    """What it is about, as people read it: a file's name, a batch."""
    digest: Mapped[str]
    """SHA-256 of the file it works on; empty where there is none."""
    mark: Mapped[str]
    """The same for the same kind, file and parameters: what a double press is known by."""
    parameters: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[WorkState] = mapped_column(choice(WorkState, "state"))
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    message: Mapped[str | None]
    """Why it failed, as people read it."""
    result: Mapped[dict[str, Any]] = mapped_column(JSON)
    """The figures of what was found, would be done or was done; long lists and files lie in the folder."""
