"""The terms of a task agreement: everything the parties agree on, as plain frozen values.

A version in force is what the record says of its project, so that the rules judge what was agreed:
``applied`` puts terms on a record, ``terms_of`` reads them off one that came with a ledger. Amounts are fen.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from types import NoneType
from typing import Any, NamedTuple, TypeVar, cast, get_args, get_origin, get_type_hints

from lifecycle.money import Fen
from lifecycle.record import (
    BudgetLine,
    Direction,
    Indicator,
    IndicatorCategory,
    Milestone,
    Nature,
    Partner,
    ProjectRecord,
    Source,
    Tranche,
    UnitType,
)


@dataclass(frozen=True, slots=True)
class Member:
    """One of the project's people."""

    name: str
    unit: str
    title: str
    """职称或职务."""
    task: str


@dataclass(frozen=True, slots=True)
class IndicatorTerm:
    """考核指标 as agreed; the guide's value beside it."""

    name: str
    category: IndicatorCategory
    direction: Direction
    unit: str | None
    guide_value: str | None
    agreed_value: str | None
    guide_number: Decimal | None
    agreed_number: Decimal | None


@dataclass(frozen=True, slots=True)
class MilestoneTerm:
    """里程碑: what is to be reached by when."""

    number: int
    name: str | None
    planned_on: date
    goal: str


@dataclass(frozen=True, slots=True)
class TrancheTerm:
    """One tranche of the plan with the condition on which it is paid."""

    number: int
    source: Source
    planned: Fen
    planned_on: date | None
    condition: str


@dataclass(frozen=True, slots=True)
class Terms:
    """Everything a task agreement lays down."""

    title: str
    nature: Nature | None
    lead_unit: str
    lead_unit_type: UnitType | None
    lead_place: str | None
    pi_name: str
    pi_email: str | None
    joint_unit: str | None
    milestone_managed: bool
    start: date
    end: date
    separate_account: bool | None
    provincial: Fen
    district: Fen
    joint: Fen
    own: Fen
    bank_name: str | None
    bank_account: str | None
    goals: str = ""
    members: tuple[Member, ...] = ()
    partners: tuple[Partner, ...] = ()
    indicators: tuple[IndicatorTerm, ...] = ()
    milestones: tuple[MilestoneTerm, ...] = ()
    budget: tuple[BudgetLine, ...] = ()
    tranches: tuple[TrancheTerm, ...] = ()

    def funds(self, source: Source) -> Fen:
        """Return what is agreed from one source."""
        return {
            Source.PROVINCIAL: self.provincial,
            Source.DISTRICT: self.district,
            Source.JOINT: self.joint,
            Source.OWN: self.own,
        }[source]

    @property
    def total(self) -> Fen:
        """All money of the project."""
        return self.provincial + self.district + self.joint + self.own


_OWN_FIELDS = tuple(
    field.name
    for field in fields(Terms)
    if field.name not in {"goals", "members", "indicators", "milestones", "tranches"}
)
"""Fields of the terms that the record bears under the same name."""


def terms_of(record: ProjectRecord) -> Terms:
    """Return the terms that a record amounts to; goals, people and conditions are not in a ledger."""
    own = {name: getattr(record, name) for name in _OWN_FIELDS}
    return Terms(
        **own,
        indicators=tuple(_indicator_term(one) for one in record.indicators),
        milestones=tuple(
            MilestoneTerm(one.number, one.name, one.planned_on, "") for one in record.milestones
        ),
        tranches=tuple(
            TrancheTerm(one.number, one.source, one.planned, one.planned_on, "")
            for one in record.tranches
            if one.planned or one.paid
        ),
    )


def applied(record: ProjectRecord, terms: Terms) -> ProjectRecord:
    """Return the record as it is once these terms are in force.

    What has happened stays: values reached, reports made, money paid. A tranche that the terms no longer have
    but that was paid stays as it is.
    """
    own = {name: getattr(terms, name) for name in _OWN_FIELDS}
    if terms.separate_account is None:
        own["separate_account"] = record.separate_account  # stated by the unit in the meantime
    return replace(
        record,
        **own,
        indicators=tuple(_indicators(record, terms)),
        milestones=tuple(_milestones(record, terms)),
        tranches=tuple(_tranches(record, terms)),
        members=tuple(member.name for member in terms.members),
    )


def _indicator_term(one: Indicator) -> IndicatorTerm:
    return IndicatorTerm(
        one.name,
        one.category,
        one.direction,
        one.unit,
        one.guide_value,
        one.agreed_value,
        one.guide_number,
        one.agreed_number,
    )


def _indicators(record: ProjectRecord, terms: Terms) -> Iterator[Indicator]:
    achieved = {one.name: one.achieved_value for one in record.indicators}
    for one in terms.indicators:
        yield Indicator(
            one.name,
            one.category,
            one.direction,
            one.unit,
            one.guide_value,
            one.agreed_value,
            achieved.get(one.name),
            one.guide_number,
            one.agreed_number,
        )


