"""What an agency has set for itself and what a person has chosen: steps, days off, ways of being told."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, UniqueConstraint, true
from sqlalchemy.orm import Mapped, mapped_column

from lifecycle.models.base import Base, Id, choice
from lifecycle.models.clock import Channel


class AgencySetting(Base):
    """One setting of an agency, a key of ``lifecycle.settings``; what is not set is as Keguan has it."""

    __tablename__ = "agency_setting"
    __table_args__ = (UniqueConstraint("agency_id", "key"),)

    id: Mapped[Id]
    agency_id: Mapped[int] = mapped_column(ForeignKey("agency.id"))
    key: Mapped[str]
    value: Mapped[Any] = mapped_column(JSON)
    set_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    set_on: Mapped[date]


class CalendarDay(Base):
    """A day on which offices rest or work otherwise than the week says, as an admin has loaded it."""

    __tablename__ = "calendar_day"
    __table_args__ = (UniqueConstraint("agency_id", "day"),)

    id: Mapped[Id]
    agency_id: Mapped[int] = mapped_column(ForeignKey("agency.id"))
    day: Mapped[date]
    working: Mapped[bool]
    name: Mapped[str]
    """The holiday it belongs to: 国庆节, or what it was swapped for."""
    loaded_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))


class PersonChoice(Base):
    """By which ways a person wants to be told in an agency; what the law needs comes all the same."""

    __tablename__ = "person_choice"
    __table_args__ = (UniqueConstraint("user_id", "agency_id"),)

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"))
    agency_id: Mapped[int] = mapped_column(ForeignKey("agency.id", ondelete="CASCADE"))
    by_mail: Mapped[bool] = mapped_column(default=True, server_default=true())
    """Whether reminders before the deadline come by e-mail too; late ones always do."""
    mail_ahead: Mapped[int | None]
    """From how many days before the deadline on e-mails come; NULL: from the first step on."""
    programmes: Mapped[list[str] | None] = mapped_column(JSON)
    """Keys of the programmes whose duties a member of the bureau looks after; NULL: all of them."""
    deputy_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))
    deputy_from: Mapped[date | None]
    deputy_until: Mapped[date | None]
    """Who is told as well from one day to another, both included, while the person is away."""


class CalendarFeed(Base):
    """A person's secret calendar address in an agency; a new one makes the old one worthless."""

    __tablename__ = "calendar_feed"
    __table_args__ = (UniqueConstraint("user_id", "agency_id"), UniqueConstraint("digest"))

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"))
    agency_id: Mapped[int] = mapped_column(ForeignKey("agency.id", ondelete="CASCADE"))
    digest: Mapped[str]
    """SHA-256 of the secret in the address: who reads the database cannot read the calendar."""
    made_at: Mapped[datetime]


class Robot(Base):
    """A group robot of DingTalk, WeCom or Feishu, to which the day's reminders go together."""

    __tablename__ = "robot"

    id: Mapped[Id]
    agency_id: Mapped[int] = mapped_column(ForeignKey("agency.id"), index=True)
    channel: Mapped[Channel] = mapped_column(choice(Channel, "channel"))
    name: Mapped[str]
    url: Mapped[str]
    secret: Mapped[str | None]
    active: Mapped[bool] = mapped_column(default=True, server_default=true())
    last_error: Mapped[str | None]
    last_sent_at: Mapped[datetime | None]
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    made_on: Mapped[date]


class BouncedAddress(Base):
    """An e-mail address that a mail server refused for good; nothing is sent there until it is cleared."""

    __tablename__ = "bounced_address"
    __table_args__ = (UniqueConstraint("agency_id", "address"),)

    id: Mapped[Id]
    agency_id: Mapped[int] = mapped_column(ForeignKey("agency.id"))
    address: Mapped[str]
    """In lower case."""
    error: Mapped[str]
    since: Mapped[datetime]
