"""What the clock has told to whom and by which way, what waits to be sent, and which job ran when."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from lifecycle.models.base import Base, Id, choice


class Channel(StrEnum):
    """By which way somebody is told."""

    INBOX = "站内消息"
    MAIL = "电子邮件"
    DINGTALK = "钉钉"
    WECOM = "企业微信"
    FEISHU = "飞书"
    NONE = "无可用方式"
    """No way there was: the proof says that nobody could be told."""


class Reminder(Base):
    """One step (T-30 … T, T+7 …) of one duty, told once. The unique key is what makes it once."""

    __tablename__ = "reminder"
    __table_args__ = (UniqueConstraint("project_id", "rule", "subject", "due", "step"),)

    id: Mapped[Id]
    agency_id: Mapped[int] = mapped_column(ForeignKey("agency.id"), index=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"))
    rule: Mapped[str]
    subject: Mapped[str]
    due: Mapped[date]
    step: Mapped[str]
    told_on: Mapped[date]
    """The day (``--as-of``) for which the clock spoke."""
    recipients: Mapped[str]


class InboxMessage(Base):
    """A message in a person's in-app inbox."""

    __tablename__ = "inbox_message"
    __table_args__ = (
        UniqueConstraint("reminder_id", "user_id"),
        Index("ix_inbox_message_user", "user_id", "agency_id", "read_at"),
    )

    id: Mapped[Id]
    agency_id: Mapped[int] = mapped_column(ForeignKey("agency.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"))
    project_id: Mapped[int | None] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"))
    reminder_id: Mapped[int | None] = mapped_column(ForeignKey("reminder.id", ondelete="CASCADE"))
    title: Mapped[str]
    body: Mapped[str]
    path: Mapped[str | None]
    """The page on which to act, where it is not the project's own."""
    told_on: Mapped[date]
    read_at: Mapped[datetime | None]


def _where_there(column: str) -> Index:
    """Return an index of the few tellings that have something in a column."""
    there = text(f"{column} IS NOT NULL")
    name = f"ix_telling_{column.removesuffix('_id')}"
    return Index(name, column, sqlite_where=there, postgresql_where=there)


def _one_of(*columns: str) -> str:
    """Return the condition that exactly one of some columns is there."""
    return " + ".join(f"(CASE WHEN {column} IS NULL THEN 0 ELSE 1 END)" for column in columns) + " = 1"


class Telling(Base):
    """Proof: one person was told by one way of one reminder, one notice or one turn. Never altered.

    The history bears its digest.

    Where nobody could be told, one row says so, with the name of whoever should have been. Whether it got
    through is what became of the letter, noted in the history too (``lifecycle.proof``).
    """

    __tablename__ = "telling"
    __table_args__ = (
        UniqueConstraint("reminder_id", "channel", "address"),
        CheckConstraint(_one_of("reminder_id", "notice_id", "turn_id"), name="of"),
        Index("ix_telling_user", "user_id", "agency_id"),
        Index("ix_telling_letter", "letter_id"),
        Index("ix_telling_run", "run"),
        Index(
            "ix_telling_unheard",
            "agency_id",
            "reminder_id",
            sqlite_where=text(f"channel = '{Channel.NONE.value}'"),
            postgresql_where=text(f"channel = '{Channel.NONE.value}'"),
        ),
        *(_where_there("notice_id"), _where_there("turn_id"), _where_there("message_id")),
    )

    id: Mapped[Id]
    agency_id: Mapped[int] = mapped_column(ForeignKey("agency.id"))
    run: Mapped[str]
    """Names the act that told it, as its entry in the history does."""
    reminder_id: Mapped[int | None] = mapped_column(ForeignKey("reminder.id", ondelete="CASCADE"))
    notice_id: Mapped[int | None] = mapped_column(ForeignKey("paper_notice.id", ondelete="CASCADE"))
    turn_id: Mapped[int | None] = mapped_column(ForeignKey("turn.id", ondelete="CASCADE"))
    """What waited, of which somebody was told at once (``lifecycle.at_once``)."""
    told_on: Mapped[date | None]
    """On which day somebody was told; NULL: on the reminder's own."""
    voided: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether what was told is that the notice is void."""
    channel: Mapped[Channel] = mapped_column(choice(Channel, "channel"))
    name: Mapped[str]
    """Of a deputy with the name of whom she stands for: ``李四（代 张三）``."""
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    address: Mapped[str]
    """The e-mail address; of an inbox the account's id, of a robot its own."""
    letter_id: Mapped[int | None] = mapped_column(ForeignKey("outbox_message.id"))
    """The letter it went out with; several reminders of a day share one.

    NULL for the inbox, and where letters had come back from the address of whom a notice is for.
    """
    message_id: Mapped[int | None] = mapped_column(ForeignKey("inbox_message.id"))
    """The message in the inbox; NULL: the reminder's own.

    A reminder has none where its person had found that of the turn at once.
    """


class OutboxMessage(Base):
    """A letter (e-mail, or a robot's message) waiting to be sent, or sent. Sending claims its row."""

    __tablename__ = "outbox_message"
    __table_args__ = (
        Index("ix_outbox_message_due", "state", "next_try_at"),
        Index("ix_outbox_message_run", "run"),
    )

    id: Mapped[Id]
    agency_id: Mapped[int] = mapped_column(ForeignKey("agency.id"))
    channel: Mapped[Channel] = mapped_column(
        choice(Channel, "channel"), default=Channel.MAIL, server_default=Channel.MAIL.value
    )
    address: Mapped[str]
    title: Mapped[str]
    body: Mapped[str]
    state: Mapped[str] = mapped_column(default="waiting", server_default=text("'waiting'"))
    """``waiting``, ``sending``, ``sent`` or ``failed``."""
    attempts: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    next_try_at: Mapped[datetime]
    since: Mapped[datetime | None]
    """Since when it waits: written then, or put back into the queue. NULL: from before this was kept."""
    last_error: Mapped[str | None]
    sent_at: Mapped[datetime | None]
    run: Mapped[str | None]
    """Names the entry of the history that says what became of it; NULL until it is sent or has failed."""


class JobRun(Base):
    """One run of a scheduled job in its slot. The unique key lets only one of several schedulers have it."""

    __tablename__ = "job_run"
    __table_args__ = (UniqueConstraint("job", "slot"),)

    id: Mapped[Id]
    job: Mapped[str]
    slot: Mapped[str]
    started_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=1, server_default=text("1"))
    """How often it was begun: a run that failed or was killed is tried again."""
    finished_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
    failed: Mapped[bool] = mapped_column(default=False, server_default=false())
