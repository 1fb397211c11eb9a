"""Who is told of a duty: whoever owes it, the others as it grows late, and nobody's message is lost.

People, what they have chosen and which addresses are refused are read once for an agency; working out who is
told of a duty then asks the database nothing. Whoever has neither an account nor an address that takes
letters is reached by nothing, as if nobody held her role.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple

from sqlalchemy import and_, case, func, select, true
from sqlalchemy.orm import Session

from lifecycle.deputies import Held, held, stands_in
from lifecycle.models import BouncedAddress, Membership, PersonChoice, Project, User
from lifecycle.reminding import USUAL
from lifecycle.roles import ROLE_NAMES, UNIT_ROLES, Role


class Parties(NamedTuple):
    """The people and units that a project's record names, and its programme."""

    pi_name: str
    pi_email: str | None
    lead_unit: str
    joint_unit: str | None
    programme: str = ""


def parties_of(project: Project) -> Parties:
    """Return what a project's record says of them."""
    return Parties(*(getattr(project, name) for name in Parties._fields))


class Post(NamedTuple):
    """One role that an active person holds in the agency, with what she has chosen."""

    user_id: int
    name: str
    email: str | None
    role: Role
    unit: str
    by_mail: bool = True
    mail_ahead: int | None = None
    programmes: Collection[str] | None = None
    """The programmes she looks after; ``None``: all of them."""
    deputy_id: int | None = None
    """Who is told as well on the day that is asked about."""


