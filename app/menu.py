"""The frame around every page: the menu by role, the agency, the person, the inbox count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from flask import Flask, request, url_for
from flask_login import current_user

from app import clock
from app.extensions import db
from app.permissions import current_actor, has_actor
from lifecycle.inbox import unread_count
from lifecycle.roles import ROLE_NAMES, Actor, Permission


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the menu: shown to whoever may open it."""

    label: str
    endpoint: str
    icon: str
    permission: Permission


MENU = (
    Entry("工作台", "workbench.index", "house", Permission.SEE_OWN_DESK),
    Entry("项目", "projects.index", "folder", Permission.SEE_PROJECTS),
    Entry("报告", "filings.index", "file-earmark-text", Permission.SEE_REPORTS),
    Entry("变更", "changes.index", "arrow-left-right", Permission.SEE_CHANGES),
    Entry("经费", "money.index", "cash-coin", Permission.SEE_MONEY),
    Entry("经费", "spending.index", "cash-coin", Permission.SEE_PROJECTS),
    Entry("监督验收", "oversight.index", "clipboard-check", Permission.SEE_OVERSIGHT),
    Entry("台账", "ledger.index", "table", Permission.SEE_LEDGER),
    Entry("评审", "reviews.index", "clipboard-check", Permission.SEE_REVIEWS),
    Entry("制度库", "rulebook.index", "book", Permission.SEE_RULEBOOK),
    Entry("设置", "admin.people", "gear", Permission.MANAGE_PEOPLE),
)


_AROUND = (
    *("auth.switch", "auth.password", "auth.sign_out", "workbench.index", "projects.index"),
    *("inbox.index", "agenda.index", "longwork.index", "running.index"),
)
"""What the frame leads to beside the entries of the menu."""


@lru_cache(maxsize=16)
def _addresses(root: str) -> Mapping[str, str]:
    """Return where the frame and the menu lead, below ``root``: that stays as long as the app runs."""
    del root  # all that these addresses hang on; url_for knows it
    return {endpoint: url_for(endpoint) for endpoint in (*_AROUND, *(entry.endpoint for entry in MENU))}


class Frame:
    """What stands around a page. Worked out when a template asks, since fragments never do."""

    def __init__(self, actor: Actor, agencies: Mapping[int, str]) -> None:
        self._actor = actor
        self._agencies = agencies
        to = _addresses(request.script_root)
        self.agency = agencies[actor.agency_id]
        self.person_name = actor.name
        self.person_roles = [name for role, name in ROLE_NAMES.items() if role in actor.roles]
        self.switch_url = to["auth.switch"]
        self.home_url = to["workbench.index"]
        self.search_url = to["projects.index"] if actor.may(Permission.SEE_PROJECTS) else None
        self.inbox_url = to["inbox.index"]
        self.calendar_url = to["agenda.index"]
        self.tasks_url = to["longwork.index"]
        self.clock_url = to["running.index"] if actor.may(Permission.SEE_CLOCK) else None
        self.password_url = to["auth.password"]
        self.sign_out_url = to["auth.sign_out"]

    @property
    def agencies(self) -> list[dict[str, Any]]:
        """The agencies to choose from."""
        return [
            {"id": agency_id, "label": name, "current": agency_id == self._actor.agency_id}
            for agency_id, name in self._agencies.items()
        ]

    @cached_property
    def inbox_count(self) -> int:
        """Messages not read yet."""
        return unread_count(db.session(), self._actor)


def agency_name() -> str:
    """Return the name of the agency worked in, as pages and papers bear it."""
    name: str = current_user.person.agencies[current_actor().agency_id]
    return name


_UNDER = {"acceptance": "oversight", "notices": "oversight", "reconcile": "money", "spending": "money"}
"""Part of the site → the part under whose entry of the menu it stands."""


def menu_of(actor: Actor) -> list[dict[str, Any]]:
    """Return the entries this actor may open; the one whose part of the site is open is active.

    Of two with one name she gets the first: the money of the bureau is the unit's money, and more.
    """
    part = (request.endpoint or "").partition(".")[0]
    to = _addresses(request.script_root)
    entries = {entry.label: entry for entry in reversed(MENU) if actor.may(entry.permission)}
    return [
        {
            "label": entry.label,
            "url": to[entry.endpoint],
            "icon": entry.icon,
            "active": entry.endpoint.partition(".")[0] in {part, _UNDER.get(part, part)},
            "count": 0,
        }
        for entry in MENU
        if entries.get(entry.label) is entry
    ]


def register(app: Flask) -> None:
    """Hand the frame to every template."""
    app.context_processor(_frame)


def _frame() -> dict[str, Any]:
    if not has_actor():
        return {"today": clock.today()}
    actor = current_actor()
    return {
        "today": clock.today(),
        "menu": menu_of(actor),
        "frame": Frame(actor, current_user.person.agencies),
        "agency_name": agency_name(),
    }
