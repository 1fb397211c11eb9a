"""Asking the rules before an act, with the reasons staff give for going on, and keeping what they said.

The same for every button with law behind it: paying, signing, changing, accepting.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import delete, func, select

from lifecycle import models
from lifecycle.command import Work
from lifecycle.record import ExceptionNote, ProjectRecord
from lifecycle.refusals import InvalidInput, Obstructed, ReasonNeeded, VerdictRefused
from lifecycle.rulebook import rulebook
from lifecycle.rules.base import Act
from lifecycle.rules.verdict import Line, Mark, Verdict

LEAST_REASON = 10
"""Characters of a reason below which it says nothing."""

MOST_TEXT = 1000
"""Characters of a reason or a note."""


@dataclass(frozen=True, slots=True)
class Check:
    """What stands for and against an act."""

    verdict: Verdict
    obstacles: tuple[str, ...] = ()
    """What is no article but stands in the way, in plain Chinese, with what to do."""

    @property
    def may_be_proposed(self) -> bool:
        """Whether, usual rules apart, nothing stands in the way."""
        return not self.obstacles and not self.verdict.refused

    def demand(self) -> None:
        """Raise ``Obstructed``, ``VerdictRefused`` or ``ReasonNeeded`` where something stands in the way."""
        if self.obstacles:
            raise Obstructed(self.obstacles)
        if self.verdict.refused:
            raise VerdictRefused(self.verdict)
        if self.verdict.needs_reason:
            raise ReasonNeeded(self.verdict)


def judge_act(
    record: ProjectRecord,
    act: Act,
    day: date,
    reasons: Mapping[str, str] | None = None,
    subjects: Iterable[str] | None = None,
) -> Verdict:
    """Return how the rules that guard ``act`` stand on ``day`` for the record as it would be after the act.

    ``reasons`` are written for usual rules that are not held, by rule id; others are passed over.
    """
    wanted = None if subjects is None else frozenset(subjects)
    verdict = rulebook().checklist(record, act, day, wanted)
    given = given_reasons(reasons or {})
    notes = tuple(
        ExceptionNote(line.rule.id, line.subject, given[line.rule.id], day)
        for line in verdict.needs_reason
        if line.rule.id in given
    )
    if not notes:
        return verdict
    return rulebook().checklist(replace(record, exceptions=(*record.exceptions, *notes)), act, day, wanted)


def given_reasons(reasons: Mapping[str, str]) -> dict[str, str]:
    """Return the reasons that say something, trimmed."""
    return {rule: text.strip() for rule, text in reasons.items() if text.strip()}


def demand_reasons(used: Mapping[str, str]) -> None:
    """Demand that every reason says enough and not too much. Raises ``InvalidInput`` by rule id."""
    wanted = f"理由应在 {LEAST_REASON} 至 {MOST_TEXT} 字之间，请写明具体情况。"
    errors = {rule: wanted for rule, text in used.items() if not LEAST_REASON <= len(text) <= MOST_TEXT}
    if errors:
        raise InvalidInput(errors)


def newly_excused(record: ProjectRecord, verdict: Verdict) -> list[Line]:
    """Return the lines that a reason given now excuses, not one approved before."""
    known = {(note.rule, note.subject, note.reason) for note in record.exceptions}
    return [
        line
        for line in verdict.lines
        if line.mark is Mark.REASON_GIVEN and (line.rule.id, line.subject, line.reason) not in known
    ]


def keep_reason(work: Work, project_id: int, line: Line, today: date) -> None:
    """Put the reason on the project's record, so that the finding shows it and the ledger carries it."""
    note = models.ExceptionNote
    same = (note.project_id == project_id, note.rule == line.rule.id, note.subject == line.subject)
    work.session.execute(delete(note).where(*same))
    last = select(func.coalesce(func.max(note.position), -1)).where(note.project_id == project_id)
    work.session.add(
        note(
            project_id=project_id,
            position=(work.session.scalar(last) or 0) + 1,
            rule=line.rule.id,
            subject=line.subject,
            reason=line.reason,
            approved_on=today,
        )
    )
    work.touch(project_id)


def to_keep(verdict: Verdict) -> list[dict[str, Any]]:
    """Return a verdict in plain values: what was asked on that day, for whoever looks into it later."""
    return [
        {
            "rule": line.rule.id,
            "citation": line.rule.citation,
            "strength": line.rule.strength.value,
            "summary": line.rule.summary,
            "subject": line.subject,
            "mark": line.mark.value,
            "text": line.text,
            "reason": line.reason,
        }
        for line in verdict.lines
    ]


def verdict_kept(kept: Sequence[Mapping[str, Any]]) -> Verdict:
    """Return the verdict that was kept, in the words of that day.

    A rule that no regulation has any more is left out.
    """
    book = rulebook()
    found = ((book.find(one["rule"]), one) for one in kept)
    return Verdict(
        tuple(
            Line(
                replace(rule, summary=one.get("summary", rule.summary)),
                *(one["subject"], Mark(one["mark"]), one["text"], one["reason"]),
            )
            for rule, one in found
            if rule is not None
        )
    )
