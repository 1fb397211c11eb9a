"""The rulebook: the regulations in force, asked about a project.

There is nothing else to ask: findings, the checklist before a button and the duties behind reminders all come
from here, out of the same rules.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from functools import cache, lru_cache
from hashlib import sha256
from pathlib import Path

from lifecycle.record import ExceptionNote, ProjectRecord
from lifecycle.rules.base import Act, Breach, Document, Duty, DutyKind, Finding, Rule, Strength
from lifecycle.rules.loading import OWN, Local, Programme, RulebookError, load_programmes
from lifecycle.rules.said_once import said_once
from lifecycle.rules.verdict import Line, Mark, Verdict

__all__ = [
    "Line",
    "Mark",
    "Programme",
    "Rulebook",
    "RulebookError",
    "UnknownProgrammeError",
    "Verdict",
    "cited",
    "rulebook",
]

PROGRAMMES_FOLDER = Path(__file__).with_name("programmes")


class UnknownProgrammeError(LookupError):
    """No file describes a programme of this name."""


class Rulebook:
    """Every version of every programme, and what its rules say of a project."""

    def __init__(self, programmes: Iterable[Programme]) -> None:
        versions: dict[str, list[Programme]] = {}
        for programme in sorted(programmes, key=lambda one: (one.order, one.in_force_from or date.min)):
            versions.setdefault(programme.name, []).append(programme)
        for name, found in versions.items():
            starts = {programme.in_force_from for programme in found}
            if len(starts) < len(found):
                raise RulebookError((name, "in_force_from"), "同一计划类别的两个版本自同日起施行")
        self._versions = versions
        self._rules = {rule.id: rule for found in versions.values() for one in found for rule in one.rules}
        self.programmes: tuple[str, ...] = tuple(versions)
        """The programmes' names, in the order of their files."""
        self.documents: tuple[Document, ...] = tuple(
            sorted(
                {
                    rule.document.key: rule.document
                    for found in versions.values()
                    for one in found
                    for rule in one.rules
                }.values(),
                key=lambda document: document.key == OWN,
            )
        )
        self.usual_rules: frozenset[str] = frozenset(
            rule.id for rule in self._rules.values() if rule.strength is Strength.USUAL
        )
        """The ids of rules that may be departed from with a written reason."""

    @classmethod
    def load(cls, folder: Path = PROGRAMMES_FOLDER, local: Local | None = None) -> Rulebook:
        """Return the rulebook of a folder; raises ``RulebookError`` naming file, rule and key."""
        return cls(load_programmes(folder, local))

    def programme(self, name: str, signed_on: date | None = None) -> Programme:
        """Return the version in force when an agreement was signed.

        Of an agreement signed before the first version it is the first; of one not signed, the latest. Raises
        ``UnknownProgrammeError``.
        """
        versions = self._versions.get(name)
        if versions is None:
            raise UnknownProgrammeError(name)
        if signed_on is None:
            return versions[-1]
        begun = [one for one in versions if one.in_force_from is None or one.in_force_from <= signed_on]
        return begun[-1] if begun else versions[0]

    def rule(self, rule_id: str) -> Rule:
        """Return the rule of this id, in the latest version that has it; raises ``KeyError``."""
        return self._rules[rule_id]

    def find(self, rule_id: str) -> Rule | None:
        """Return the rule of this id, where the files (still) have one."""
        return self._rules.get(rule_id)

    def judge(self, record: ProjectRecord) -> list[Finding]:
        """Return the findings of all days; on any one day at most one stands for a rule and subject."""
        reasons = _reasons(record)
        return [
            _finding(record, rule, breach, reasons)
            for rule, breaches in self._found(record)
            for breach in breaches
        ]

    def findings(self, record: ProjectRecord, as_of: date) -> list[Finding]:
        """Return the findings that stand on ``as_of``, by rule and subject."""
        reasons = _reasons(record)
        standing = [
            _finding(record, rule, breach, reasons)
            for rule, breaches in self._found(record)
            for breach in breaches
            if breach.since <= as_of and (breach.until is None or as_of < breach.until)
        ]
        return sorted(standing, key=lambda finding: (finding.rule.id, finding.subject))

    def _found(self, record: ProjectRecord) -> Iterator[tuple[Rule, list[Breach]]]:
        for rule in self._rules_for(record):
            if rule.judges and rule.scope.covers(record):
                breaches = list(rule.kind.breaches(record))
                if breaches:
                    yield rule, _disjoint(breaches)

    def duties(self, record: ProjectRecord) -> list[Duty]:
        """Return everything owed over the whole life of the project, done or not, by due day.

        No two are alike in rule, subject and due day: what several rows of one tranche owe by one day is one
        duty, done when all of it is. What waits and is owed by an article is one duty, too.
        """
        duties: dict[tuple[date, str, str], Duty] = {}
        for rule in self._rules_for(record):
            if isinstance(rule.kind, DutyKind) and rule.scope.covers(record):
                for owed in rule.kind.owed(record):
                    asked_by = rule.asked_by(record)
                    if owed.if_asked and asked_by is None:
                        continue
                    duty = Duty(record.number, rule, *owed[:-1], asked_by)
                    key = (duty.due, rule.id, duty.subject)
                    duties[key] = _both(duties[key], duty) if key in duties else duty
        return said_once([duties[key] for key in sorted(duties)], record)

    def checklist(
        self, record: ProjectRecord, act: Act, day: date, subjects: Iterable[str] | None = None
    ) -> Verdict:
        """Return how the rules that guard ``act`` would stand on ``day``, were the record as given.

        ``record`` is the project as it would be after the act. ``subjects`` restricts what counts to those
        subjects ("" is the whole project); rules that do not apply are left out.
        """
        wanted = None if subjects is None else frozenset(subjects)
        reasons = _reasons(record)
        lines = [
            line
            for rule in self._rules_for(record)
            if act in rule.guards and rule.scope.covers(record)
            for line in _lines(rule, record, day, reasons)
            if wanted is None or line.subject in wanted
        ]
        return Verdict(tuple(sorted(lines, key=lambda line: line.rank)))

    def _rules_for(self, record: ProjectRecord) -> tuple[Rule, ...]:
        return self.programme(record.programme, record.signed_on).rules


