"""What several kinds of rule read from a record, and how they word it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from enum import StrEnum
from itertools import chain

from lifecycle.money import Fen, wan
from lifecycle.record import FISCAL, Acceptance, Conclusion, ProjectRecord, Source, Tranche
from lifecycle.rules.base import Breach


class Basis(StrEnum):
    """The amounts of a project that rules measure or measure against."""

    FISCAL = "财政资金"
    PROVINCIAL = "省（市）级财政资金"
    REQUESTED = "申请财政资金"
    TOTAL = "项目总投资"

    def of(self, record: ProjectRecord) -> Fen:
        """Return this amount of the project; what was requested is what was granted where it is not given."""
        match self:
            case Basis.FISCAL:
                return record.fiscal
            case Basis.PROVINCIAL:
                return record.provincial
            case Basis.REQUESTED:
                return record.provincial if record.requested is None else record.requested
            case Basis.TOTAL:
                return record.total


def funds_of(record: ProjectRecord, source: Source) -> Fen:
    """Return what the project has from one source by its agreement."""
    match source:
        case Source.PROVINCIAL:
            return record.provincial
        case Source.DISTRICT:
            return record.district
        case Source.JOINT:
            return record.joint
        case Source.OWN:
            return record.own


def payments(record: ProjectRecord, sources: Iterable[Source] = FISCAL) -> Iterator[tuple[date, Tranche]]:
    """Yield what has been paid from ``sources``, with its day, whether past or future."""
    for tranche in record.tranches:
        if tranche.source in sources and tranche.paid > 0 and tranche.paid_on is not None:
            yield tranche.paid_on, tranche


def first_payment(record: ProjectRecord) -> tuple[date | None, str]:
    """Return when public money began to be paid (``None``: it has not), and how that is said as a duty."""
    first = min((paid_on for paid_on, _ in payments(record)), default=None)
    return first, f"拨付首笔财政资金（共 {amount(record.fiscal)}）"


def held_back(record: ProjectRecord, names: Iterable[str]) -> str:
    """Return what all of these tranches wait for, with its articles; empty where one of them does not wait.

    What the bureau itself has to put right (an amount, a ratio, a signature) keeps nobody from being urged.
    """
    on: dict[str, list[str]] = {name: [] for name in names}
    for one in record.holds:
        if one.until is None and one.waits and one.what in on:
            on[one.what].append(f"{one.words}（{one.citation}）")
    every = on and all(on.values())
    return "；".join(dict.fromkeys(chain.from_iterable(on.values()))) if every else ""


def first_tranches(record: ProjectRecord) -> Iterator[str]:
    """Yield the names of the tranches with which public money can begin: the first of each source."""
    begun: set[Source] = set()
    for one in sorted(record.tranches, key=lambda one: one.number):
        if one.source in FISCAL and one.planned > 0 and one.source not in begun:
            begun.add(one.source)
            yield one.name


def concluded(record: ProjectRecord, *conclusions: Conclusion) -> tuple[date, Acceptance] | None:
    """Return the day of the conclusion and the acceptance, where its conclusion is one of those given."""
    acceptance = record.acceptance
    if acceptance is None or acceptance.concluded_on is None or acceptance.conclusion not in conclusions:
        return None
    return acceptance.concluded_on, acceptance


def until_done(subject: str, since: date, done_on: date | None, message: str) -> tuple[Breach, ...]:
    """Return the breach from ``since`` until something is done; none where it was done by then."""
    if done_on is not None and done_on <= since:
        return ()
    return (Breach(subject, since, done_on, message),)


def amount(fen: Fen) -> str:
    """Return an amount as rules word it: ``14.00 万元``."""
    return f"{wan(fen)} 万元"


def listed(names: Iterable[str]) -> str:
    """Return names joined the Chinese way."""
    return "、".join(names)
