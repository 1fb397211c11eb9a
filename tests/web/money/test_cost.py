"""However much there is, a page of money asks the database the same small number of times."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import event

from app.extensions import db
from lifecycle.record import Source
from lifecycle.record import Tranche as Plan
from tests.integration.paying import WAN, Bureau, approved, drafted, issued
from tests.web.site import Browser

MOST = 12
TEN = tuple(Plan(n, Source.DISTRICT, WAN, date(2026, 2, n), 0, None) for n in range(1, 11))


def asked(browser: Browser, address: str) -> int:
    """Return how many statements a page takes, opened for the second time."""
    statements: list[object] = []

    def note(*told: object) -> None:
        if told[2] != "BEGIN":
            statements.append(told[2])

    assert browser.get(address).status_code == 200
    with browser.application.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    assert browser.get(address).status_code == 200
    event.remove(engine, "before_cursor_execute", note)
    return len(statements)


def test_a_tranche_among_many(bureau: Bureau, handler: Browser) -> None:
    alone, among = bureau.tranche(number="沙-1"), bureau.tranche(number="沙-2", tranches=TEN)
    costs = {asked(handler, f"/money/tranches/{one}") for one in (alone, among)}
    assert len(costs) == 1
    assert costs.pop() <= MOST


@pytest.mark.parametrize("make", [drafted, issued])
def test_a_batch_of_many(bureau: Bureau, finance: Browser, make: type) -> None:
    small = make(bureau, approved(bureau, number="沙-0"))
    large = make(bureau, *(approved(bureau, number=f"沙-{n}") for n in range(1, 6)))
    costs = {asked(finance, f"/money/batches/{one}") for one in (small, large)}
    assert len(costs) == 1
    assert costs.pop() <= MOST


@pytest.mark.parametrize(
    "address", ["/money/?tab=propose", "/money/?tab=batch", "/money/batches", "/money/batches/new"]
)
def test_lists_of_many(bureau: Bureau, finance: Browser, address: str) -> None:
    drafted(bureau, approved(bureau, number="沙-1"))
    approved(bureau, number="沙-2")
    bureau.tranche(number="沙-3")
    few = asked(finance, address)
    for n in range(4, 8):
        drafted(bureau, approved(bureau, number=f"沙-{n}"))
        approved(bureau, number=f"沙-1{n}")
        bureau.tranche(number=f"沙-2{n}")
    assert asked(finance, address) == few <= MOST
