"""The shapes every rule is made of.

A finding, like a duty, is a fact about days: it holds *since* a day and *until* another. A kind of rule works
out those days once from the record; what stands on a given day is then only a matter of looking (``on``).
That is why nothing here takes the time of day, and why pages and jobs never have to judge again: the answer
for every day is already there.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import ClassVar, NamedTuple

from lifecycle.record import ProjectRecord, Subcategory
from lifecycle.roles import Role
from lifecycle.waiting import duty_key

ALWAYS = date.min
"""``since`` of what does not depend on the day."""

ONE_DAY = timedelta(days=1)


class Strength(StrEnum):
    """How binding an article is: *must* refuses, *usual* lets staff go on with a written reason."""

    MUST = "must"
    USUAL = "usual"


class Act(StrEnum):
    """What a rule can guard: the act whose button shows the rule before it is pressed."""

    SIGN = "sign"
    PAY = "pay"
    CHANGE = "change"
    REVIEW = "review"
    """Naming the experts of a panel."""
    APPLY = "apply"
    """Applying for acceptance."""
    CONCLUDE = "conclude"


class Breach(NamedTuple):
    """What was not held from ``since`` up to, not including, ``until`` (``None``: for good)."""

    subject: str
    since: date
    until: date | None
    message: str


class Owed(NamedTuple):
    """What a kind of duty works out: owed from ``since``, by ``due``, done or closed on a day if it was."""

    subject: str
    since: date
    due: date
    done_on: date | None
    closed_on: date | None
    message: str
    user_id: int | None = None
    """The one person who owes it; ``None``: whoever holds the rule's role for the project."""
    path: str | None = None
    """The page on which it goes on, where it is not the project's own."""
    not_user_id: int | None = None
    """Who may not do it, though she holds the rule's role: she did what it decides on."""
    held: str = ""
    """What keeps anybody from doing it for the time being, with its article."""
    also: Role | None = None
    """The role that may do it just as well, where it is not the rule that says so."""
    speaks_of: str | None = None
    """What waits and of which it speaks (``Duty.speaks_of``)."""
    if_asked: bool = False
    """Owed only where an article asks it, and not merely because the agency wants it."""


class Figure(NamedTuple):
    """One line of a checklist that stands in no finding: what was asked, with the figures in it."""

    subject: str
    text: str
    known: bool = True
    """False where the record does not say what the rule asks, so that nobody can tell yet."""


class Kind(ABC):
    """A kind of rule: parameters in, breaches out. Kinds are frozen dataclasses of their parameters."""

    called: ClassVar[str] = ""
    """The name by which programme files ask for it."""

    waits_for_others: ClassVar[bool] = False
    """Whether money that it keeps back waits until others have done something: nobody is urged to pay it.

    What any other kind finds is wrong with the plan, and the bureau's own to put right.
    """

    @abstractmethod
    def breaches(self, record: ProjectRecord) -> Iterable[Breach]:
        """Return every breach over all days; messages are plain Chinese with the figures in them."""

    def figures(self, record: ProjectRecord, day: date) -> Iterable[Figure]:  # noqa: ARG002 most guard nothing
        """Return what a checklist of ``day`` shows where the rule is held; nothing: it does not apply."""
        return ()

    def asks(self, record: ProjectRecord) -> bool:  # noqa: ARG002 most ask it of every project
        """Whether what the rule wants is asked of this project as it stands."""
        return True


class DutyKind(Kind):
    """A kind whose breaches are lateness in something owed."""

    closing_excuses: ClassVar[bool] = False
    """Whether a project closed on or before the due day owes nothing any more."""

    keeps_its_words: ClassVar[bool] = False
    """Whether the words and the page of what waits are the bureau's own: its duty takes on neither."""

    @abstractmethod
    def owed(self, record: ProjectRecord) -> Iterable[Owed]:
        """Return everything owed over the whole life of the project, done or not."""

    def breaches(self, record: ProjectRecord) -> Iterable[Breach]:
        """Return what was not done in time, late from the day after it was due."""
        for owed in self.owed(record):
            if not self._in_time(owed):
                yield from _late(owed)

    def _in_time(self, owed: Owed) -> bool:
        if owed.done_on is not None and owed.done_on <= owed.due:
            return True
        return self.closing_excuses and owed.closed_on is not None and owed.closed_on <= owed.due


def _late(owed: Owed) -> Iterator[Breach]:
    """Yield the days of lateness; what was done late stays a breach, said in other words."""
    since = max(owed.since, owed.due + ONE_DAY)
    done = owed.done_on
    if done is None or done > since:
        yield Breach(owed.subject, since, done, f"{owed.message}：应于 {owed.due} 前完成，到期未完成")
    if done is not None:
        yield Breach(
            owed.subject,
            max(since, done),
            None,
            f"{owed.message}：应于 {owed.due} 前完成，实际 {done} 完成，已逾期",
        )


@dataclass(frozen=True, slots=True)
class Scope:
    """The projects a rule speaks of; what is ``None`` does not matter."""

    self_established: bool | None = None
    joint: bool | None = None
    enterprise: bool | None = None
    subcategory: Subcategory | None = None

    def covers(self, record: ProjectRecord) -> bool:
        """Whether the rule speaks of this project."""
        return (
            (self.self_established is None or self.self_established is record.self_established)
            and (self.joint is None or self.joint is bool(record.joint_unit))
            and (self.enterprise is None or self.enterprise is record.is_enterprise)
            and (self.subcategory is None or self.subcategory is record.subcategory)
        )


