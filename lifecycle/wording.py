"""How days and changes read, wherever they are written: on pages, in messages and on paper."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

_WEEKDAYS = "一二三四五六日"


def day_with_weekday(day: date) -> str:
    """Return ``2026-01-31（周六）``."""
    return f"{day:%Y-%m-%d}（周{_WEEKDAYS[day.weekday()]}）"


def days_left(due: date, today: date) -> str:
    """Return how far off ``due`` is: ``还有 12 天``, ``今天`` or ``逾期 3 天``."""
    left = (due - today).days
    if left == 0:
        return "今天"
    return f"还有 {left} 天" if left > 0 else f"逾期 {-left} 天"


def told_when(label: str, due: date | None, told_on: date) -> str:
    """Return how far from its deadline a step was told: ``提前 20 天``, ``当天``, ``逾期 5 天``.

    A step that a standstill or a late entry has put off is told on another day than its own. What is no step
    of the clock reads as it is.
    """
    if due is None or step_in_words(label) == label:
        return label
    left = (due - told_on).days
    if left == 0:
        return "当天"
    return f"提前 {left} 天" if left > 0 else f"逾期 {-left} 天"


def step_in_words(label: str) -> str:
    """Return a step of the clock in words: ``提前 30 天``, ``当天``, ``逾期 7 天``; another, as it is."""
    if label == "T":
        return "当天"
    for sign, word in (("T-", "提前"), ("T+", "逾期")):
        if label.startswith(sign):
            return f"{word} {label.removeprefix(sign)} 天"
    return label


def changes_told(details: Mapping[str, Any]) -> Iterator[str]:
    """Yield what the ``changes`` in an audit entry's details name: ``实施结束：2026-12-31 → 2027-06-30``."""
    changes = details.get("changes")
    for change in changes if isinstance(changes, list) else ():
        if isinstance(change, Mapping) and "field" in change:
            yield f"{change['field']}：{_value(change.get('old'))} → {_value(change.get('new'))}"


def _value(value: object) -> str:
    if value is None or value in ("", [], {}):
        return "（空）"
    if isinstance(value, bool):
        return "是" if value else "否"
    return "、".join(map(_value, value)) if isinstance(value, list) else str(value)
