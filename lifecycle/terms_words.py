"""How terms read: the names of their fields, values in words, and what two versions say differently."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from lifecycle.money import yuan
from lifecycle.record import BudgetLine, Partner
from lifecycle.terms import IndicatorTerm, Member, MilestoneTerm, Terms, TrancheTerm, differences

LABELS: Mapping[str, str] = {
    "title": "项目名称",
    "nature": "项目性质",
    "lead_unit": "承担单位",
    "lead_unit_type": "单位类型",
    "lead_place": "单位所在地",
    "pi_name": "项目负责人",
    "pi_email": "负责人邮箱",
    "joint_unit": "联合实施单位",
    "milestone_managed": "里程碑管理",
    "start": "实施开始",
    "end": "实施结束",
    "separate_account": "专账管理",
    "provincial": "省（市）级财政资金",
    "district": "区（县）级财政资金",
    "joint": "联合实施单位出资",
    "own": "自筹资金",
    "bank_name": "开户银行",
    "bank_account": "银行账号",
    "goals": "研究内容和目标",
    "members": "项目组成员",
    "partners": "参与单位",
    "indicators": "考核指标",
    "milestones": "进度安排",
    "budget": "经费预算",
    "tranches": "拨款和到账计划",
}
"""Field of ``Terms`` → how it is called, in the order in which it is shown."""

AMOUNTS = frozenset({"provincial", "district", "joint", "own"})


@dataclass(frozen=True, slots=True)
class Told:
    """One difference in words; a side that has no such thing is empty."""

    field: str
    old: str
    new: str


def value_in_words(field: str, value: Any) -> str:
    """Return a value of that field, or a line of that list, as people read it."""
    if value is None or value == "":
        return "未填写"
    if isinstance(value, bool):
        return "是" if value else "否"
    if field in AMOUNTS:
        return f"{yuan(value)} 元"
    if isinstance(value, date):
        return value.isoformat()
    return line_in_words(value) if type(value) in _LINES else str(value)


def line_in_words(line: Any) -> str:
    """Return a line of a list as people read it."""
    return "，".join(part for part in _LINES[type(line)](line) if part)


def _day(day: date | None) -> str:
    return day.isoformat() if day else "未定"


def _partner(one: Partner) -> list[str]:
    period = f"协议 {_day(one.agreement_from)}–{_day(one.agreement_until)}"
    dated = period if one.agreement_from or one.agreement_until else ""
    return [one.name, one.unit_type or "", one.place, f"{yuan(one.share)} 元", dated]


_LINES: Mapping[type[Any], Any] = {
    Member: lambda one: [one.name, one.unit, one.title, one.task],
    Partner: _partner,
    IndicatorTerm: lambda one: [
        one.name,
        f"{one.category}指标",
        f"指南 {one.guide_value or '未定'}",
        f"{one.direction} {one.agreed_value or '未定'}{one.unit or ''}",
    ],
    MilestoneTerm: lambda one: [f"第 {one.number} 项", one.name or "", _day(one.planned_on), one.goal],
    BudgetLine: lambda one: [f"{one.source}{one.use}", f"{yuan(one.amount)} 元"],
    TrancheTerm: lambda one: [
        f"{one.source}第 {one.number} 期",
        f"{yuan(one.planned)} 元",
        _day(one.planned_on),
        one.condition,
    ],
}


def told_differences(old: Terms, new: Terms) -> list[Told]:
    """Return what two sets of terms say differently, in the order in which terms are shown."""
    found = differences(old, new)
    order = list(LABELS)
    return [
        Told(
            f"{LABELS[one.field]}{f'（{one.key}）' if one.key else ''}",
            "" if one.key and one.old is None else value_in_words(one.field, one.old),
            "" if one.key and one.new is None else value_in_words(one.field, one.new),
        )
        for one in sorted(found, key=lambda one: order.index(one.field))
    ]
