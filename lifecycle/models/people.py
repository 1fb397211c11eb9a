"""Agencies, people and the roles they hold."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint, false, text, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lifecycle.models.base import Base, Id, choice
from lifecycle.roles import Role


class Agency(Base):
    """A district bureau (区县科技局). Everything else belongs to exactly one."""

    __tablename__ = "agency"

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(unique=True)
    revision: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    """Rises with every command; what is worked out from the agency's data can be kept until it does."""
    is_demo: Mapped[bool] = mapped_column(default=False, server_default=false())
    kept_by: Mapped[str] = mapped_column(default="", server_default=text("''"))
    """By which rules, settings and days off findings and duties were worked out (``lifecycle.standing``)."""


class User(Base):
    """A person who signs in."""

    __tablename__ = "user_account"

    id: Mapped[Id]
    username: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    email: Mapped[str | None]
    password_hash: Mapped[str]
    must_change_password: Mapped[bool] = mapped_column(default=False, server_default=false())
    is_active: Mapped[bool] = mapped_column(default=True, server_default=true())
    session_stamp: Mapped[str]
    """Part of every session; a new one signs the person out everywhere."""
    created_at: Mapped[datetime]

    memberships: Mapped[list[Membership]] = relationship(
        back_populates="user", cascade="all, delete-orphan", order_by="Membership.id"
    )


class SignInTries(Base):
    """Wrong passwords lately given for a user name, whether or not anybody bears it.

    Names that nobody bears are counted too, so that a lock-out does not tell which names exist.
    """

    __tablename__ = "sign_in_tries"

    username: Mapped[str] = mapped_column(primary_key=True)
    failures: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    last_at: Mapped[datetime] = mapped_column(index=True)


class Membership(Base):
    """One role a person holds in one agency; ``unit`` names the unit where the role is a unit's."""

    __tablename__ = "membership"
    __table_args__ = (UniqueConstraint("user_id", "agency_id", "role", "unit"),)

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"))
    agency_id: Mapped[int] = mapped_column(ForeignKey("agency.id", ondelete="CASCADE"), index=True)
    role: Mapped[Role] = mapped_column(choice(Role, "role"))
    unit: Mapped[str] = mapped_column(default="", server_default=text("''"))

    user: Mapped[User] = relationship(back_populates="memberships")
    agency: Mapped[Agency] = relationship()