_FROM_THE_FIRST = -(10**6)
_WHEN_LATE = 1


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody who is told: in the inbox where there is an account, by e-mail where there is an address."""

    name: str
    user_id: int | None
    email: str | None
    takes_letters: bool = True
    """Whether letters reach her address, as far as is known."""
    mails_from: int = _FROM_THE_FIRST
    """From how many days after the deadline (negative: before it) on e-mails are wanted; late ones always."""
    stands_for: str = ""
    """The names of those who are away and for whom she is told."""
    asked: str = ""
    """What an admin is asked to do, who is told because nobody else can be."""

    @property
    def label(self) -> str:
        """How the log names her: ``李四（代 张三）`` where she is told for somebody else."""
        return f"{self.name}（代 {self.stands_for}）" if self.stands_for else self.name


@dataclass(frozen=True, slots=True)
class Told:
    """Everybody who is told of one step of a duty, each once, and how the log names them."""

    people: tuple[Recipient, ...]
    names: str
    offset: int = 0
    """Which step it is: days after the deadline, negative before it."""

    @property
    def in_app(self) -> list[Recipient]:
        """Who is told in the inbox, each account once."""
        return list({one.user_id: one for one in self.people if one.user_id is not None}.values())

    @property
    def user_ids(self) -> list[int]:
        """The accounts told, each once."""
        return [one.user_id for one in self.in_app if one.user_id is not None]

    def by_mail(self, *, late: bool) -> list[Recipient]:
        """Return who is told by e-mail, each address once however it is capitalised."""
        able = [one for one in self.people if one.email and one.takes_letters]
        wanted = [one for one in able if late or one.mails_from <= self.offset]
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


class Followers(NamedTuple):
    """Who is told of a late duty because the agency has set it so: from this step on, and since before it."""

    from_now: Sequence[Role] = ()
    before: Sequence[Role] = ()


NO_FOLLOWERS = Followers()


def followers(owner: Role, offset: int, escalation: Mapping[Role, int]) -> Followers:
    """Return whom ``offset`` days of lateness bring in besides the owner."""
    told = [
        role for role in roles_told(owner, offset, escalation) if role in escalation and role is not owner
    ]
    return Followers(
        [role for role in told if escalation[role] == offset],
        [role for role in told if escalation[role] < offset],
    )


LOOKING_AFTER = frozenset({Role.HANDLER, Role.FINANCE, Role.APPROVER})
"""Roles whose holders may share the programmes out among themselves."""


class _Holder(NamedTuple):
    """Somebody who holds a role, and who is told for her while she is away."""

    person: Recipient
    programmes: frozenset[str] | None = None
    deputy_id: int | None = None

    def asked_for(self, role: Role, parties: Parties) -> _Holder:
        """Return an admin as who is asked to see to it that somebody can do what ``role`` must."""
        name, whose = _name_of(role, parties), "该单位" if role in UNIT_ROLES else "其"
        asked = f"{name}还没有可以办理的账号，请为{whose}开设账号。"
        return self._replace(person=replace(self.person, asked=asked))


class AddressBook:
    """The people of one agency, ready to be asked who is told."""

    def __init__(
        self,
        posts: Iterable[Post],
        escalation: Mapping[Role, int] = USUAL.escalation,
        bounced: Collection[str] = (),
    ) -> None:
        """Take the posts of active people, and the refused addresses in small letters."""
        self._escalation = escalation
        self._bounced = bounced
        self._by_role: dict[Role, list[_Holder]] = defaultdict(list)
        self._by_unit: dict[tuple[Role, str], list[_Holder]] = defaultdict(list)
        self._pis: dict[str, list[_Holder]] = defaultdict(list)
        self._looks_after: dict[tuple[Role, str], list[_Holder]] = {}
        all_posts = list(posts)
        self._people = {post.user_id: self._person(post) for post in all_posts}
        self._held: dict[int, set[Held]] = defaultdict(set)
        for post in all_posts:
            self._held[post.user_id].add(held(post.role, post.unit))
        for post in all_posts:
            self._enter(post)

    def _person(self, post: Post) -> Recipient:
        takes_letters = (post.email or "").casefold() not in self._bounced
        ahead = _FROM_THE_FIRST if post.mail_ahead is None else -post.mail_ahead
        begins = ahead if post.by_mail else _WHEN_LATE
        return Recipient(post.name, post.user_id, post.email, takes_letters, begins)

    def _enter(self, post: Post) -> None:
        programmes = None if post.programmes is None else frozenset(post.programmes)
        holder = _Holder(self._people[post.user_id], programmes, post.deputy_id)
        if post.role is Role.PI and post.email:
            self._pis[post.email.lower()].append(holder)  # for whom a deputy may do, the project says
            return
        if not self._may_stand_in(post.deputy_id, post.role, post.unit):
            holder = holder._replace(deputy_id=None)
        if post.role in UNIT_ROLES:
            self._by_unit[post.role, post.unit].append(holder)
        else:
            self._by_role[post.role].append(holder)

    def _may_stand_in(self, deputy_id: int | None, role: Role, unit: str) -> bool:
        return deputy_id is not None and stands_in(self._held.get(deputy_id, ()), role, unit)

    @classmethod
    def of(
        cls,
        session: Session,
        agency_id: int,
        today: date,
        escalation: Mapping[Role, int] = USUAL.escalation,
    ) -> AddressBook:
        """Return the agency's people as they are now, and who is away on ``today``, by two statements."""
        away = and_(PersonChoice.deputy_from <= today, PersonChoice.deputy_until >= today)
        query = (
            select(
                *(User.id, User.name, User.email, Membership.role, Membership.unit),
                func.coalesce(PersonChoice.by_mail, true()),
                *(PersonChoice.mail_ahead, PersonChoice.programmes),
                case((away, PersonChoice.deputy_id)),
            )
            .join(Membership, Membership.user_id == User.id)
            .outerjoin(
                PersonChoice, and_(PersonChoice.user_id == User.id, PersonChoice.agency_id == agency_id)
            )
            .where(Membership.agency_id == agency_id, User.is_active)
            .order_by(User.id, Membership.id)
        )
        refused = select(BouncedAddress.address).where(BouncedAddress.agency_id == agency_id)
        posts = [Post(*row) for row in session.execute(query)]
        return cls(posts, escalation, frozenset(session.scalars(refused)))

    def told(
        self,
        owner: Role,
        offset: int,
        parties: Parties,
        user_id: int | None = None,
        also: Collection[Role] = (),
        not_user_id: int | None = None,
    ) -> Told:
        """Return who is told of a duty ``offset`` days after its deadline.

        ``user_id`` is the one person who owes it, told instead of everybody who holds the role as long as she
        holds it (no expert is ever told of another's review); ``also`` are told from the first step on;
        ``not_user_id`` may not do it herself and is told neither as its owner nor for one.
        Where nobody who holds a role can be reached, the agency's admins get the message for her, and the log
        says so. For her unit the pi hears of what it follows, and of what she may do as well (``also``), not
        of what only the unit may do. Of those who are away, the deputies are told too, once, and not if they
        are told anyway; deputies of deputies are not.
        """
        people: dict[Recipient, None] = {}
        names: dict[str, bool] = {}
        away: list[_Holder] = []
        for role in dict.fromkeys([owner, *also, *roles_told(owner, offset, self._escalation)]):
            alone = (user_id, not_user_id) if role is owner else (None, None)
            found = self._holders(role, parties, *alone, pi_too=role is not owner or Role.PI in also)
            if found:
                names.update((one.person.name, True) for one in found)
            else:
                found = [one.asked_for(role, parties) for one in self._by_role[Role.ADMIN]]
                names.setdefault(_stand_in(role, parties, admins=bool(found)), bool(found))
            people.update((one.person, None) for one in found)
            away += [one for one in found if one.deputy_id is not None]
        for deputy in self._deputies(away, people, not_user_id) if away else ():
            people[deputy] = None
            names[deputy.label] = True
        # Where others are told, the log says who is not; where nobody is, the proof has a row of its own.
        shown = (name if told or not people else f"{name}（无人可告知）" for name, told in names.items())
        return Told(tuple(people), "、".join(shown), offset)

    def holders(self, role: Role, parties: Parties) -> list[Recipient]:
        """Return those who hold a role for a project and can be reached; nobody stands in for them."""
        return [one.person for one in self._all_holders(role, parties, pi_too=False)]

    def _deputies(
        self, away: Iterable[_Holder], told: Iterable[Recipient], barred: int | None
    ) -> list[Recipient]:
        own = {barred, *(one.user_id for one in told)}
        absent: dict[int, dict[str, None]] = {}
        for one in away:
            if one.deputy_id is not None and one.deputy_id not in own:
                absent.setdefault(one.deputy_id, {})[one.person.name] = None
        return [replace(self._people[id_], stands_for="、".join(names)) for id_, names in absent.items()]

    def _holders(
        self, role: Role, parties: Parties, user_id: int | None, not_user_id: int | None, *, pi_too: bool
    ) -> list[_Holder]:
        """Return those who hold a role for a project and can be reached; for her unit, perhaps the pi."""
        holders = self._all_holders(role, parties, pi_too=pi_too)
        if user_id is not None:
            hers = [one for one in holders if one.person.user_id == user_id]
            if hers or role is Role.EXPERT:
                return hers
        if role not in LOOKING_AFTER:
            return holders
        found = self._who_look_after(role, parties.programme)
        if not_user_id is None:
            return found
        others = [one for one in found if one.person.user_id != not_user_id]
        return others or [one for one in self._by_role[role] if one.person.user_id != not_user_id]

    def _all_holders(self, role: Role, parties: Parties, *, pi_too: bool) -> list[_Holder]:
        if role is Role.PI:
            return self._pi(parties)
        if role is Role.UNIT_MANAGER:
            return self._by_unit.get((role, parties.lead_unit)) or (self._pi(parties) if pi_too else [])
        if role is Role.UNIT_FINANCE:
            own = self._by_unit.get((role, parties.lead_unit))
            return own or self._all_holders(Role.UNIT_MANAGER, parties, pi_too=pi_too)
        if role is Role.JOINT_UNIT:
            return self._by_unit.get((role, parties.joint_unit or ""), [])
        return self._by_role[role]

    def _who_look_after(self, role: Role, programme: str) -> list[_Holder]:
        """Return those of a role who look after a programme; where nobody does, all of them."""
        key = (role, programme)
        if key not in self._looks_after:
            everybody = self._by_role[role]
            hers = [one for one in everybody if one.programmes is None or programme in one.programmes]
            self._looks_after[key] = hers or everybody
        return self._looks_after[key]

    def _pi(self, parties: Parties) -> list[_Holder]:
        """Return the accounts that bear the pi's address, else the address itself where letters reach it."""
        if not parties.pi_email:
            return []
        accounts = self._pis.get(parties.pi_email.lower())
        if not accounts:
            refused = parties.pi_email.casefold() in self._bounced
            return [] if refused else [_Holder(Recipient(parties.pi_name, None, parties.pi_email))]
        return [
            one
            if self._may_stand_in(one.deputy_id, Role.PI, parties.lead_unit)
            else one._replace(deputy_id=None)
            for one in accounts
        ]


def _stand_in(role: Role, parties: Parties, *, admins: bool) -> str:
    """Return how the log names a role that nobody reachable holds."""
    name = _name_of(role, parties)
    return f"{name}（管理员代收）" if admins else name


def _name_of(role: Role, parties: Parties) -> str:
    named = {
        Role.PI: parties.pi_name,
        Role.UNIT_MANAGER: parties.lead_unit,
        Role.UNIT_FINANCE: parties.lead_unit,
        Role.JOINT_UNIT: parties.joint_unit,
    }
    return named.get(role) or ROLE_NAMES[role]
