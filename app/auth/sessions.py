"""The signed-in session: what the cookie holds, how long it is good, and who it stands for.

The cookie is signed, not secret: it holds the person's number and stamp, the agency worked in, and when the
session began and was last used. Everything is checked against the database on every request.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Flask, session
from flask_login import UserMixin, login_user, logout_user

from app import clock
from app.extensions import db, login_manager
from lifecycle.accounts import Person, load_person

IDLE = timedelta(minutes=60)
LONGEST = timedelta(hours=12)
_NOTED_EVERY = timedelta(minutes=1)
"""How often the last use is written anew; sooner would only send cookies to and fro."""


class Visitor(UserMixin):  # type: ignore[misc]
    """The signed-in person as Flask-Login wants her, and the agency she works in (``None``: none yet)."""

    def __init__(self, person: Person, agency_id: int | None) -> None:
        self.person = person
        self.agency_id = agency_id

    def get_id(self) -> str:
        """Return what the cookie keeps."""
        return f"{self.person.id}:{self.person.stamp}"


def begin(person: Person) -> None:
    """Start a session of a person whose password was right; an older one in this browser ends."""
    session.clear()
    moment = int(clock.now().timestamp())
    session.update(since=moment, seen=moment)
    login_user(Visitor(person, _agency_of(person)))


def go_on_as(person: Person) -> None:
    """Keep this session although the person's stamp has changed by her own doing."""
    login_user(Visitor(person, _agency_of(person)))


def end() -> None:
    """Sign out of this browser."""
    logout_user()
    session.clear()


def work_in(agency_id: int) -> None:
    """Work in another agency from now on."""
    session["agency"] = agency_id


def _agency_of(person: Person) -> int | None:
    """Return the agency chosen in this session where she (still) holds a post there, else the only one."""
    chosen: Any = session.get("agency")
    if chosen in person.posts:
        return int(chosen)
    return next(iter(person.posts)) if len(person.posts) == 1 else None


def _load(cookie_id: str) -> Visitor | None:
    """Return whom the cookie stands for; ``None`` where it is too old or she was signed out everywhere."""
    user_id, _, stamp = cookie_id.partition(":")
    if not user_id.isdigit() or not _still_good():
        return None
    person = load_person(db.session(), int(user_id))
    if person is None or person.stamp != stamp or not person.posts:
        return None
    return Visitor(person, _agency_of(person))


def _still_good() -> bool:
    moment = clock.now().timestamp()
    since, seen = session.get("since", 0), session.get("seen", 0)
    if moment - since >= LONGEST.total_seconds() or moment - seen >= IDLE.total_seconds():
        return False
    if moment - seen >= _NOTED_EVERY.total_seconds():
        session["seen"] = int(moment)
    return True


def register(app: Flask) -> None:
    """Tell Flask-Login how to find the person behind a cookie."""
    del app
    login_manager.user_loader(_load)
    login_manager.session_protection = None  # addresses of office computers change; the limits above hold
