"""Clearing through the site: spending ticked row by row, refunds in parts."""

from __future__ import annotations

from sqlalchemy import select

from lifecycle.models import Spending
from tests.web.lives.living import Life, Page


def ticked(life: Life, voucher: str, amount: str, reason: str) -> dict[str, str]:
    """Return what is typed to disallow a part of the row of that voucher."""
    id_ = life.one(select(Spending.id).where(Spending.voucher == voucher))
    return {f"pick-{id_}": "y", f"amount-{id_}": amount, f"reason-{id_}": reason}


def disallow(life: Life, path: str, voucher: str, amount: str, reason: str) -> Page:
    """Disallow a part of the row of that voucher; it is kept, and the page may be left."""
    return life.open("finance", path).done("保存本页", **ticked(life, voucher, amount, reason))


def give_back(life: Life, path: str, amount: str, on: str, voucher: str, source: str = "") -> Page:
    """Let finance record a part that came back."""
    chosen = {"source": source} if source else {}
    typed = {"amount": amount, "on": on, "voucher": voucher}
    return life.open("finance", path).done("登记退款", **typed, **chosen)
