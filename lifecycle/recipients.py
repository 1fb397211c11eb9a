"""Who is told of a duty: whoever owes it, the others as it grows late, and nobody's message is lost.

People are read once for an agency; working out who is told of a duty then asks the database nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import and_, func, select, true
from sqlalchemy.orm import Session

from lifecycle.models import Membership, PersonChoice, User
from lifecycle.reminding import USUAL
from lifecycle.roles import ROLE_NAMES, UNIT_ROLES, Role


class Parties(NamedTuple):
    """The people and units that a project's record names."""

    pi_name: str
    pi_email: str | None
    lead_unit: str
    joint_unit: str | None


class Post(NamedTuple):
    """One role that an active person holds in the agency."""

    user_id: int
    name: str
    email: str | None
    role: Role
    unit: str
    by_mail: bool = True


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody who is told: in the inbox where there is an account, by e-mail where there is an address."""

    name: str
    user_id: int | None
    email: str | None
    mail_when_late: bool = False
    """Whether e-mails before the deadline are not wanted."""


@dataclass(frozen=True, slots=True)
class Told:
    """Everybody who is told of one step of a duty, each once, and how the log names them."""

    people: tuple[Recipient, ...]
    names: str

    @property
    def user_ids(self) -> list[int]:
        """The accounts told, each once."""
        return list(dict.fromkeys(one.user_id for one in self.people if one.user_id is not None))

    def by_mail(self, *, late: bool) -> list[Recipient]:
        """Return who is told by e-mail, each address once however it is capitalised."""
        wanted = [one for one in self.people if one.email and (late or not one.mail_when_late)]
        return list({(one.email or "").casefold(): one for one in wanted}.values())


_FOLLOWED: Mapping[Role, frozenset[Role]] = {
    Role.UNIT_MANAGER: frozenset({Role.PI, Role.UNIT_FINANCE, Role.JOINT_UNIT})
}
"""Role → whose lateness she follows: no unit is told of what its bureau is late with. Others: everybody's."""


def roles_told(owner: Role, offset: int, escalation: Mapping[Role, int]) -> list[Role]:
    """Return the roles told ``offset`` days after the deadline (negative: before it), the owner first.

    ``escalation`` says from how many days after the deadline on a role is told too. An expert's lateness is
    the handler's to follow as soon as she is late.
    """
    later = [role for role, days in escalation.items() if offset >= days and role is not owner]
    later = [role for role in later if role not in _FOLLOWED or owner in _FOLLOWED[role]]
    return [owner, *([Role.HANDLER] if owner is Role.EXPERT and offset > 0 else []), *later]


class AddressBook:
    """The people of one agency, ready to be asked who is told."""

    def __init__(self, posts: Iterable[Post], escalation: Mapping[Role, int] = USUAL.escalation) -> None:
        self._escalation = escalation
        self._by_role: dict[Role, list[Recipient]] = defaultdict(list)
        self._by_unit: dict[tuple[Role, str], list[Recipient]] = defaultdict(list)
        self._pis: dict[str, list[Recipient]] = defaultdict(list)
        for post in posts:
            person = Recipient(post.name, post.user_id, post.email, not post.by_mail)
            if post.role in UNIT_ROLES:
                self._by_unit[post.role, post.unit].append(person)
            elif post.role is Role.PI and post.email:
                self._pis[post.email.lower()].append(person)
            else:
                self._by_role[post.role].append(person)

    @classmethod
    def of(
        cls, session: Session, agency_id: int, escalation: Mapping[Role, int] = USUAL.escalation
    ) -> AddressBook:
        """Return the agency's people as they are now, in one query."""
        by_mail = func.coalesce(PersonChoice.by_mail, true())
        own = and_(PersonChoice.user_id == User.id, PersonChoice.agency_id == agency_id)
        query = (
            select(User.id, User.name, User.email, Membership.role, Membership.unit, by_mail)
            .join(Membership, Membership.user_id == User.id)
            .outerjoin(PersonChoice, own)
            .where(Membership.agency_id == agency_id, User.is_active)
            .order_by(User.id, Membership.id)
        )
        return cls((Post(*row) for row in session.execute(query)), escalation)

    def told(
        self,
        owner: Role,
        offset: int,
        parties: Parties,
        user_id: int | None = None,
        also: Iterable[Role] = (),
    ) -> Told:
        """Return who is told of a duty ``offset`` days after its deadline.

        ``user_id`` is the one person who owes it, told instead of everybody who holds the role as long as she
        holds it (no expert is ever told of another's review); ``also`` are told from the first step on.
        Where nobody who holds a role can be reached, the agency's admins get the message for her, and the log
        says so.
        """
        people: dict[Recipient, None] = {}
        names: dict[str, None] = {}
        for role in dict.fromkeys([owner, *also, *roles_told(owner, offset, self._escalation)]):
            found = self._holders(role, parties)
            if role is owner and user_id is not None:
                hers = [one for one in found if one.user_id == user_id]
                found = hers if hers or role is Role.EXPERT else found
            if found:
                names.update((one.name, None) for one in found)
            else:
                found = self._by_role[Role.ADMIN]
                names[_stand_in(role, parties, admins=bool(found))] = None
            people.update((one, None) for one in found)
        return Told(tuple(people), "、".join(names))

    def _holders(self, role: Role, parties: Parties) -> list[Recipient]:
        if role is Role.PI:
            return self._pi(parties)
        if role is Role.UNIT_MANAGER:
            return self._by_unit.get((role, parties.lead_unit)) or self._pi(parties)
        if role is Role.UNIT_FINANCE:
            return self._by_unit.get((role, parties.lead_unit)) or self._holders(Role.UNIT_MANAGER, parties)
        if role is Role.JOINT_UNIT:
            return self._by_unit.get((role, parties.joint_unit or ""), [])
        return self._by_role[role]

    def _pi(self, parties: Parties) -> list[Recipient]:
        """Return the accounts that bear the pi's address, else the address itself as the record has it."""
        if not parties.pi_email:
            return []
        accounts = self._pis.get(parties.pi_email.lower())
        return accounts or [Recipient(parties.pi_name, None, parties.pi_email)]


def _stand_in(role: Role, parties: Parties, *, admins: bool) -> str:
    """Return how the log names a role that nobody reachable holds."""
    named = {
        Role.PI: parties.pi_name,
        Role.UNIT_MANAGER: parties.lead_unit,
        Role.UNIT_FINANCE: parties.lead_unit,
        Role.JOINT_UNIT: parties.joint_unit,
    }
    name = named.get(role) or ROLE_NAMES[role]
    return f"{name}（管理员代收）" if admins else name
