"""People at their desks: everything that people press while the clock runs, at random, by real commands.

Mostly somebody presses what is next as things stand; now and then anything at all, which is mostly refused.
"""

from __future__ import annotations

from collections import Counter
from datetime import date
from random import Random
from typing import Any

from lifecycle.models import ReportKind
from lifecycle.record import BudgetUse, ProjectRecord, Source, Spending, Tranche
from lifecycle.refusals import Refusal
from lifecycle.roles import Role
from lifecycle.rules.base import Duty
from lifecycle.rules.duties import AnnualReports, StageReports
from lifecycle.rules.time_limits import (
    AcceptanceApplication,
    ChangeDecision,
    ConclusionWithin,
    FilingWithin,
    IntegrityWithin,
)
from tests.integration.accepting import KEY, MAJOR, Accepting, accepting, an_indicator
from tests.integration.paying import WAN, Bureau, ea_fields
from tests.integration.pressing import acceptance, changes, money, notices, reports, supervision
from tests.integration.pressing.place import Place
from tests.integration.reporting import a_project
from tests.web.site import JOINT_UNIT

AREAS = {
    "reports": reports.presses,
    "changes": changes.presses,
    "supervision": supervision.presses,
    "acceptance": acceptance.presses,
    "money": money.presses,
    "notices": notices.presses,
}
DATED = {
    *(("reports", "government"), ("changes", "conference"), ("changes", "file"), ("supervision", "inspect")),
    *(("acceptance", "conference"), ("acceptance", "government"), ("acceptance", "file the conclusion")),
    *(("acceptance", "conclude oneself"), ("money", "book"), ("money", "confirm its arrival")),
    *(("notices", "send"), ("notices", "receive")),
}
"""What is entered with a day of its own, which may be an earlier one."""

PLANS = (
    Tranche(1, Source.DISTRICT, 5 * WAN, date(2025, 2, 10), 0, None),
    Tranche(2, Source.DISTRICT, 3 * WAN, date(2025, 11, 10), 0, None),
)
PROVINCIAL = (
    Tranche(1, Source.PROVINCIAL, 20 * WAN, date(2025, 2, 10), 0, None),
    Tranche(1, Source.DISTRICT, 20 * WAN, date(2025, 3, 10), 0, None),
)
SPENT = tuple(
    Spending(date(year, 5, 6), Source.DISTRICT, BudgetUse.EQUIPMENT, many * WAN, f"记-{year}", None)
    for year, many in ((2025, 4), (2026, 2), (2027, 1))
)
UNMANAGED: dict[str, Any] = {"milestone_managed": False, "milestones": ()}
KINDS: tuple[dict[str, Any], ...] = (
    {"programme": MAJOR, "end": date(2026, 5, 31), **UNMANAGED},
    {"programme": KEY, "end": date(2026, 3, 31), "joint_unit": JOINT_UNIT, **UNMANAGED},
    ea_fields(tranches=PROVINCIAL, signed_on=date(2025, 1, 20), end=date(2026, 8, 31), **UNMANAGED),
    {"programme": KEY, "end": date(2027, 3, 31)},
    {"programme": MAJOR, "end": date(2026, 12, 31), "joint_unit": JOINT_UNIT},
    {"programme": KEY, "end": date(2026, 6, 30), "self_established": True, "district": 0, "own": 10 * WAN},
)
"""Projects of each way their work can go."""


class Desks:
    """Some projects whose people press buttons now and then."""

    def __init__(self, bureau: Bureau, shuffle: Random, many: int) -> None:
        self._bureau, self._shuffle, self.pressed = bureau, shuffle, Counter[str]()
        experts = accepting(bureau)
        self.places = [self._place(experts, serial) for serial in range(many)]
        self._by_number = {one.number: one for one in self.places}

    def _place(self, experts: Accepting, serial: int) -> Place:
        number = f"沙-{serial + 1}"
        usual: dict[str, Any] = {"start": date(2025, 1, 1), "signed_on": date(2025, 1, 10), "spending": SPENT}
        usual |= {"indicators": (an_indicator("发明专利"), an_indicator("样机"))}
        own = KINDS[serial % len(KINDS)]
        plans = () if own.get("self_established") else PLANS
        id_ = a_project(self._bureau, number, **(usual | {"tranches": plans} | own))
        return Place(self._bureau, experts, self._shuffle, number, id_, self._bureau.record(id_))

    @property
    def records(self) -> list[ProjectRecord]:
        """The records of the projects as they are now."""
        return [one.record for one in self.places]

    def press(self, day: date) -> None:
        """Press something somewhere, and count it unless it is refused."""
        place = self._shuffle.choice(self.places)
        wild = self._shuffle.random() < 0.1
        areas = self._shuffle.sample(list(AREAS), len(AREAS))
        if place.applies:
            areas.insert(self._shuffle.randrange(2), "acceptance")
        offers = ((area, AREAS[area](place, day, wild=wild)) for area in areas)
        area, offered = next((one for one in offers if one[1]), ("", []))
        if not offered:
            return
        name, act = self._shuffle.choice(offered)
        try:
            act()
        except Refusal:
            self._bureau.session.rollback()
            self.pressed["refused"] += 1
            return
        place.record = self._bureau.record(place.id)
        if place.record.concluded_on is not None and place.concluded is None:
            place.concluded = day
        self.pressed[f"{area}: {name}"] += 1
        self.pressed["entered late"] += (area, name) in DATED and place.entered < day

    def taken_on_by(self, duty: Duty) -> Role | None:
        """Return who goes on with a duty, where whoever the rule names has done her part."""
        place, kind = self._by_number.get(duty.project), duty.rule.kind
        if place is None:
            return None
        if isinstance(kind, AnnualReports | StageReports):
            of = ReportKind.ANNUAL if isinstance(kind, AnnualReports) else ReportKind.STAGE
            return Role.UNIT_MANAGER if reports.is_with_unit(place, of, duty.subject) else None
        if isinstance(kind, ChangeDecision):
            return changes.taken_on_by(place, duty.subject)
        if isinstance(kind, IntegrityWithin):
            return Role.APPROVER if supervision.is_to_be_entered(place) else None
        if isinstance(kind, AcceptanceApplication | ConclusionWithin | FilingWithin):
            return acceptance.taken_on_by(place)
        return None
