"""What the lists of spending, own money and stage accounts are asked, and the tabs they stand under."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from enum import StrEnum
from typing import Any, TypeVar

from flask import url_for

from app.filters import query, short_day
from app.money.lists import options, page_number, per_page
from app.projects.asking import read_text
from finance.own_money import OWN, Arrival, AskedOwn
from finance.spending_list import AskedSpending, Standing
from finance.stage_accounts import AskedAccounts
from finance.states import StageAccountState
from lifecycle.record import BudgetUse, Source
from lifecycle.roles import Actor, Permission

Args = Mapping[str, str]
Choice = TypeVar("Choice", bound=StrEnum)

TABS = (
    ("spending.index", "支出明细", Permission.SEE_PROJECTS),
    ("spending.own", "自筹和联合资金", Permission.SEE_PROJECTS),
    ("spending.accounts", "阶段账目", Permission.SEE_PROJECTS),
    ("spending.overspent", "超预算支出", Permission.SEE_MONEY),
)

SPENDING_CHOICES = {
    "source": ("资金来源", options(Source)),
    "use": ("科目", options(BudgetUse)),
    "standing": ("范围", options(Standing)),
}
OWN_CHOICES = {
    "source": ("资金来源", options(OWN)),
    "state": ("到位情况", options(Arrival)),
}
ACCOUNT_CHOICES = {"state": ("状态", options(StageAccountState))}


def tabs_of(actor: Actor, active: str) -> list[dict[str, Any]]:
    """Return the lists that somebody may open, as tabs; ``active`` is the endpoint of the one shown."""
    return [
        {"label": label, "url": url_for(endpoint), "active": endpoint == active, "count": 0}
        for endpoint, label, permission in TABS
        if actor.may(permission)
    ]


def home_of(actor: Actor) -> dict[str, str]:
    """Return the first step of the breadcrumb: the money pages of whoever looks."""
    endpoint = "money.index" if actor.may(Permission.SEE_MONEY) else "spending.index"
    return {"label": "经费", "url": url_for(endpoint)}


def spending_asked(args: Args) -> AskedSpending:
    """Return what an address asks of spending; what it says wrongly is not asked."""
    return AskedSpending(
        text=read_text(args),
        source=_choice(Source, args, "source"),
        use=_choice(BudgetUse, args, "use"),
        since=day_of(args, "since"),
        until=day_of(args, "until"),
        standing=_choice(Standing, args, "standing"),
        page=page_number(args),
        per_page=per_page(args),
    )


def own_asked(args: Args) -> AskedOwn:
    """Return what an address asks of own and joint money."""
    return AskedOwn(
        text=read_text(args),
        source=_choice(Source, args, "source"),
        state=_choice(Arrival, args, "state"),
        page=page_number(args),
        per_page=per_page(args),
    )


def accounts_asked(args: Args) -> AskedAccounts:
    """Return what an address asks of stage accounts."""
    state = _choice(StageAccountState, args, "state")
    return AskedAccounts(read_text(args), state, page_number(args), per_page(args))


def _choice(kind: type[Choice], args: Args, name: str) -> Choice | None:
    word = args.get(name, "")
    return kind(word) if word in set(kind) else None


def day_of(args: Args, name: str) -> date | None:
    """Return a day of an address; ``None`` where there is none, or what is said is no day."""
    try:
        return date.fromisoformat(args.get(name, ""))
    except ValueError:
        return None


def chips(asked: Any, args: Args, names: Iterable[str]) -> Iterator[dict[str, str]]:
    """Yield what a list is filtered by, each with the address of the list without it."""
    labels = {
        "text": ("q", "关键词"),
        "source": ("source", "资金来源"),
        "use": ("use", "科目"),
        "since": ("since", "起"),
        "until": ("until", "止"),
        "standing": ("standing", "范围"),
        "state": ("state", "状态"),
    }
    for name in names:
        key, label = labels[name]
        value = getattr(asked, name)
        if value:
            told = short_day(value) if isinstance(value, date) else str(value)
            yield {"label": label, "value": told, "url": query(args, **{key: None, "page": None})}


def said(asked: Any, names: Iterable[str]) -> str:
    """Return in words what a list is filtered by, as its export says it."""
    told = "，".join(f"{one['label']}：{one['value']}" for one in chips(asked, {}, names))
    return told or "全部"
