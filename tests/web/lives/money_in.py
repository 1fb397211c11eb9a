"""Spending and arrivals in a life, entered by those whose money it is."""

from __future__ import annotations

from typing import Any

from tests.web.lives.living import Life, Page
from tests.web.lives.papers import scan


def spend(life: Life, *rows: dict[str, str], who: str = "pi") -> Page:
    """Let the pi enter spending, one row after another."""
    page = life.open(who, f"/spending/new/{life.number}")
    typed: dict[str, Any] = {
        f"{key}-{place}": value for place, row in enumerate(rows) for key, value in row.items()
    }
    return page.done("登记支出", **typed)


def arrive(life: Life, who: str, path: str, amount: str, day: str) -> Page:
    """Let a party record that its own money has arrived."""
    page = life.open(who, path)
    return page.done("登记到账", {"files": [scan("回单.pdf")]}, amount=amount, on=day, voucher=f"回单-{day}")
