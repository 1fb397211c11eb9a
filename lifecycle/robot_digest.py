"""What a group robot says of a day's reminders: one message, the late ones first, nothing personal in it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from lifecycle.models.clock import Channel
from lifecycle.wording import days_left

MOST_LINES = 20
"""Duties named in one message; of the others it says how many."""

MOST_BYTES = {Channel.DINGTALK: 18_000, Channel.WECOM: 2_000, Channel.FEISHU: 18_000}
"""How long a message may be, in UTF-8, a little below what each of the three takes."""

_LONGEST = 60
"""Characters of a line's project and of what is owed."""


class Item(NamedTuple):
    """One duty as a robot speaks of it."""

    project: str
    """Number and title."""
    what: str
    due: date


def digest(items: Sequence[Item], today: date, site: str, most_bytes: int) -> tuple[str, str]:
    """Return heading and text of the message; ``site`` is where to look further, and may be empty."""
    in_order = sorted(items, key=lambda one: (one.due >= today, one.due))
    late = sum(one.due < today for one in items)
    heading = f"科管提醒：{len(items)} 项待办" + (f"，其中 {late} 项已逾期" if late else "")
    lines = [_line(place, one, today) for place, one in enumerate(in_order[:MOST_LINES], 1)]
    text = _text(lines, len(items), site)
    while lines and len(f"{heading}\n{text}".encode()) > most_bytes:
        lines.pop()
        text = _text(lines, len(items), site)
    return heading, text


def _text(lines: Sequence[str], count: int, site: str) -> str:
    left = count - len(lines)
    more = f"另有 {left} 项未列出，" if left else ""
    return "\n".join([*lines, f"{more}请登录科管查看办理{f'：{site}' if site else '。'}"])


def _line(place: int, one: Item, today: date) -> str:
    return f"{place}. {_short(one.project)}：{_short(one.what)}，{one.due} 前（{days_left(one.due, today)}）"


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