@dataclass(frozen=True, slots=True)
class Document:
    """A regulation: how it is cited, what it is called, who issued it and when it is in force."""

    key: str
    cited_as: str
    title: str
    issuer: str
    issued_on: date | None
    """``None`` where the document itself does not say."""
    in_force_from: date | None
    in_force_until: date | None


class Article(NamedTuple):
    """Document and article that ask an act of which only the days are the agency's own."""

    citation: str
    rule: Rule | None = None
    """The rule by which it asks the act of some projects only; ``None``: of every one."""

    def asks(self, record: ProjectRecord) -> bool:
        """Whether it asks the act of this project."""
        return self.rule is None or (self.rule.scope.covers(record) and self.rule.kind.asks(record))


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of one document: the same object judges, guards and sets duties."""

    id: str
    document: Document
    article: str
    strength: Strength
    summary: str
    kind: Kind
    scope: Scope
    guards: frozenset[Act]
    """The acts before which it is shown."""
    judges: bool
    """Whether it yields findings; a rule that only guards an act does not."""
    owner: Role | None
    """For a duty: who owes it."""
    also: tuple[Role, ...] = ()
    """For a duty: who is told of it together with its owner, since she has a part in it."""
    is_needed: bool = False
    """Of the agency's own: whether an article of some programme asks the act, so that it cannot be left."""
    articles: tuple[Article, ...] = ()
    """Of the agency's own: what asks the act in this programme."""

    @property
    def citation(self) -> str:
        """Document and article as a message cites them."""
        return f"{self.document.cited_as} {self.article}"

    def asked_by(self, record: ProjectRecord) -> str | None:
        """Return the article that asks the act of a project, where only its days are the agency's own."""
        return next((one.citation for one in self.articles if one.asks(record)), None)

    def cited(self, asked_by: str | None) -> str:
        """Return what a duty rests on: the article that asks it, and whose the days are; else the rule's."""
        return f"{asked_by}；期限：{self.document.cited_as}" if asked_by else self.citation


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule not held by a project on the days from ``since`` up to, not including, ``until``."""

    project: str
    rule: Rule
    subject: str
    since: date
    until: date | None
    message: str
    reason: str | None = None
    reason_since: date | None = None

    def on(self, day: date) -> bool:
        """Whether the finding stands on ``day``."""
        return self.since <= day and (self.until is None or day < self.until)

    def reason_on(self, day: date) -> str | None:
        """Return the written reason for going on all the same, if it had been given by ``day``."""
        return self.reason if self.reason_since is not None and self.reason_since <= day else None


@dataclass(frozen=True, slots=True)
class Duty:
    """Something owed by a date, why and by whom; open from ``since`` until done or the project closes."""

    project: str
    rule: Rule
    subject: str
    since: date
    due: date
    done_on: date | None
    closed_on: date | None
    message: str
    user_id: int | None = None
    """The one person who owes it; ``None``: whoever holds the rule's role for the project."""
    path: str | None = None
    """The page on which it goes on, where it is not the project's own."""
    not_user_id: int | None = None
    """Who may not do it, though she holds the rule's role: she did what it decides on."""
    held: str = ""
    """What keeps anybody from doing it for the time being, with its article: nobody is urged to."""
    also: Role | None = None
    """The role that may do it just as well, where it is not the rule that says so."""
    speaks_of: str | None = None
    """What waits and of which it speaks: a turn's id, or its own key where it speaks in a turn's place."""
    asked_by: str | None = None
    """The article that asks it, where the rule is the agency's own and only says by when."""
    taken_on_by: Role | None = None
    """Whose turn it is, where the rule's role has done its part (``lifecycle.rules.said_once``)."""

    @property
    def key(self) -> str:
        """How what waits names it."""
        return duty_key(self.rule.kind.called, self.subject)

    @property
    def words(self) -> str:
        """What is to be done, and what keeps it back."""
        return f"{self.message}；暂缓拨付中：{self.held}，解除后办理" if self.held else self.message

    @property
    def owner(self) -> Role | None:
        """Who must act next."""
        return self.taken_on_by or self.rule.owner

    @property
    def told_too(self) -> tuple[Role, ...]:
        """Who is told as well from the first step on."""
        if self.taken_on_by is not None or self.also is not None:
            return () if self.also is None else (self.also,)
        return self.rule.also

    @property
    def settled_on(self) -> date | None:
        """The day from which nothing is owed any more: done, or closed with the project."""
        days = [day for day in (self.done_on, self.closed_on) if day is not None]
        return min(days, default=None)

    def open_on(self, day: date) -> bool:
        """Whether it is owed and not yet settled on ``day``."""
        return self.since <= day and (self.settled_on is None or day < self.settled_on)


def spells(
    moments: Iterable[date | None], held: Callable[[date], str | None], first: date = ALWAYS
) -> Iterator[tuple[date, date | None, str]]:
    """Yield the runs of days on which ``held`` returns a message, from ``first`` on.

    ``moments`` are the days on which its answer can change; neighbouring runs with one message are joined.
    """
    days = [first, *sorted({day for day in moments if day is not None and day > first})]
    start: date | None = None
    current: str | None = None
    for day in days:
        message = held(day)
        if message == current:
            continue
        if current is not None and start is not None:
            yield start, day, current
        start, current = day, message
    if current is not None and start is not None:
        yield start, None, current
