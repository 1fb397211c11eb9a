"""What the lists of supervision are asked, and what they are filtered by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from app.filters import query
from app.projects.asking import read_text
from lifecycle.listing import PER_PAGE, USUAL_SIZE
from lifecycle.models import InspectionKind, InspectionState, IntegrityAct, IntegrityState
from lifecycle.record import MeasureKind
from lifecycle.supervised import OPEN, OVERDUE, SETTLED, Asked

Options = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Tab:
    """One of the lists."""

    key: str
    label: str
    kind_label: str
    kinds: Options
    states: Options


def _same(words: Iterable[str]) -> Options:
    return [("", "全部"), *((str(word), str(word)) for word in words)]


TABS = {
    "inspections": Tab("inspections", "检查", "检查方式", _same(InspectionKind), _same(InspectionState)),
    "measures": Tab(
        "measures",
        "整改和暂缓",
        "处理",
        _same(MeasureKind),
        [("", "全部"), (OPEN, "执行中"), (OVERDUE, "逾期未整改"), (SETTLED, "已办结")],
    ),
    "integrity": Tab("integrity", "科研诚信", "失信行为", _same(IntegrityAct), _same(IntegrityState)),
}


def asked_of(args: Mapping[str, str]) -> Asked:
    """Return what an address asks; what it says wrongly is not asked."""
    size = _number(args, "size", USUAL_SIZE)
    return Asked(
        text=read_text(args),
        kind=args.get("kind", ""),
        state=args.get("state", ""),
        page=_number(args, "page", 1),
        per_page=size if size in PER_PAGE else USUAL_SIZE,
    )


def _number(args: Mapping[str, str], name: str, usual: int) -> int:
    text = args.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else usual


def chips(tab: Tab, asked: Asked, args: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Yield what the list is filtered by, each with the address of the list without it."""
    told = (
        ("q", "关键词", asked.text),
        ("kind", tab.kind_label, dict(tab.kinds[1:]).get(asked.kind, "")),
        ("state", "状态", dict(tab.states[1:]).get(asked.state, "")),
    )
    for name, label, value in told:
        if value:
            yield {"label": label, "value": value, "url": query(args, **{name: None, "page": None})}
