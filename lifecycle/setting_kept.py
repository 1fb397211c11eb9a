"""How a setting is kept, and that nobody takes back unseen what a colleague has set meanwhile.

A form of settings carries what it showed when it was opened. Whoever saves it after somebody else is refused
once and told what is different now; saving again from there is an act of her own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from sqlalchemy import select

from lifecycle.command import Work
from lifecycle.models import AgencySetting
from lifecycle.refusals import SettingChanged
from lifecycle.wording import changes_told

Opened = Mapping[str, Any]
"""What a form showed when it was opened: name → value, as JSON has it."""


def demand_unchanged(opened: Opened | None, now: Opened, names: Mapping[str, str]) -> None:
    """Raise ``SettingChanged`` where what holds ``now`` is not what was ``opened``; ``names`` are its words.

    ``None`` asks for nothing: whoever saves has not looked at a form.
    """
    if opened is None:
        return
    changes = [
        {"field": names.get(name, name), "old": opened.get(name), "new": now.get(name)}
        for name in dict.fromkeys([*opened, *now])
        if opened.get(name) != now.get(name)
    ]
    if changes:
        raise SettingChanged(list(changes_told({"changes": changes})))


def changed(field: str, old: Any, new: Any) -> Iterator[dict[str, Any]]:
    """Yield the change of a value as entries of the history tell it; nothing where it is the same."""
    if old != new:
        yield {"field": field, "old": old, "new": new}


def keep_setting(work: Work, key: str, value: Any, today: date) -> None:
    """Keep a setting of the actor's agency, in place of what was kept."""
    own = (AgencySetting.agency_id == work.actor.agency_id, AgencySetting.key == key)
    row = work.session.scalar(select(AgencySetting).where(*own))
    if row is None:
        row = AgencySetting(agency_id=work.actor.agency_id, key=key)
        work.session.add(row)
    row.value, row.set_by_id, row.set_on = value, work.actor.user_id, today
    work.session.flush()
