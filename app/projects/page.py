"""What the page of one project says, worked out from its overview for whoever looks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from flask import url_for

from app.filters import days_left, period
from app.notices.links import duty_url
from app.projects.story import story
from app.steps import Step, duty_step, in_turn, is_hers, tab_urls, tranche_step
from app.timeline import Point
from lifecycle.addresses import turn_path
from lifecycle.overview import KnownDuty, Overview, StandingFinding
from lifecycle.record import FISCAL, ProjectRecord
from lifecycle.roles import ROLE_NAMES, Actor, Permission
from lifecycle.rules.base import ALWAYS
from lifecycle.rules.tranches import SpendGate
from lifecycle.stages import Stage, TrancheState
from lifecycle.sums import Money
from lifecycle.turns import ProjectTurn

MOST_NEXT = 4
"""Duties shown above the tabs; the others are on their tab."""

AHEAD = timedelta(days=30)
CLOSED = frozenset({Stage.CLOSED, Stage.NOT_PASSED, Stage.TERMINATED, Stage.CLEARED, Stage.FILED})

TABS: Mapping[str, str] = {
    "overview": "概览",
    "agreement": "任务书",
    "money": "经费",
    "reports": "报告",
    "changes": "变更",
    "oversight": "监督验收",
    "compliance": "合规",
    "papers": "材料",
    "duties": "时限",
    "history": "记录",
}

_SHOWN: Mapping[str, Callable[[ProjectRecord], object]] = {
    "reports": lambda record: not record.self_established,
    "changes": lambda record: record.changes or record.signed_on,
}
"""Tabs that are there only where there is something to show on them."""


def chosen_tab(overview: Overview, wanted: str) -> str:
    """Return the tab asked for where this project has it, else the first."""
    return wanted if wanted in _tabs_of(overview) else "overview"


def _tabs_of(overview: Overview) -> list[str]:
    return [name for name in TABS if name not in _SHOWN or _SHOWN[name](overview.record)]


class ProjectPage:
    """One project's page, opened at one tab."""

    def __init__(self, overview: Overview, tab: str, actor: Actor, today: date) -> None:
        self.overview = overview
        self.record = overview.record
        self.stage = overview.project.stage
        self.tab = tab
        self._actor = actor
        self._today = today

    def url(self, tab: str) -> str:
        """Return the address of one of the page's tabs."""
        return self._tab_urls[tab]

    @cached_property
    def _tab_urls(self) -> Mapping[str, str]:
        return tab_urls(self.record.number, TABS)

    @property
    def tabs(self) -> list[dict[str, Any]]:
        """The tabs, with how many findings stand and how many duties are urgent."""
        counts = {"compliance": len(self.overview.findings), "duties": len(self.urgent)}
        return [
            {
                "label": TABS[name],
                "url": self.url(name),
                "active": name == self.tab,
                "count": counts.get(name, 0),
            }
            for name in _tabs_of(self.overview)
        ]

    @property
    def days(self) -> str:
        """The period, and how far its end is off while the project goes on."""
        words = period(self.record.start, self.record.end)
        if self.stage in CLOSED:
            return words
        gone = (self._today - self.record.end).days
        return f"{words}，{f'已到期 {gone} 天' if gone > 0 else days_left(self.record.end, self._today)}"

    @property
    def marks(self) -> list[str]:
        """What inspections have ordered that is still in force, beside the stage."""
        kinds = (one.kind.value for one in self.record.measures if one.open_on(self._today))
        return list(dict.fromkeys(kinds))

    @property
    def money(self) -> Money:
        """The project's money."""
        return self.overview.money

    @property
    def gate(self) -> int | None:
        """The percentage of what was paid that a rule wants spent before more is paid, where there is one."""
        kinds = (rule.kind for rule in self.overview.programme.rules if rule.scope.covers(self.record))
        return next((kind.percent for kind in kinds if isinstance(kind, SpendGate)), None)

    @property
    def points(self) -> list[Point]:
        """What stands on the timeline."""
        return story(self.overview)

    @cached_property
    def urgent(self) -> list[KnownDuty]:
        """What is overdue or due within thirty days; what waits has a list of its own."""
        return [duty for duty in self._duties if duty.is_urgent(self._today) and not self._is_listed(duty)]

    def _is_listed(self, duty: KnownDuty) -> bool:
        """Whether the list of what waits shows it."""
        return duty.is_turn or any(duty.speaks_of == turn.duty for turn in self._told if turn.duty)

    @cached_property
    def _told(self) -> list[ProjectTurn]:
        return [turn for turn in self.overview.turns if turn.is_told_to(self._actor)]

    @property
    def next_rows(self) -> list[dict[str, Any]]:
        """The most urgent duties, for the duty macro."""
        return self.duty_rows(self.urgent[:MOST_NEXT])

    @property
    def turns(self) -> list[dict[str, Any]]:
        """What waits at a step of its way, for whom, and where she goes on with it.

        What waits for either of two is one row.
        """
        alike: dict[tuple[object, ...], list[ProjectTurn]] = {}
        for turn in self._told:
            alike.setdefault((turn.kind, turn.ref_id, turn.words), []).append(turn)
        return [
            {
                "words": same[0].words,
                "who": "、".join(dict.fromkeys(ROLE_NAMES[role] for turn in same for role in turn.roles)),
                "since": same[0].since,
                "due": same[0].due,
                "url": next(
                    (turn_path(turn.kind, turn.ref_id) for turn in same if turn.is_hers(self._actor)), None
                ),
            }
            for same in alike.values()
        ]

    @property
    def more_duties(self) -> int:
        """How many urgent duties are left out above the tabs."""
        return max(0, len(self.urgent) - MOST_NEXT)

    @property
    def unexplained(self) -> int:
        """How many findings stand for which nobody has written a reason."""
        return sum(finding.reason is None for finding in self.overview.findings)

    def duty_rows(self, duties: Iterable[KnownDuty]) -> list[dict[str, Any]]:
        """Return duties as the duty macro wants them."""
        return [self._duty_row(duty) for duty in duties]

    def _duty_row(self, duty: KnownDuty) -> dict[str, Any]:
        hers = duty.also if duty.also in self._actor.roles else duty.owner
        whose = (duty.path, duty.user_id, hers)
        step = duty_step(duty.rule, self._actor, self.record.number, *whose)
        own = duty.rule is not None and f"tab={self.tab}" not in step.url
        return {
            "message": duty.message,
            "who": duty.who,
            "due": duty.due,
            "citation": duty.citation,
            "rule_id": duty.rule.id if duty.rule else "",
            "told_url": self.told_url(duty) if self.tab == "duties" else None,
            "next_label": step.label,
            "next_url": step.url if own else None,
            "notice_url": self._notice_url(duty),
        }

    def told_url(self, duty: KnownDuty) -> str | None:
        """Return where it stands who was told of a duty: the bureau sees everybody, others themselves."""
        if duty.rule is None:
            return None
        at = "running.told" if self._actor.may(Permission.SEE_CLOCK) else "inbox.told"
        return url_for(at, project=self.record.number, rule=duty.rule.id, subject=duty.subject)

    def _notice_url(self, duty: KnownDuty) -> str | None:
        if duty.rule is None or self.tab != "duties":
            return None
        of_duty = (duty.owner, duty.rule.id, duty.subject, duty.due)
        return duty_url(self._actor, self.record.number, *of_duty, self._today)

    @property
    def action(self) -> Step | None:
        """The one thing this person can do now, as the page's primary button: her turn, else the money's."""
        hers = next((turn for turn in self.overview.turns if turn.is_hers(self._actor)), None)
        if hers is not None:
            return Step(hers.words, turn_path(hers.kind, hers.ref_id))
        for one in in_turn(self.overview.project.tranches):
            if is_hers(one.state, self._actor) and self._is_due(one.tranche.planned_on):
                step = tranche_step(one.state, self._actor, one.id)
                return Step(f"{step.label}（第 {one.tranche.number} 期）", step.url)
        return None

    def _is_due(self, planned_on: date | None) -> bool:
        signed = self.record.signed_on is not None and self.stage not in CLOSED
        return signed and (planned_on is None or planned_on <= self._today + AHEAD)

    @property
    def tranche_rows(self) -> list[dict[str, Any]]:
        """The tranches in their order, with where each stands and what can be done."""
        return [
            {
                "id": one.id,
                "source": one.tranche.source,
                "number": one.tranche.number,
                "planned": one.tranche.planned,
                "planned_on": one.tranche.planned_on,
                "state": one.state,
                "late": one.state is not TrancheState.PAID and self.record.signed_on is not None,
                "paid": one.tranche.paid if one.tranche.is_payment else None,
                "paid_on": one.tranche.paid_on,
                "step": self._step(one.state, one.id) if one.tranche.source in FISCAL else None,
            }
            for one in self.overview.project.tranches
        ]

    def _step(self, state: TrancheState, tranche_id: int) -> Step | None:
        if not self._actor.may(Permission.SEE_MONEY):
            return None
        return tranche_step(state, self._actor, tranche_id)

    def since(self, finding: StandingFinding) -> date | None:
        """Return since when a finding stands; ``None`` where it does not depend on the day."""
        return None if finding.since == ALWAYS else finding.since

    @property
    def open_duties(self) -> Sequence[KnownDuty]:
        """Every duty still owed."""
        return [duty for duty in self._duties if duty.is_open(self._today)]

    @property
    def settled_duties(self) -> Sequence[KnownDuty]:
        """Every duty done or closed, the latest first."""
        return [duty for duty in reversed(self._duties) if not duty.is_open(self._today)]

    @cached_property
    def _duties(self) -> Sequence[KnownDuty]:
        return [duty for duty in self.overview.duties if duty.may_be_known_to(self._actor)]
