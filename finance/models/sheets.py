"""Who pays, in what layout the sheets are printed, and the sheets that came back."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from finance.states import ReturnedState
from lifecycle.models.base import Base, Id, choice
from lifecycle.record import Source


class Payer(Base):
    """拨款单位: who pays the money of a fiscal source. Where none is named, the bureau itself does."""

    __tablename__ = "payer"
    __table_args__ = (UniqueConstraint("agency_id", "source"),)

    id: Mapped[Id]
    agency_id: Mapped[int] = mapped_column(ForeignKey("agency.id"))
    source: Mapped[Source] = mapped_column(choice(Source, "source"))
    name: Mapped[str]


class SheetLayout(Base):
    """拨付表版式: a workbook of the office's own with marked cells, into which a sheet is printed.

    Layouts are never altered or deleted: issued sheets point to theirs. At most one of a payer is in use.
    """

    __tablename__ = "sheet_layout"
    __table_args__ = (Index("ix_sheet_layout_agency", "agency_id", "payer"),)

    id: Mapped[Id]
    agency_id: Mapped[int] = mapped_column(ForeignKey("agency.id"))
    payer: Mapped[str | None]
    """The paying body whose sheets it is for; NULL for all that have none of their own."""
    name: Mapped[str]
    workbook: Mapped[bytes] = mapped_column(deferred=True)
    in_use: Mapped[bool]
    made_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    made_on: Mapped[date]


class ReturnedSheet(Base):
    """A sheet that came back from the bank or the treasury, read and matched line by line, perhaps booked."""

    __tablename__ = "returned_sheet"
    __table_args__ = (Index("ix_returned_sheet_batch", "batch_id"),)

    id: Mapped[Id]
    batch_id: Mapped[int] = mapped_column(ForeignKey("batch.id"))
    file_name: Mapped[str]
    sha256: Mapped[str]
    workbook: Mapped[bytes] = mapped_column(deferred=True)
    """The workbook itself, byte for byte: the evidence of what was booked."""
    state: Mapped[ReturnedState] = mapped_column(choice(ReturnedState, "state"))
    found: Mapped[dict[str, Any]] = mapped_column(JSON)
    """What was read of every line, and what does not match, as shown before booking."""
    read_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    read_on: Mapped[date]
    booked_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    booked_on: Mapped[date | None]
