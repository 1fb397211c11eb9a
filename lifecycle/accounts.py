"""Accounts: signing in, how often one may try, and changing one's own password.

These writes belong to no agency, so they are not commands; each is one transaction with its audit entry.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lifecycle.audit import append
from lifecycle.calendar import SHANGHAI
from lifecycle.database import begin_write
from lifecycle.models import Agency, AuditEntry, Membership, SignInTries, User
from lifecycle.passwords import fault_of, hash_password, needs_rehash, password_matches
from lifecycle.refusals import InvalidInput, SignInRefused
from lifecycle.roles import Actor, Role

MOST_FAILURES = 5
LOCKED_FOR = timedelta(minutes=15)
"""How long nobody may try after the last failure; a shorter row of failures is forgotten after it too."""

WRONG = f"用户名或密码不正确。连续输错 {MOST_FAILURES} 次，将暂停登录 {LOCKED_FOR.seconds // 60} 分钟。"


@dataclass(frozen=True, slots=True)
class Person:
    """Who is signed in, as plain values: what the account says and the posts held, by agency id."""

    id: int
    username: str
    name: str
    email: str | None
    must_change_password: bool
    stamp: str
    """Changes whenever everything signed in so far must sign in anew."""
    agencies: Mapping[int, str]
    posts: Mapping[int, frozenset[tuple[Role, str]]]
    """Roles and the units they are held for ("" where the role is not a unit's)."""

    def actor_in(self, agency_id: int) -> Actor:
        """Return who this person is in an agency; raises ``KeyError`` where she holds no post."""
        posts = self.posts[agency_id]
        return Actor(
            agency_id=agency_id,
            user_id=self.id,
            name=self.name,
            roles=frozenset(role for role, _ in posts),
            email=self.email,
            units=frozenset((role, unit) for role, unit in posts if unit),
        )


_PERSON = (
    select(
        *(User.id, User.username, User.name, User.email, User.must_change_password, User.session_stamp),
        *(Membership.agency_id, Agency.name.label("agency"), Membership.role, Membership.unit),
    )
    .outerjoin(Membership, Membership.user_id == User.id)
    .outerjoin(Agency, Agency.id == Membership.agency_id)
    .where(User.id == bindparam("user_id"), User.is_active)
    .order_by(Membership.agency_id)
)
"""Asked on every request, so put together once: that takes longer than asking."""


def normal_username(typed: str) -> str:
    """Return a user name as it is kept: without surrounding blanks, in lower case."""
    return typed.strip().lower()


def new_stamp() -> str:
    """Return a stamp that no session bears yet."""
    return secrets.token_hex(16)


def load_person(session: Session, user_id: int) -> Person | None:
    """Return the person with all her posts, in one query; ``None`` where there is no such active account."""
    rows = session.connection().execute(_PERSON, {"user_id": user_id}).all()
    if not rows:
        return None
    agencies: dict[int, str] = {}
    posts: dict[int, set[tuple[Role, str]]] = {}
    for *_, agency_id, agency, role, unit in rows:
        if agency_id is not None:
            agencies[agency_id] = agency
            posts.setdefault(agency_id, set()).add((role, unit))
    own = rows[0]
    return Person(
        *(own.id, own.username, own.name, own.email, own.must_change_password, own.session_stamp),
        agencies=agencies,
        posts={agency_id: frozenset(held) for agency_id, held in posts.items()},
    )


def sign_in(session: Session, username: str, password: str, now: datetime) -> Person:
    """Return the person whose user name and password these are.

    The try is counted before the password is looked at, so that many at once are still no more than
    ``MOST_FAILURES``. Raises ``SignInRefused``.
    """
    name = normal_username(username)
    failures = _count_try(session, name, now)
    user = session.scalar(select(User).where(User.username == name, User.is_active))
    kept = user.password_hash if user else None
    if not password_matches(kept, password) or user is None or kept is None:
        _note_failure(session, user, failures, now)
        raise SignInRefused(WRONG if failures < MOST_FAILURES else _locked(now))
    person = load_person(session, user.id)
    if person is None or not person.posts:
        raise SignInRefused("这个账号目前没有任何角色，请联系本单位管理员。")
    with _writing(session):
        forgive(session, name)
        if needs_rehash(kept):
            session.execute(
                update(User)
                .where(User.id == person.id, User.password_hash == kept)
                .values(password_hash=hash_password(password))
            )
        append(session, [_entry(person.id, person.name, person.agencies, now, "sign_in.done", "登录")])
    return person


def change_password(session: Session, person: Person, current: str, new: str, now: datetime) -> Person:
    """Change one's own password, which signs out every other session; return the person as she is now.

    Raises ``InvalidInput`` (fields ``current``, ``new``) and, after too many wrong ones, ``SignInRefused``.
    """
    fault = "新密码不能与当前密码相同。" if new == current else fault_of(new, person.username)
    if fault:
        raise InvalidInput({"new": fault})
    failures = _count_try(session, person.username, now)
    user = session.get_one(User, person.id)
    if not password_matches(user.password_hash, current):
        _note_failure(session, user, failures, now)
        if failures >= MOST_FAILURES:
            raise SignInRefused(_locked(now))
        raise InvalidInput({"current": "当前密码不正确。"})
    hashed = hash_password(new)
    with _writing(session):
        forgive(session, person.username)
        set_password(session, person.id, hashed, must_change=False)
        append(session, [_entry(person.id, person.name, person.agencies, now, "password.change", "修改密码")])
    changed = load_person(session, person.id)
    if changed is None:
        raise SignInRefused(WRONG)
    return changed


def set_password(session: Session, user_id: int, hashed: str, *, must_change: bool) -> None:
    """Set a password inside the caller's transaction and sign the person out everywhere."""
    session.execute(
        update(User)
        .where(User.id == user_id)
        .values(password_hash=hashed, must_change_password=must_change, session_stamp=new_stamp())
    )


@contextmanager
def _writing(session: Session) -> Iterator[None]:
    begin_write(session)
    try:
        yield
        session.commit()
    except BaseException:
        session.rollback()
        raise


def _count_try(session: Session, username: str, now: datetime) -> int:
    """Count one more try of this name and return how many there are; raises ``SignInRefused`` when locked."""
    with _writing(session):
        _forget_old(session, now)
        tries = _tries_of(session, username, now)
        if tries.last_at <= now - LOCKED_FOR:
            tries.failures = 0
        if tries.failures >= MOST_FAILURES:
            raise SignInRefused(_locked(tries.last_at))
        tries.failures += 1
        tries.last_at = now
        return tries.failures


def _tries_of(session: Session, username: str, now: datetime) -> SignInTries:
    """Return the row of this name, locked; made where there is none, which another may do meanwhile."""
    query = select(SignInTries).where(SignInTries.username == username).with_for_update()
    found = session.scalar(query)
    if found is not None:
        return found
    try:
        with session.begin_nested():
            session.execute(insert(SignInTries).values(username=username, failures=0, last_at=now))
    except IntegrityError:
        pass  # made by another meanwhile, and committed: the query below finds it
    return session.scalars(query).one()


def _forget_old(session: Session, now: datetime) -> None:
    """Drop what has expired; rows another is at are left to the next, so that no two wait for each other."""
    old = select(SignInTries.username).where(SignInTries.last_at <= now - LOCKED_FOR)
    session.execute(
        delete(SignInTries).where(SignInTries.username.in_(old.with_for_update(skip_locked=True))),
        execution_options={"synchronize_session": False},
    )


def forgive(session: Session, username: str) -> None:
    """Lift a lock-out inside the caller's transaction."""
    session.execute(delete(SignInTries).where(SignInTries.username == username))


def _note_failure(session: Session, user: User | None, failures: int, now: datetime) -> None:
    """Keep the failure in the audit trail of a known account; an unknown name may be a mistyped password."""
    if user is None:
        return
    person = load_person(session, user.id)
    if person is None:
        return
    locked = failures >= MOST_FAILURES
    action = "sign_in.locked" if locked else "sign_in.failed"
    summary = f"密码连续输错 {failures} 次，暂停登录" if locked else f"密码输错，第 {failures} 次"
    with _writing(session):
        append(session, [_entry(person.id, person.name, person.agencies, now, action, summary)])


def _locked(last_at: datetime) -> str:
    until = (last_at + LOCKED_FOR).astimezone(SHANGHAI)
    return f"密码输错次数过多，已暂停登录，请在 {until:%H:%M} 以后再试，或联系本单位管理员重置密码。"


def _entry(
    user_id: int, name: str, agencies: Mapping[int, str], now: datetime, action: str, summary: str
) -> AuditEntry:
    """Return the entry of what a person did to her own account; of the agency, where there is only one."""
    return AuditEntry(
        agency_id=next(iter(agencies)) if len(agencies) == 1 else None,
        user_id=user_id,
        actor_name=name,
        at=now,
        action=action,
        summary=summary,
        details={},
    )
