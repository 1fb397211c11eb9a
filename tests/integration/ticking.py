"""A calculation by hand of when a duty must be spoken of, and records that grow from day to day."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from lifecycle.calendar import add_months
from lifecycle.record import Acceptance, Milestone, ProjectRecord
from lifecycle.rulebook import rulebook_of
from lifecycle.rules.base import Duty

Local = dict[str, dict[str, int]]
"""The agency's own parameters: rule → parameter → number."""

Key = tuple[str, str, str, date]
"""Project, rule, subject, due."""

Entry = tuple[date, str, str, str, date, str]
"""Day told, project, rule, subject, due, step."""

Tell = Callable[[Entry, Duty, ProjectRecord, int], None]
"""What is done when a step is told, so many days after the deadline."""


@dataclass(frozen=True)
class Plan:
    """What an agency has set, in plain words."""

    is_working: Callable[[date], bool]
    before: tuple[int, ...] = (30, 15, 7, 3, 1, 0)
    every: int = 7
    others_from: tuple[int, ...] = (7, 15)
    """From how many days after the deadline on others are told too; on these days, too, it is told."""
    local: Local = field(default_factory=dict)

    def announced(self, due: date) -> date:
        """Return the last working day on or before ``due``."""
        return next(day for back in range(60) if self.is_working(day := due - timedelta(back)))

    def steps_until(self, due: date, last: date) -> Iterator[tuple[str, date]]:
        """Yield the steps of a deadline that come by ``last``, each with its day, in their order."""
        announced = self.announced(due)
        steps = [(f"T-{ahead}" if ahead else "T", announced - timedelta(ahead)) for ahead in self.before]
        late = {*range(self.every, (last - due).days + 1, self.every), *self.others_from}
        steps += [(f"T+{days}", due + timedelta(days)) for days in sorted(late)]
        yield from (step for step in steps if step[1] <= last)


class ByHand:
    """What must be told day by day, worked out from records alone."""

    def __init__(self, told: Tell | None = None) -> None:
        self.entries: list[Entry] = []
        self._reach = told
        self._duties: dict[str, tuple[ProjectRecord, Local, list[Duty]]] = {}
        self._told: dict[Key, tuple[date, set[str]]] = {}

    def tell(self, day: date, records: Iterable[ProjectRecord], plan: Plan) -> None:
        """Tell, on a day on which a clock runs, each open duty's newest step that was not overtaken."""
        for record in records:
            for duty in self._duties_of(record, plan.local):
                ends = [end for end in (duty.done_on, duty.closed_on) if end is not None]
                if duty.since > day or duty.held or any(end <= day for end in ends):
                    continue
                if duty.due - timedelta(60 + plan.before[0]) > day:
                    continue
                self._newest(day, duty, record, plan)

    def _duties_of(self, record: ProjectRecord, local: Local) -> list[Duty]:
        known = self._duties.get(record.number)
        if known is None or known[0] is not record or known[1] != local:
            known = self._duties[record.number] = (record, local, rulebook_of(local).duties(record))
        return known[2]

    def _newest(self, day: date, duty: Duty, record: ProjectRecord, plan: Plan) -> None:
        steps = list(plan.steps_until(duty.due, day))
        if not steps:
            return
        label, falls_on = steps[-1]
        key = (record.number, duty.rule.id, duty.subject, duty.due)
        last, labels = self._told.get(key, (date.min, set()))
        if falls_on > last and label not in labels:
            self._told[key] = (day, labels | {label})
            self.entries.append((day, *key, label))
            if self._reach is not None:
                self._reach(self.entries[-1], duty, record, int(label[1:] or 0))


@dataclass(frozen=True)
class Life:
    """A project's whole life, and how late what happens to it is entered."""

    whole: ProjectRecord
    serial: int
    extended_on: date | None = None
    """The day on which its end is moved by half a year."""
    slip: tuple[date, date] | None = None
    """Between these days its record says, by mistake, that it was signed some days later."""

    def known_on(self, day: date) -> ProjectRecord:
        """Return its record as it stands on ``day``: what is not entered yet is not there."""
        whole, known = self.whole, self._knowing(day)
        if self.extended_on is not None and self.extended_on <= day:
            whole = replace(whole, end=add_months(whole.end, 6), original_end=whole.end)
        signed = known(whole.signed_on)
        if signed and self.slip and self.slip[0] <= day < self.slip[1]:
            signed += timedelta(5)
        return replace(
            whole,
            signed_on=signed,
            signatories=whole.signatories if signed else (),
            tranches=tuple(
                one if known(one.paid_on) else replace(one, paid=0, paid_on=None) for one in whole.tranches
            ),
            spending=tuple(one for one in whole.spending if known(one.on)),
            milestones=tuple(_milestone(one, known) for one in whole.milestones),
            annual_reports=tuple(
                replace(one, to_government_on=known(one.to_government_on))
                for one in whole.annual_reports
                if known(one.submitted_on)
            ),
            changes=tuple(
                replace(
                    one,
                    conference_on=known(one.conference_on),
                    approved_on=known(one.approved_on),
                    platform_filed_on=known(one.platform_filed_on),
                )
                for one in whole.changes
                if known(one.applied_on)
            ),
            acceptance=_acceptance(whole.acceptance, known),
        )

    def _knowing(self, day: date) -> Callable[[date | None], date | None]:
        def known(happened: date | None) -> date | None:
            if happened is None:
                return None
            late = timedelta((self.serial * 7 + happened.toordinal() * 13) % 30)
            return happened if happened + late <= day else None

        return known


def _milestone(one: Milestone, known: Callable[[date | None], date | None]) -> Milestone:
    reported = known(one.reported_on)
    reviewed = known(one.reviewed_on) if reported else None
    return replace(one, reported_on=reported, reviewed_on=reviewed, review=one.review if reviewed else None)


def _acceptance(one: Acceptance | None, known: Callable[[date | None], date | None]) -> Acceptance | None:
    if one is None or not known(one.applied_on):
        return None
    if known(one.concluded_on):
        return replace(one, platform_filed_on=known(one.platform_filed_on))
    return replace(
        one,
        technical=None,
        financial=None,
        conclusion=None,
        concluded_on=None,
        conference_on=None,
        government_on=None,
        platform_filed_on=None,
        goals_met=None,
    )
