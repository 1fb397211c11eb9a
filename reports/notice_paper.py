"""A notice as a Word file, out of what was frozen when it was drawn up: printed again it is the same."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from reports.papers.rendering import render

_DAYS = ("by", "drawn_on")


def notice_paper(content: Mapping[str, Any], *, void: bool) -> bytes:
    """Return the Word file of a notice from ``PaperNotice.content``; one that is void says so at its head."""
    days = {name: date.fromisoformat(content[name]) if content[name] else None for name in _DAYS}
    return render("paper_notice", {**content, **days, "mark": "已作废" if void else ""})
