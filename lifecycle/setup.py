"""Setting up an agency with its first admin, and working out anew what is kept of its projects."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lifecycle.accounts import new_stamp
from lifecycle.audit import append
from lifecycle.database import begin_write
from lifecycle.models import Agency, AuditEntry, Membership, User
from lifecycle.passwords import hash_password, made_up_password
from lifecycle.refusals import InvalidInput
from lifecycle.roles import Role
from lifecycle.settings import UNSET

FIRST_AGENCY = "本区科学技术局"
"""The name of the first agency where none is given; its admin can change it."""


@dataclass(frozen=True, slots=True)
class SetUp:
    """A new agency and its admin; the password is told this once and kept nowhere."""

    agency_id: int
    agency: str
    username: str
    password: str


def set_up_agency(session: Session, name: str | None = None, *, is_demo: bool = False) -> SetUp | None:
    """Make the agency of that name with an admin of its own; ``None`` where it is there already.

    Without a name the first agency is made, and only where there is none at all. One transaction with its
    audit entry, but no command: there is no agency yet to lock. Raises ``InvalidInput`` for a blank name.
    """
    if name is not None and not name.strip():
        raise InvalidInput({"agency": "请填写科技局名称。"})
    begin_write(session)
    try:
        wanted = FIRST_AGENCY if name is None else name.strip()
        made = None if _is_there(session, name and wanted) else _make(session, wanted, is_demo=is_demo)
        session.commit()
    except IntegrityError:  # somebody set up the same at the same moment
        session.rollback()
        return None
    except BaseException:
        session.rollback()
        raise
    return made


def _is_there(session: Session, name: str | None) -> bool:
    query = select(Agency.id).limit(1)
    return session.scalar(query if name is None else query.where(Agency.name == name)) is not None


def _make(session: Session, name: str, *, is_demo: bool) -> SetUp:
    username, password = _free_username(session), made_up_password()
    agency = Agency(name=name, is_demo=is_demo, kept_by=UNSET.fingerprint)
    admin = User(
        username=username,
        name="管理员",
        password_hash=hash_password(password),
        must_change_password=True,
        session_stamp=new_stamp(),
        created_at=datetime.now(UTC),
    )
    session.add_all([agency, admin])
    session.flush()
    session.add(Membership(user_id=admin.id, agency_id=agency.id, role=Role.ADMIN))
    session.flush()
    entry = AuditEntry(
        agency_id=agency.id,
        actor_name="系统",
        at=admin.created_at,
        action="agency.set_up",
        summary=f"建立单位 {name}，管理员账号 {username}",
        details={"agency": name, "username": username},
    )
    append(session, [entry])
    return SetUp(agency.id, name, username, password)


def _free_username(session: Session) -> str:
    """Return ``admin``, or ``admin2`` and so on: user names are shared by all agencies."""
    taken = set(session.scalars(select(User.username).where(User.username.startswith("admin"))))
    names = (f"admin{number if number > 1 else ''}" for number in count(1))
    return next(name for name in names if name not in taken)
