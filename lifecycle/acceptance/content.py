"""What an application for acceptance says: a summary, what was reached by which evidence, goals met."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from lifecycle.record import Acceptance, ProjectRecord
from lifecycle.sums import money_of

GOALS: Mapping[str, str] = {
    "technology": "突破或引进了关键技术",
    "transfer": "重大成果得到转化，经济和社会效益明显",
    "people": "人才交流和国际化培养有明显成效",
    "meeting": "召开或承办了有影响的国际学术会议或行业会议",
    "results": "合作取得专利、标准、论著、新产品等多种成果",
    "platform": "建成国际科技合作创新平台",
}
"""The six goals of 山西 一, in our own words; at least four are to be met."""


@dataclass(frozen=True, slots=True)
class Content:
    """An application. Files are ids of attachments of the case."""

    summary: str = ""
    """实施总结."""
    early_reason: str = ""
    """Why it is applied for well before the end."""
    values: Mapping[str, str] = field(default_factory=dict)
    """Indicator → the value reached."""
    evidence: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """Indicator → the files that show it."""
    report: tuple[int, ...] = ()
    """The final report's files."""
    more: tuple[int, ...] = ()
    goals: Mapping[str, str] = field(default_factory=dict)
    """Goal met → how."""
    accepted_goals: tuple[str, ...] | None = None
    """The goals that the bureau acknowledges; ``None`` before it has said."""
    before: Mapping[str, str | None] = field(default_factory=dict)
    """What the record held as reached before the application was confirmed."""

    @property
    def files(self) -> frozenset[int]:
        """Every file in use."""
        return frozenset((*self.report, *self.more, *(one for ids in self.evidence.values() for one in ids)))

    @property
    def goals_met(self) -> int:
        """How many goals count: those acknowledged, else those claimed."""
        return len(self.goals if self.accepted_goals is None else self.accepted_goals)


def content_to_plain(content: Content) -> dict[str, Any]:
    """Return the application as JSON keeps it."""
    return {
        "summary": content.summary,
        "early_reason": content.early_reason,
        "values": dict(content.values),
        "evidence": {name: list(ids) for name, ids in content.evidence.items()},
        "report": list(content.report),
        "more": list(content.more),
        "goals": dict(content.goals),
        "accepted_goals": None if content.accepted_goals is None else list(content.accepted_goals),
        "before": dict(content.before),
    }


def content_of(plain: Mapping[str, Any]) -> Content:
    """Return the application that was kept."""
    accepted = plain.get("accepted_goals")
    return Content(
        summary=plain.get("summary", ""),
        early_reason=plain.get("early_reason", ""),
        values=plain.get("values", {}),
        evidence={name: tuple(ids) for name, ids in plain.get("evidence", {}).items()},
        report=tuple(plain.get("report", ())),
        more=tuple(plain.get("more", ())),
        goals=plain.get("goals", {}),
        accepted_goals=None if accepted is None else tuple(accepted),
        before=plain.get("before", {}),
    )


def no_acceptance() -> Acceptance:
    """Return the acceptance of a project of which nothing is known yet."""
    return Acceptance(
        **dict.fromkeys(("applied_on", "technical", "financial", "conference_on", "government_on")),
        **dict.fromkeys(("conclusion", "concluded_on", "filed_on", "platform_filed_on", "cleared_on")),
        **dict.fromkeys(("integrity_on", "goals_met")),
        joint_unit_took_part=False,
        own_fault=False,
        to_return=0,
        returned=0,
    )


def as_applied(record: ProjectRecord, content: Content, day: date) -> ProjectRecord:
    """Return the record as it would be once the application was confirmed on ``day``."""
    indicators = tuple(
        replace(one, achieved_value=content.values.get(one.name, "").strip() or None)
        for one in record.indicators
    )
    acceptance = replace(record.acceptance or no_acceptance(), applied_on=day)
    return replace(record, indicators=indicators, acceptance=acceptance)


def final_account(record: ProjectRecord, day: date) -> dict[str, Any]:
    """Return the final account at the end of ``day`` in plain values: by source, by use; amounts in fen."""
    money = money_of(record, day)
    return {
        "as_of": day.isoformat(),
        "sources": [
            {
                "source": source.value,
                "agreed": sums.agreed,
                "paid": sums.paid,
                "spent": sums.spent,
                "left": sums.left,
            }
            for source, sums in money.sources.items()
        ],
        "uses": [
            {"source": one.source.value, "use": one.use.value, "budget": one.budget, "spent": one.spent}
            for one in money.uses
        ],
    }