def _milestones(record: ProjectRecord, terms: Terms) -> Iterator[Milestone]:
    known = {one.number: one for one in record.milestones}
    for one in terms.milestones:
        old = known.get(one.number)
        if old is None:
            yield Milestone(one.number, one.name, one.planned_on, None, None, None)
        else:
            yield replace(old, name=one.name, planned_on=one.planned_on)


def _tranches(record: ProjectRecord, terms: Terms) -> Iterator[Tranche]:
    known: dict[tuple[Source, int], list[Tranche]] = defaultdict(list)
    for row in record.tranches:
        known[row.source, row.number].append(row)
    agreed = Counter((one.source, one.number) for one in terms.tranches)
    for one in terms.tranches:
        rows = known[one.source, one.number]
        if agreed[one.source, one.number] == 1 and len(rows) > 1:
            yield from _in_parts(one, known.pop((one.source, one.number)))
            continue
        old = rows.pop(0) if rows else None
        paid, paid_on = (old.paid, old.paid_on) if old else (0, None)
        yield Tranche(one.number, one.source, one.planned, one.planned_on, paid, paid_on)
    for rows in known.values():
        yield from (row for row in rows if row.paid or row.paid_on)


def _in_parts(term: TrancheTerm, rows: Iterable[Tranche]) -> Iterator[Tranche]:
    """Yield a tranche of which parts have arrived: those as they are, and what is still open of it."""
    arrived = [row for row in rows if row.paid or row.paid_on]
    yield from arrived
    still = term.planned - sum(row.planned for row in arrived)
    if still > 0:
        yield Tranche(term.number, term.source, still, term.planned_on, 0, None)


T = TypeVar("T")


def to_plain(value: Any) -> Any:
    """Return terms, or a part of them, in values that JSON knows."""
    if is_dataclass(value):
        return {field.name: to_plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple):
        return [to_plain(item) for item in value]
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    return value


def from_plain(cls: type[T], plain: Mapping[str, Any]) -> T:
    """Return what ``to_plain`` was given; a field that came later has its default. Raises ``ValueError``."""
    hints = get_type_hints(cls)
    given = {field.name: _read(hints[field.name], plain[field.name]) for field in _known(cls, plain)}
    return cls(**given)


def _known(cls: type[Any], plain: Mapping[str, Any]) -> Iterable[Any]:
    return [field for field in fields(cls) if field.name in plain]


def _read(wanted: Any, value: Any) -> Any:
    options = [one for one in get_args(wanted) if one is not NoneType]
    if get_origin(wanted) is tuple:
        return tuple(_read(options[0], item) for item in value)
    if options:  # an optional value
        return None if value is None else _read(options[0], value)
    if is_dataclass(wanted):
        return from_plain(cast(type[Any], wanted), value)
    if wanted is date:
        return date.fromisoformat(value)
    if wanted is Decimal:
        return Decimal(value)
    if isinstance(wanted, type) and issubclass(wanted, StrEnum):
        return wanted(value)
    return value


class Difference(NamedTuple):
    """One thing that two sets of terms say differently; ``None`` where one of them has no such thing."""

    field: str
    """Name of the field of ``Terms``."""
    key: str
    """Which line of it, as people know it; empty for a field that is no list."""
    old: Any
    new: Any


_KEYS: Mapping[str, Any] = {
    "members": lambda one: one.name,
    "partners": lambda one: one.name,
    "indicators": lambda one: one.name,
    "milestones": lambda one: str(one.number),
    "budget": lambda one: f"{one.source}·{one.use}",
    "tranches": lambda one: f"{one.source}第 {one.number} 期",
}
"""List of the terms → by what a line of it is known again."""


def differences(old: Terms, new: Terms) -> list[Difference]:
    """Return what differs, field by field and line by line, in the order of the fields."""
    found: list[Difference] = []
    for field in fields(Terms):
        before, after = getattr(old, field.name), getattr(new, field.name)
        if field.name in _KEYS:
            found += _line_differences(field.name, before, after)
        elif before != after:
            found.append(Difference(field.name, "", before, after))
    return found


def _line_differences(name: str, before: Iterable[Any], after: Iterable[Any]) -> Iterator[Difference]:
    old, new = _keyed(name, before), _keyed(name, after)
    for key in dict.fromkeys((*old, *new)):
        if old.get(key) != new.get(key):
            yield Difference(name, key[0], old.get(key), new.get(key))


def _keyed(name: str, lines: Iterable[Any]) -> dict[tuple[str, int], Any]:
    """Return lines by key; where two share one, the second is known by its place among them."""
    seen: dict[str, int] = defaultdict(int)
    keyed: dict[tuple[str, int], Any] = {}
    for line in lines:
        key = _KEYS[name](line)
        keyed[key, seen[key]] = line
        seen[key] += 1
    return keyed
