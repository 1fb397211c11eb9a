"""What stands at each line of a payment's checklist: what it rests on, who can cure it, how, and where."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from flask import url_for

from app.steps import tab_url
from finance.checking import Candidate
from finance.curing import Condition, Cure, Place, conditions_of, cure_of, evidence_of
from lifecycle.record import ProjectRecord
from lifecycle.roles import Actor, Permission
from lifecycle.rules.base import Kind
from lifecycle.rules.verdict import Mark, Verdict


@dataclass(frozen=True, slots=True)
class Lift:
    """Who can cure what is not held, by when and how, as the verdict macro shows it."""

    who: str
    what: str
    by: date | None
    url: str | None
    """The page where it is cured; ``None`` where this person has none."""


@dataclass(frozen=True, slots=True)
class Grounds:
    """What stands at one line besides its text."""

    evidence: tuple[tuple[str, str | None], ...]
    """Words and address of what it rests on."""
    lift: Lift | None


_TABS = {
    Place.AGREEMENT: "agreement",
    Place.CHANGES: "changes",
    Place.MONEY: "money",
    Place.REPORTS: "reports",
    Place.OVERSIGHT: "oversight",
}


def _spending(number: str, _actor: Actor) -> str:
    return url_for("projects.show", number=number, tab="money", _anchor="spending")


def _account(number: str, actor: Actor) -> str:
    if actor.may(Permission.RECORD_RECEIPT):
        return url_for("spending.account", number=number)
    return tab_url(number, "money")


def _ledger(_number: str, actor: Actor) -> str | None:
    return url_for("ledger.index") if actor.may(Permission.IMPORT_LEDGER) else None


def _payee(number: str, actor: Actor) -> str | None:
    return url_for("money.payee", number=number) if actor.may(Permission.PROPOSE_PAYMENT) else None


_ELSEWHERE: Mapping[Place, Callable[[str, Actor], str | None]] = {
    Place.SPENDING: _spending,
    Place.ACCOUNT: _account,
    Place.LEDGER: _ledger,
    Place.PAYEE: _payee,
}


def place_url(place: Place, number: str, actor: Actor) -> str | None:
    """Return the address of a place of the project of that number, as far as it is this actor's to see."""
    if place in _ELSEWHERE:
        return _ELSEWHERE[place](number, actor)
    return tab_url(number, _TABS[place])


def grounds(verdict: Verdict, candidate: Candidate, actor: Actor, day: date) -> dict[str, Grounds]:
    """Return what stands at the lines of a checklist, by rule id."""
    number = candidate.record.number
    return {
        line.rule.id: Grounds(
            tuple(
                (one.words, place_url(one.place, number, actor)) for one in evidence_of(line, candidate, day)
            ),
            lift_of(line.rule.kind, candidate.record, actor, day) if line.mark is Mark.NOT_HELD else None,
        )
        for line in verdict.lines
    }


def lift_of(kind: Kind, record: ProjectRecord, actor: Actor, day: date) -> Lift | None:
    """Return who can cure a rule of this kind that a project does not hold."""
    cure = cure_of(kind, record, day)
    return _shown(cure, record, actor) if cure else None


def steps_asked(candidate: Candidate, actor: Actor) -> list[tuple[Condition, Lift | None]]:
    """Return the office's own conditions of a payment, with who cures those that are not held."""
    return [
        (one, None if one.held or one.cure is None else _shown(one.cure, candidate.record, actor))
        for one in conditions_of(candidate)
    ]


def _shown(cure: Cure, record: ProjectRecord, actor: Actor) -> Lift:
    url = place_url(cure.place, record.number, actor)
    return Lift(cure.people(record), cure.what, cure.by, url)
