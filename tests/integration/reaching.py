"""People who come and go and choose how they are told, and by hand who must be told of a step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from lifecycle.database import begin_write
from lifecycle.models import BouncedAddress, Membership, PersonChoice, User
from lifecycle.record import ProjectRecord
from lifecycle.roles import Role
from lifecycle.rulebook import rulebook
from lifecycle.rules.base import Duty

Way = tuple[str, str]
"""By which way, and the account's id or the address in small letters."""

BUREAU = (Role.HANDLER, Role.FINANCE, Role.APPROVER)


@dataclass
class Someone:
    """An account as it is at the moment."""

    id: int
    email: str
    posts: list[tuple[Role, str]]
    active: bool = True
    by_mail: bool = True
    mail_ahead: int | None = None
    programmes: list[str] | None = None
    deputy: tuple[int, date, date] | None = None

    def holds(self, role: Role, unit: str | None = None) -> bool:
        """Whether she holds a role, for a unit where one is named."""
        return self.active and any(one == role and unit in (None, of) for one, of in self.posts)


@dataclass
class Town:
    """Everybody in an agency."""

    session: Session
    agency_id: int
    shuffle: Random
    people: list[Someone] = field(default_factory=list)
    bounced: set[str] = field(default_factory=set)
    manager_from: int = 7
    approver_from: int = 15
    """From how many days after the deadline on each of them is told too."""

    def settle(self, records: Sequence[ProjectRecord]) -> None:
        """Give the bureau colleagues, some units their people and some leaders accounts."""
        begin_write(self.session)
        for serial, role in enumerate([*BUREAU, *BUREAU, Role.ADMIN]):
            self._add(f"{role.value}{serial}", role, "")
        units = sorted({one.lead_unit for one in records})
        for serial, unit in enumerate(self.shuffle.sample(units, len(units) // 2)):
            self._add(f"unit{serial}", Role.UNIT_MANAGER, unit)
            if serial % 3 == 0:
                self._add(f"second{serial}", Role.UNIT_MANAGER, unit)
                self._add(f"books{serial}", Role.UNIT_FINANCE, unit)
        for serial, unit in enumerate(sorted({one.joint_unit for one in records if one.joint_unit})):
            if serial % 2:
                self._add(f"joint{serial}", Role.JOINT_UNIT, unit)
        leaders = sorted({one.pi_email for one in records if one.pi_email})
        for serial, email in enumerate(self.shuffle.sample(leaders, len(leaders) // 3)):
            self._add(f"leader{serial}", Role.PI, "", email.upper() if serial % 2 else email)
        self.session.commit()
        self.people = list(self._everybody())

    def _add(self, name: str, role: Role, unit: str, email: str | None = None) -> None:
        self.session.add(
            User(
                username=name,
                name=name,
                email=email or f"{name}@town.test",
                password_hash="",
                session_stamp=name,
                created_at=datetime(2024, 1, 1, tzinfo=UTC),
                memberships=[Membership(agency_id=self.agency_id, role=role, unit=unit)],
            )
        )

    def _everybody(self) -> Iterator[Someone]:
        posts: dict[int, list[tuple[Role, str]]] = {}
        for one in self.session.scalars(select(Membership).where(Membership.agency_id == self.agency_id)):
            posts.setdefault(one.user_id, []).append((one.role, one.unit))
        for user in self.session.scalars(select(User).where(User.id.in_(posts)).order_by(User.id)).all():
            yield Someone(user.id, user.email or "", posts[user.id])
        self.session.rollback()

    def change(self, day: date) -> None:
        """Let something happen to somebody."""
        begin_write(self.session)
        one = self.shuffle.choice(self.people)
        match self.shuffle.randrange(5):
            case 0 if not one.holds(Role.ADMIN):
                one.active = not one.active
                self.session.execute(update(User).where(User.id == one.id).values(is_active=one.active))
            case 1:
                self._bounce(one.email.lower())
            case 2:
                one.by_mail, one.mail_ahead = self.shuffle.random() < 0.7, self.shuffle.choice((None, 7, 1))
            case 3:
                keys = self.shuffle.sample(rulebook().programmes, 4)
                one.programmes = keys if one.posts[0][0] in BUREAU else None
            case _:
                self._send_away(one, day)
        self._keep(one)
        self.session.commit()

    def _bounce(self, address: str) -> None:
        box = BouncedAddress
        if address in self.bounced:
            self.bounced.remove(address)
            own = (box.agency_id == self.agency_id, box.address == address)
            self.session.execute(delete(box).where(*own))
        elif address:
            self.bounced.add(address)
            since = datetime(2025, 1, 1, tzinfo=UTC)
            self.session.add(box(agency_id=self.agency_id, address=address, error="550", since=since))

    def _send_away(self, one: Someone, day: date) -> None:
        role, unit = one.posts[0]
        others = [other for other in self.people if other is not one and other.holds(role, unit)]
        if others:
            until = day + timedelta(self.shuffle.randrange(60))
            one.deputy = (self.shuffle.choice(others).id, day, until)

    def _keep(self, one: Someone) -> None:
        own = (PersonChoice.user_id == one.id, PersonChoice.agency_id == self.agency_id)
        self.session.execute(delete(PersonChoice).where(*own))
        deputy = one.deputy or (None, None, None)
        self.session.add(
            PersonChoice(
                user_id=one.id,
                agency_id=self.agency_id,
                by_mail=one.by_mail,
                mail_ahead=one.mail_ahead,
                programmes=one.programmes,
                deputy_id=deputy[0],
                deputy_from=deputy[1],
                deputy_until=deputy[2],
            )
        )

    def told(self, duty: Duty, owner: Role, record: ProjectRecord, offset: int, day: date) -> set[Way]:
        """Return every way by which a step of a duty must reach somebody."""
        roles = [owner, *duty.told_too]
        if owner is Role.EXPERT and offset > 0:
            roles.append(Role.HANDLER)
        if offset >= self.manager_from and owner in (Role.PI, Role.UNIT_FINANCE, Role.JOINT_UNIT):
            roles.append(Role.UNIT_MANAGER)
        if offset >= self.approver_from:
            roles.append(Role.APPROVER)
        late = duty.due < day
        ways: set[Way] = set()
        told: set[int] = set()
        away: set[int] = set()
        for role in roles:
            pi_too = role is not owner or Role.PI in duty.told_too
            found = self._holding(role, record, pi_too=pi_too)
            if duty.user_id is not None and role is owner:
                found = self._alone(duty.user_id, role, found)
            address = (record.pi_email or "").lower()
            written_to = role is Role.PI or (pi_too and role in (Role.UNIT_MANAGER, Role.UNIT_FINANCE))
            if not found and written_to and address and address not in self.bounced:
                ways.add(("电子邮件", address))
            elif not found:
                found = [one for one in self.people if one.holds(Role.ADMIN)]
                role = Role.ADMIN  # noqa: PLW2901 they are told in its place
            for one in found:
                ways.update(self._ways(one, offset, late=late))
                told.add(one.id)
                away |= self._deputy(one, role, record, day)
        for one in self.people:
            if one.id in away - told:
                ways.update(self._ways(one, offset, late=late))
        return ways

    def _alone(self, user_id: int, role: Role, found: list[Someone]) -> list[Someone]:
        """Return the one who owes it; where she holds the role no more, whoever does, but no expert."""
        of = self.people if role in (*BUREAU, Role.EXPERT) else found
        hers = [one for one in of if one.id == user_id and one.holds(role)]
        return hers if hers or role is Role.EXPERT else found

    def _holding(self, role: Role, record: ProjectRecord, *, pi_too: bool) -> list[Someone]:
        if role is Role.PI:
            address = (record.pi_email or "").lower()
            return [
                one for one in self.people if one.holds(role) and address and one.email.lower() == address
            ]
        if role is Role.UNIT_MANAGER:
            found = [one for one in self.people if one.holds(role, record.lead_unit)]
            return found or (self._holding(Role.PI, record, pi_too=True) if pi_too else [])
        if role is Role.UNIT_FINANCE:
            found = [one for one in self.people if one.holds(role, record.lead_unit)]
            return found or self._holding(Role.UNIT_MANAGER, record, pi_too=pi_too)
        if role is Role.JOINT_UNIT:
            return [one for one in self.people if record.joint_unit and one.holds(role, record.joint_unit)]
        found = [one for one in self.people if one.holds(role)]
        hers = [one for one in found if one.programmes is None or record.programme in one.programmes]
        return hers or found

    def _ways(self, one: Someone, offset: int, *, late: bool) -> Iterable[Way]:
        yield ("站内消息", str(one.id))
        early = one.by_mail and (one.mail_ahead is None or -one.mail_ahead <= offset)
        if one.email and one.email.lower() not in self.bounced and (late or early):
            yield ("电子邮件", one.email.lower())

    def _deputy(self, one: Someone, role: Role, record: ProjectRecord, day: date) -> set[int]:
        if role is Role.EXPERT:  # what she is asked is hers alone
            return set()
        if one.deputy is None or not one.deputy[1] <= day <= one.deputy[2]:
            return set()
        stands_in = next(other for other in self.people if other.id == one.deputy[0])
        mine = [post for post in one.posts if post[0] == role] or one.posts
        unit = mine[0][1] if mine[0][0] not in (*BUREAU, Role.ADMIN, Role.PI) else None
        if mine[0][0] is Role.PI:  # another leader does not see the project
            return {stands_in.id} if stands_in.holds(Role.UNIT_MANAGER, record.lead_unit) else set()
        may = stands_in.holds(mine[0][0], unit)
        if mine[0][0] is Role.UNIT_FINANCE:
            may = may or stands_in.holds(Role.UNIT_MANAGER, unit)
        return {stands_in.id} if may else set()
