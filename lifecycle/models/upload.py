"""What was uploaded and is being worked on: bookkeeping of long work, no part of the record."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from lifecycle.models.base import Base, Id, choice


class UploadStep(StrEnum):
    """What is done with an uploaded ledger, one after the other."""

    CHECK = "check"
    IMPORT = "import"


class UploadState(StrEnum):
    """Where that step stands."""

    GOING = "going"
    """Queued or running; whether anybody is still at it, the work itself has to show."""
    DONE = "done"
    REFUSED = "refused"
    """The workbook is not valid, or contradicts what is in process."""
    FAILED = "failed"
    """It could not be told; the same file may be tried again."""


class LedgerUpload(Base):
    """A ledger one person has uploaded, to be checked and perhaps taken in. Only she may go on with it."""

    __tablename__ = "ledger_upload"
    __table_args__ = (Index("ix_ledger_upload_person", "agency_id", "user_id"),)

    id: Mapped[Id]
    agency_id: Mapped[int] = mapped_column(ForeignKey("agency.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(unique=True)
    """Names it in addresses and on disk; ids may be given again, this never is."""
    file_name: Mapped[str]
    digest: Mapped[str]
    """SHA-256 of the file, under which it lies in the folder of uploads."""
    as_of: Mapped[date]
    step: Mapped[UploadStep] = mapped_column(choice(UploadStep, "step"))
    state: Mapped[UploadState] = mapped_column(choice(UploadState, "state"))
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    message: Mapped[str | None]
    """Why it failed, as people read it."""
    result: Mapped[dict[str, Any]] = mapped_column(JSON)
    """The figures of what was found, would be done or was done; the long lists lie beside the file."""
