"""Which terms a change of each kind may touch, and what it must say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from lifecycle.judging import LEAST_REASON
from lifecycle.record import ChangeKind
from lifecycle.refusals import InvalidInput
from lifecycle.terms import Terms, differences

TOUCHED: Mapping[ChangeKind, tuple[str, ...]] = {
    ChangeKind.TITLE: ("title",),
    ChangeKind.UNIT: ("lead_unit", "lead_unit_type", "lead_place", "bank_name", "bank_account"),
    ChangeKind.PI: ("pi_name", "pi_email"),
    ChangeKind.EXTENSION: ("end",),
    ChangeKind.INDICATOR: ("indicators",),
    ChangeKind.BUDGET: ("provincial", "district", "joint", "own", "partners", "budget", "tranches"),
    ChangeKind.CONTENT: ("goals", "milestones"),
    ChangeKind.MEMBERS: ("members",),
    ChangeKind.OTHER: (),
}
"""Kind → fields of the terms that a change of this kind may touch. No two kinds touch the same field."""


def demand_only_its_own(kind: ChangeKind, old: Terms, new: Terms) -> None:
    """Demand that a change touches no terms but those of its kind. Raises ``InvalidInput``."""
    strange = {one.field for one in differences(old, new)} - set(TOUCHED[kind])
    if strange:
        raise InvalidInput({"terms": f"“{kind}”变更不能同时修改任务书的其他内容，请另行申请相应的变更。"})


def missing_in(kind: ChangeKind, old: Terms, new: Terms, text: str, reason: str) -> dict[str, str]:
    """Return what a request lacks before it can be sent, by field; ``text`` is the content of 其他."""
    errors = dict(_wrong(kind, old, new, text))
    if len(reason) < LEAST_REASON:
        errors["reason"] = f"请写明变更理由，至少 {LEAST_REASON} 字。"
    return errors


def _wrong(kind: ChangeKind, old: Terms, new: Terms, text: str) -> Iterator[tuple[str, str]]:
    if kind is ChangeKind.OTHER:
        if not text:
            yield "text", "请写明要变更的内容。"
    elif kind is ChangeKind.EXTENSION:
        if new.end <= old.end:
            yield "end", f"延期后的结束日期应晚于现在的 {old.end}。"
    elif not differences(old, new):
        yield "terms", f"还没有修改任何内容，请填写变更后的{kind}。"
    for name, words in _NEEDED.items():
        if name in TOUCHED[kind] and not getattr(new, name):
            yield name, words


_NEEDED: Mapping[str, str] = {
    "title": "请填写新的项目名称。",
    "lead_unit": "请填写新的承担单位。",
    "lead_unit_type": "请选择新承担单位的类型。",
    "lead_place": "请选择新承担单位的所在地。",
    "bank_name": "请填写新承担单位的开户行。",
    "bank_account": "请填写新承担单位的银行账号。",
    "pi_name": "请填写新的项目负责人。",
    "pi_email": "请填写新负责人的邮箱，系统据此关联其负责的项目。",
    "indicators": "任务书应至少有一项考核指标。",
}
"""Field → what is said where a change leaves it empty."""


def carried_over(kind: ChangeKind, wanted: Terms, now: Terms) -> Terms:
    """Return the terms now in force with what a request drafted on older ones wants to change."""
    return replace(now, **{name: getattr(wanted, name) for name in TOUCHED[kind]})
