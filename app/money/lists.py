"""What the lists of money show: a tab for every step, how many wait there, and what they are filtered by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from app.filters import query
from app.projects.asking import read_text
from finance.batches import count_batches
from finance.due import TrancheFilter, count_tranches
from finance.holds import count_held
from finance.states import BatchState
from lifecycle.keeping import Kept
from lifecycle.listing import PER_PAGE, revision_of, scope_of
from lifecycle.record import FISCAL, Source
from lifecycle.roles import Actor, Permission
from lifecycle.rulebook import rulebook
from lifecycle.stages import TrancheState

Args = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Tab:
    """One step of money on its way."""

    key: str
    label: str
    permission: Permission
    """Who takes the next step."""
    step: str = ""
    """The next step of a row, as the link to it reads."""
    state: TrancheState | None = None
    """The tranches that wait at this step; ``None`` for batches."""


HELD = "held"
"""The tab of money that waits; nobody's step."""

BATCHES = Tab("batches", "批次", Permission.MAKE_BATCH)
TABS = (
    Tab("propose", "待提出", Permission.PROPOSE_PAYMENT, "提出拨付", TrancheState.PLANNED),
    Tab("approve", "待审批", Permission.APPROVE_PAYMENT, "审批", TrancheState.PROPOSED),
    Tab("batch", "待入批次", Permission.MAKE_BATCH, "查看", TrancheState.APPROVED),
    BATCHES,
)

SOURCES = tuple(source for source in Source if source in FISCAL)
"""The sources a batch can have, in their order."""

OPEN_BATCHES = frozenset({BatchState.DRAFT, BatchState.ISSUED})

WHEN = {"coming": "30 天内到期和已逾期", "overdue": "已逾期", "all": "全部未提出"}
"""What a list of tranches not proposed yet can be narrowed to; the first is the usual one."""


_counts: Kept[tuple[object, ...], dict[str, int]] = Kept()


def counts(session: Session, actor: Actor, today: date) -> dict[str, int]:
    """Return how many wait at each step, by the key of its tab; kept until something changes."""
    key = (scope_of(session, actor), today)
    return _counts.get(key, revision_of(session, actor), lambda: _count(session, actor, today))


def _count(session: Session, actor: Actor, today: date) -> dict[str, int]:
    waiting = {
        tab.key: count_tranches(session, actor, _of_tab(tab, "coming"), today)[0]
        for tab in TABS
        if tab.state is not None
    }
    more = {BATCHES.key: count_batches(session, actor, OPEN_BATCHES), HELD: count_held(session, actor)}
    return waiting | more


def tab_of(key: str, actor: Actor, waiting: Mapping[str, int]) -> Tab:
    """Return the tab asked for, else the one at which something waits for this actor, else her own."""
    own = [tab for tab in TABS if actor.may(tab.permission)]
    asked = [tab for tab in TABS if tab.key == key]
    return next(iter(asked or [tab for tab in own if waiting[tab.key]] or own or TABS))


def asked_of(tab: Tab, args: Args) -> TrancheFilter:
    """Return what the address asks of a tab; what it says wrongly is not asked."""
    source, programme = args.get("source", ""), args.get("programme", "")
    return _of_tab(
        tab,
        args.get("when", ""),
        source=Source(source) if source in SOURCES else None,
        text=read_text(args),
        programme=programme if programme in rulebook().programmes else "",
        page=_number(args, "page", 1),
        per_page=per_page(args),
    )


def _of_tab(tab: Tab, when: str, **more: object) -> TrancheFilter:
    states = frozenset({tab.state}) if tab.state else frozenset[TrancheState]()
    if tab.state is not TrancheState.PLANNED:
        when = ""
    elif when not in WHEN:
        when = "coming"
    return TrancheFilter(states=states, when="" if when == "all" else when, **more)  # type: ignore[arg-type]


def options(words: Iterable[str]) -> list[tuple[str, str]]:
    """Return the options of a filter: all, or one of those."""
    return [("", "全部"), *((str(word), str(word)) for word in words)]


def per_page(args: Args) -> int:
    """Return the page size asked for, of those on offer."""
    size = _number(args, "size", 50)
    return size if size in PER_PAGE else 50


def page_number(args: Args) -> int:
    """Return the page asked for."""
    return _number(args, "page", 1)


def _number(args: Args, name: str, usual: int) -> int:
    text = args.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else usual


def chips(asked: TrancheFilter, args: Args) -> Iterator[dict[str, str]]:
    """Yield what the list is filtered by, each with the address of the list without it."""
    told = (
        ("q", "关键词", asked.text),
        ("source", "资金来源", asked.source),
        ("programme", "计划类别", asked.programme),
    )
    for name, label, value in told:
        if value:
            yield {"label": label, "value": str(value), "url": query(args, **{name: None, "page": None})}
