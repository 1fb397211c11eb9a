"""What the web tests are made of: accounts, a browser that carries the form token, projects at hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app import clock
from lifecycle.accounts import new_stamp
from lifecycle.database import begin_write
from lifecycle.models import Agency, Membership, Project, User
from lifecycle.passwords import hash_password
from lifecycle.record import Nature, ProjectRecord, Signatory, Source, Tranche, UnitType
from lifecycle.roles import Actor, Role
from lifecycle.standing import keep
from lifecycle.storing import add_projects

PASSWORD = "an-easy-one-to-type"
UNIT = "渝州大学"
"""The lead unit of projects at hand, and the unit of everybody in whose role a unit counts."""

JOINT_UNIT = "沙坪坝区人民医院"
_UNITS = {Role.PI: UNIT, Role.UNIT_MANAGER: UNIT, Role.UNIT_FINANCE: UNIT, Role.JOINT_UNIT: JOINT_UNIT}


@dataclass(frozen=True)
class Account:
    """Somebody who can sign in with ``PASSWORD``."""

    id: int
    username: str
    name: str
    email: str
    stamp: str
    agency_id: int
    roles: frozenset[Role]

    @property
    def actor(self) -> Actor:
        """The same person as commands want her."""
        units = frozenset((role, _UNITS[role]) for role in self.roles if role in _UNITS)
        return Actor(self.agency_id, self.id, self.name, self.roles, self.email, units)


@dataclass(frozen=True)
class People:
    """One account a role in agency A and in agency B, and one who is handler in A and finance in B."""

    agency_a: int
    agency_b: int
    a: Mapping[Role, Account]
    b: Mapping[Role, Account]
    both: Account


class Browser(FlaskClient):
    """A browser: what it posts carries the token against forged requests, unless ``forged=True``."""

    def open(self, *args: Any, forged: bool = False, **kwargs: Any) -> TestResponse:
        """Send a request; the answer is read to its end, so that no file stays open."""
        kwargs.setdefault("buffered", True)
        if kwargs.get("method", "GET") not in {"GET", "HEAD", "OPTIONS"} and not forged:
            kwargs["headers"] = {**dict(kwargs.get("headers") or {}), "X-CSRFToken": self._token()}
        return super().open(*args, **kwargs)

    def _token(self) -> str:
        with self.session_transaction() as session:
            secret = session.setdefault("csrf_token", "0" * 40)
        signer = URLSafeTimedSerializer(self.application.secret_key, salt="wtf-csrf-token")
        return str(signer.dumps(secret))

    def as_account(self, who: Account, agency_id: int | None = None) -> Browser:
        """Be signed in as somebody, without the sign-in page and its slow password."""
        moment = int(clock.now().timestamp())
        with self.session_transaction() as session:
            session.update(_user_id=f"{who.id}:{who.stamp}", _fresh=True, since=moment, seen=moment)
            if agency_id is not None:
                session["agency"] = agency_id
        return self


@cache
def _hashed() -> str:
    return hash_password(PASSWORD)


def make_people(session: Session) -> People:
    """Store both agencies and everybody in them."""
    begin_write(session)
    agencies = [Agency(name="沙坪坝区科技局"), Agency(name="梁平区科技局")]
    session.add_all(agencies)
    session.flush()
    first, second = (agency.id for agency in agencies)
    a = {role: _new_user(f"a.{role}", {first: [role]}) for role in Role}
    b = {role: _new_user(f"b.{role}", {second: [role]}) for role in Role}
    both = _new_user("both", {first: [Role.HANDLER], second: [Role.FINANCE]})
    session.add_all([*a.values(), *b.values(), both])
    session.flush()
    people = People(
        first,
        second,
        {role: _account(user) for role, user in a.items()},
        {role: _account(user) for role, user in b.items()},
        _account(both),
    )
    session.commit()
    return people


def add_account(session: Session, username: str, posts: Mapping[int, list[Role]], **more: Any) -> Account:
    """Add an account holding roles by agency; ``more`` are columns of the user. Commits nothing."""
    user = _new_user(username, posts, **more)
    session.add(user)
    session.flush()
    return _account(user)


def _new_user(username: str, posts: Mapping[int, list[Role]], **more: Any) -> User:
    return User(
        username=username,
        name=f"张{username}",
        email=f"{username}@keguan.test",
        password_hash=_hashed(),
        session_stamp=new_stamp(),
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        memberships=[
            Membership(agency_id=agency_id, role=role, unit=_UNITS.get(role, ""))
            for agency_id, roles in posts.items()
            for role in roles
        ],
        **more,
    )


def _account(user: User) -> Account:
    """Return who a stored user is in the agency of her first post."""
    agency_id = user.memberships[0].agency_id
    roles = frozenset(post.role for post in user.memberships if post.agency_id == agency_id)
    return Account(user.id, user.username, user.name, str(user.email), user.session_stamp, agency_id, roles)


def a_record(number: str, **fields: Any) -> ProjectRecord:
    """Return the record of a signed district project with a first tranche; ``fields`` replace its own."""
    usual: dict[str, Any] = {
        "number": number,
        "title": "山区智能灌溉关键技术研究",
        "programme": "沙坪坝区科技攻关重点专项",
        "nature": Nature.RESEARCH,
        "lead_unit": UNIT,
        "lead_unit_type": UnitType.UNIVERSITY,
        "lead_place": "重庆市",
        "pi_name": "李工",
        "pi_email": f"a.{Role.PI}@keguan.test",
        "joint_unit": JOINT_UNIT,
        "self_established": False,
        "milestone_managed": False,
        "subcategory": None,
        "start": date(2026, 1, 1),
        "end": date(2027, 12, 31),
        "original_end": None,
        "signed_on": date(2026, 1, 15),
        "signatories": (Signatory.DISTRICT, Signatory.UNIT, Signatory.JOINT_UNIT),
        "separate_account": True,
        "requested": 20_000_000,
        "provincial": 0,
        "district": 20_000_000,
        "joint": 0,
        "own": 5_000_000,
        "bank_name": "重庆农村商业银行沙坪坝支行",
        "bank_account": "6222020000000000001",
        "tranches": (Tranche(1, Source.DISTRICT, 14_000_000, date(2026, 2, 10), 0, None),),
    }
    return ProjectRecord(**(usual | fields))


def store_project(session: Session, agency_id: int, number: str, **fields: Any) -> Project:
    """Store the project of ``a_record`` with its findings and duties."""
    record = a_record(number, **fields)
    begin_write(session)
    (project_id,) = add_projects(session, agency_id, [record])
    keep(session, agency_id, [(project_id, record)], fresh=True)
    session.commit()
    return session.get_one(Project, project_id)
