"""Kinds of rule about what goes on in a project: what was ordered, who reviews, what is ready for acceptance.

They ask what no ledger holds, so they guard acts and set duties but list no findings (``judges = false``).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from lifecycle.record import MeasureKind, ProjectRecord, Source
from lifecycle.rules.base import ALWAYS, ONE_DAY, Breach, DutyKind, Figure, Kind, Owed, spells
from lifecycle.rules.duties import AnnualReports, StageReports
from lifecycle.rules.reading import amount, listed
from lifecycle.rules.registry import kind


class Standing(Kind):
    """One thing asked of a project as it stands on a day, answered by a sentence for either outcome."""

    @abstractmethod
    def held_on(self, record: ProjectRecord, day: date) -> tuple[bool, str] | None:
        """Return whether the rule is held on ``day``, with the sentence; ``None``: it does not apply."""

    def moments(self, record: ProjectRecord) -> Iterable[date | None]:  # noqa: ARG002 many know none
        """Return the days on which the answer can change."""
        return ()

    def breaches(self, record: ProjectRecord) -> Iterable[Breach]:
        """Return the days on which the rule is not held."""

        def wrong(day: date) -> str | None:
            found = self.held_on(record, day)
            return None if found is None or found[0] else found[1]

        return [Breach("", since, until, text) for since, until, text in spells(self.moments(record), wrong)]

    def figures(self, record: ProjectRecord, day: date) -> Iterable[Figure]:
        """Return the sentence where the rule is held."""
        found = self.held_on(record, day)
        return () if found is None else (Figure("", found[1]),)


@kind("no-open-measure")
@dataclass(frozen=True, slots=True)
class NoOpenMeasure(Standing):
    """Nothing that was ordered of the project is still in force."""

    waits_for_others: ClassVar[bool] = True

    measures: tuple[MeasureKind, ...]

    def moments(self, record: ProjectRecord) -> Iterable[date | None]:
        """Return the days on which measures begin and end."""
        for one in record.measures:
            yield one.ordered_on
            yield one.settled_on

    def held_on(self, record: ProjectRecord, day: date) -> tuple[bool, str]:
        """Return what is in force."""
        found = [one for one in record.measures if one.kind in self.measures and one.open_on(day)]
        if not found:
            return True, f"没有执行中的{listed(self.measures)}"
        told = [f"{one.kind}（{one.ordered_on} 起）：{one.text}" for one in found]
        return False, "；".join(told)


@kind("rectification")
@dataclass(frozen=True, slots=True)
class Rectification(DutyKind):
    """What an inspection wants put right is put right, and handed in for verification, by its day."""

    names_termination: bool = False
    """Whether the article itself says that a project may be ended where nothing is put right."""

    def owed(self, record: ProjectRecord) -> Iterable[Owed]:
        """Return every rectification ordered."""
        return [
            Owed(
                str(one.number),
                one.ordered_on,
                one.due,
                one.answered_on or one.settled_on,
                record.concluded_on,
                f"完成整改：{one.text}",
            )
            for one in record.measures
            if one.kind is MeasureKind.RECTIFICATION and one.due is not None
        ]


@kind("impartial-experts")
@dataclass(frozen=True, slots=True)
class ImpartialExperts(Kind):
    """Nobody reviews a project in which she takes part or which her own unit runs."""

    def breaches(self, record: ProjectRecord) -> Iterator[Breach]:
        """Return every expert who is of the project; the subject is her name."""
        for expert in record.experts:
            why = self._why(record, expert.name, expert.email, expert.units)
            if why:
                yield Breach(expert.name, ALWAYS, None, f"{expert.name}{why}，不能参加本项目的评议")

    def figures(self, record: ProjectRecord, day: date) -> Iterable[Figure]:  # noqa: ARG002 asks no day
        """Return how many experts have no part in the project."""
        if not record.experts:
            return ()
        names = listed(one.name for one in record.experts)
        return (Figure("", f"{names}：未发现承担或参加本项目的情形"),)

    def _why(self, record: ProjectRecord, name: str, email: str | None, units: frozenset[str]) -> str:
        if email and record.pi_email and email.lower() == record.pi_email.lower():
            return "是本项目负责人"
        if name == record.pi_name or name in record.members:
            return "与本项目负责人或成员同名"
        involved = {record.lead_unit, record.joint_unit, *(one.name for one in record.partners)}
        own = sorted(units & {unit for unit in involved if unit})
        return f"来自{own[0]}" if own else ""


@kind("reports-in")
@dataclass(frozen=True, slots=True)
class ReportsIn(Standing):
    """Every annual and stage report that has fallen due has been handed in."""

    least_months: int

    def moments(self, record: ProjectRecord) -> Iterable[date | None]:
        """Return the days from which a report is missing, and on which one comes in."""
        for one in self.owed(record):
            yield one.due + ONE_DAY
            yield one.done_on

    def owed(self, record: ProjectRecord) -> list[Owed]:
        """Return every report that the project owes over its whole life."""
        return [*AnnualReports(self.least_months).owed(record), *StageReports().owed(record)]

    def held_on(self, record: ProjectRecord, day: date) -> tuple[bool, str]:
        """Return which reports are missing."""
        owed = self.owed(record)
        done = [one for one in owed if one.done_on is not None and one.done_on <= day]
        missing = [one.message for one in owed if one.due < day and one not in done]
        if missing:
            return False, f"还缺 {len(missing)} 份：{'；'.join(missing)}"
        return True, f"到期的年度报告和阶段报告均已提交，共 {len(done)} 份"


@kind("indicators-reported")
@dataclass(frozen=True, slots=True)
class IndicatorsReported(Standing):
    """Every indicator has the value that was reached."""

    def held_on(self, record: ProjectRecord, day: date) -> tuple[bool, str]:
        """Return which indicators have none."""
        del day
        if not record.indicators:
            return False, "任务书没有考核指标，无从评价，请先补充"
        missing = [one.name for one in record.indicators if not one.achieved_value]
        if missing:
            return False, f"未填完成值的考核指标：{listed(missing)}"
        return True, f"{len(record.indicators)} 项考核指标均已填写完成值"


@kind("changes-settled")
@dataclass(frozen=True, slots=True)
class ChangesSettled(Standing):
    """No change waits for its approval or, where it is filed on a platform, for its filing."""

    filed: bool = False

    def held_on(self, record: ProjectRecord, day: date) -> tuple[bool, str]:
        """Return which changes are still on their way."""
        del day
        waiting = [
            f"变更 {one.number}（{one.kind}）"
            for one in record.changes
            if (one.approved_on is None and not one.self_decided)
            or (self.filed and one.platform_filed_on is None)
        ]
        if waiting:
            return False, f"尚未办结：{listed(waiting)}"
        many = len(record.changes)
        return True, f"{many} 项变更均已办结" if many else "没有申请过变更"


@kind("money-arrived")
@dataclass(frozen=True, slots=True)
class MoneyArrived(Standing):
    """What the unit and the joint unit were to pay by now has arrived."""

    def moments(self, record: ProjectRecord) -> Iterable[date | None]:
        """Return the days by which something was to arrive."""
        return [one.planned_on for one in record.tranches]

    def held_on(self, record: ProjectRecord, day: date) -> tuple[bool, str]:
        """Return what has not arrived."""
        theirs = [one for one in record.tranches if one.source in (Source.JOINT, Source.OWN) and one.planned]
        late = [
            f"{one.source}第 {one.number} 期 {amount(one.planned)}"
            for one in theirs
            if one.planned_on is not None
            and one.planned_on <= day
            and not (one.is_payment and one.paid >= one.planned)
        ]
        if late:
            return False, f"未足额到位：{listed(late)}"
        return True, "联合实施单位出资和自筹资金已按计划到位"


@kind("spending-entered")
@dataclass(frozen=True, slots=True)
class SpendingEntered(Standing):
    """Where public money was paid there is an account of its spending."""

    def moments(self, record: ProjectRecord) -> Iterable[date | None]:
        """Return the days on which something was spent."""
        return [one.on for one in record.spending]

    def held_on(self, record: ProjectRecord, day: date) -> tuple[bool, str] | None:
        """Return both sums; nothing is asked where no public money was paid."""
        fiscal = (Source.PROVINCIAL, Source.DISTRICT)
        paid = sum(one.paid for one in record.tranches if one.source in fiscal and one.is_payment)
        if not paid:
            return None
        spent = [one.amount for one in record.spending if one.source in fiscal and one.on <= day]
        text = f"财政资金已拨 {amount(paid)}，已登记支出 {amount(sum(spent))}"
        return bool(spent), text if spent else f"{text}，请先登记支出"