@cache
def rulebook() -> Rulebook:
    """Return the rulebook that comes with Keguan, read once."""
    return Rulebook.load()


def cited(rule_id: str, asked_by: str | None = None) -> str:
    """Return what a kept duty rests on; empty where the files no longer have its rule.

    ``asked_by`` is the article that asks it, where the rule is an agency's own and only says by when.
    """
    rule = rulebook().find(rule_id)
    return rule.cited(asked_by) if rule else ""


def rulebook_of(local: Local) -> Rulebook:
    """Return the rulebook with an agency's own requirements as it has set them."""
    return _local_rulebook(json.dumps(local, sort_keys=True)) if local else rulebook()


@lru_cache(maxsize=32)
def _local_rulebook(local: str) -> Rulebook:
    return Rulebook.load(local=json.loads(local))


@cache
def rulebook_digest() -> str:
    """Return the SHA-256 of the rule files: another one means that what is kept is to be worked out anew."""
    digest = sha256()
    for path in sorted(PROGRAMMES_FOLDER.rglob("*.toml")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


Reasons = Mapping[tuple[str, str], ExceptionNote]


def _disjoint(breaches: list[Breach]) -> list[Breach]:
    """Return the breaches so that no two of one subject overlap; alike ones become one."""
    if len(breaches) == 1:
        return breaches
    by_subject: dict[str, list[Breach]] = {}
    for breach in breaches:
        by_subject.setdefault(breach.subject, []).append(breach)
    return [
        breach for alike in by_subject.values() for breach in (alike if len(alike) == 1 else _merged(alike))
    ]


def _merged(alike: list[Breach]) -> Iterator[Breach]:
    """Yield one subject's breaches as runs of days with one message each."""
    turns = sorted({day for breach in alike for day in (breach.since, breach.until) if day is not None})
    current: Breach | None = None
    for turn in turns:
        messages = [
            one.message for one in alike if one.since <= turn and (one.until is None or turn < one.until)
        ]
        message = "；".join(dict.fromkeys(messages))
        if current is not None and current.message == message:
            continue
        if current is not None:
            yield current._replace(until=turn)
        current = Breach(alike[0].subject, turn, None, message) if message else None
    if current is not None:
        yield current


def _both(one: Duty, other: Duty) -> Duty:
    if one.done_on is None and other.done_on is not None:
        return one  # what is done already is not asked for again
    if one.done_on is not None and other.done_on is None:
        return other
    done = max(one.done_on, other.done_on) if one.done_on and other.done_on else None
    messages = dict.fromkeys((*one.message.split("；"), other.message))
    return replace(one, done_on=done, message="；".join(messages))


def _reasons(record: ProjectRecord) -> Reasons:
    return {(note.rule, note.subject): note for note in record.exceptions}


def _finding(record: ProjectRecord, rule: Rule, breach: Breach, reasons: Reasons) -> Finding:
    subject, since, until, message = breach
    note = reasons.get((rule.id, subject)) if rule.strength is Strength.USUAL else None
    if note is None:
        return Finding(record.number, rule, subject, since, until, message)
    return Finding(record.number, rule, subject, since, until, message, note.reason, note.approved_on)


def _lines(rule: Rule, record: ProjectRecord, day: date, reasons: Reasons) -> Iterator[Line]:
    breaches = _disjoint(list(rule.kind.breaches(record)))
    findings = (_finding(record, rule, breach, reasons) for breach in breaches)
    standing = [finding for finding in findings if finding.on(day)]
    for finding in standing:
        reason = finding.reason_on(day)
        mark = Mark.NOT_HELD if reason is None else Mark.REASON_GIVEN
        yield Line(rule, finding.subject, mark, finding.message, reason)
    broken = {finding.subject for finding in standing}
    for subject, text, known in rule.kind.figures(record, day):
        # A sentence about the whole project says nothing true once a part of it is in breach.
        if subject not in broken and not (subject == "" and broken):
            yield Line(rule, subject, Mark.HELD if known else Mark.UNKNOWN, text)
