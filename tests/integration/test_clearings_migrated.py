"""Clearings kept by an older program become rows: every kind of them up, down, and up again."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection, Engine, text

from app.database import migrate, unmigrate
from lifecycle.database import WRITE, open_database
from tests.integration.test_migrations import BEFORE_THE_CHAIN

PROVINCIAL, DISTRICT = "省（市）级财政", "区（县）级财政"
WAN = 10_000_00
OLD = sa.table(
    "clearing",
    *(sa.column(name) for name in ("id", "project_id", "citation")),
    *(sa.column(name, sa.Date()) for name in ("opened_on", "settled_on")),
    sa.column("figures", sa.JSON()),
)


def source(name: str, paid: int, spent: int, disallowed: int = 0, reason: str = "") -> dict[str, Any]:
    """Return a source as the older program kept it."""
    left = paid - spent
    told = {"paid": paid, "spent": spent, "left": left, "to_return": left + disallowed}
    return {"source": name, "disallowed": disallowed, "reason": reason, **told}


def kept(*sources: dict[str, Any], due: str | None = None, by_day: str | None = None, **more: Any) -> Any:
    """Return the figures of a clearing as the older program kept them, confirmed on ``by_day`` or not."""
    who = {"settled_by": "王会计", "confirmed_by": "赵局" if by_day else "", "confirmed_by_id": None}
    return {"sources": list(sources), "due": due, **who, "confirmed_on": by_day, "returns": [], **more}


def back(amount: int, on: str, voucher: str) -> dict[str, Any]:
    """Return a part that came back as the older program kept it: of which source it did not say."""
    return {"amount": amount, "on": on, "voucher": voucher, "by": "王会计"}


BOTH = source(PROVINCIAL, 5 * WAN, 4 * WAN), source(DISTRICT, 3 * WAN, WAN, WAN, "购置无关设备")
CLEARINGS: dict[int, Any] = {
    1: {},  # begun: nothing is settled
    2: kept(BOTH[1], due="2026-05-01"),  # settled: not confirmed yet
    3: kept(source(DISTRICT, WAN, WAN), by_day="2026-03-02"),  # nothing has to come back
    4: kept(
        *BOTH,
        due="2026-05-01",
        by_day="2026-03-02",
        returns=[back(WAN // 2, "2026-04-01", "退-1"), back(WAN, "2026-04-09", "退-2")],
    ),  # a part came back, the second one across two sources
    5: kept(
        *BOTH, due="2026-05-01", by_day="2026-03-02", returns=[back(4 * WAN, "2026-04-20", "退-3")]
    ),  # all of it is back
}
LINES = {2: [(DISTRICT, WAN)], 4: [(DISTRICT, WAN)], 5: [(DISTRICT, WAN)]}
RETURNS = {
    4: [
        (PROVINCIAL, WAN // 2, "2026-04-01", "退-1"),
        (PROVINCIAL, WAN // 2, "2026-04-09", "退-2"),
        (DISTRICT, WAN // 2, "2026-04-09", "退-2"),
    ],
    5: [(PROVINCIAL, WAN, "2026-04-20", "退-3"), (DISTRICT, 3 * WAN, "2026-04-20", "退-3")],
}
RECOVERY = {
    3: ("2026-03-02", None, "2026-03-02"),
    4: ("2026-03-02", "2026-05-01", None),
    5: ("2026-03-02", "2026-05-01", "2026-04-20"),
}
"""Clearing → from when, by when, and since when nothing is owed."""


def demand_rows(connection: Connection) -> None:
    """Demand that every fen of the old clearings is in the rows, of its source and on its day."""

    def of(id_: int, query: str) -> list[tuple[Any, ...]]:
        rows = connection.execute(text(query), {"id": id_}).all()
        return [tuple(str(one) if isinstance(one, date) else one for one in row) for row in rows]

    figures = {row.id: row.figures for row in connection.execute(sa.select(OLD.c.id, OLD.c.figures))}
    for id_, old in CLEARINGS.items():
        lines = "SELECT source, amount_fen FROM disallowed_line WHERE clearing_id = :id ORDER BY id"
        assert of(id_, lines) == LINES.get(id_, [])
        returns = (
            "SELECT source, amount_fen, returned_on, voucher FROM clearing_return"
            " WHERE clearing_id = :id ORDER BY id"
        )
        assert of(id_, returns) == RETURNS.get(id_, [])
        recovery = "SELECT recovery_from, recovery_due, recovery_done FROM project WHERE id = :id"
        assert of(id_, recovery) == [RECOVERY.get(id_, (None, None, None))]
        wanted = [{**one, "kept": 0} for one in old.get("sources", ())]
        for one in wanted:
            del one["reason"]
        assert figures[id_] == ({"sources": wanted} if wanted else {})


@pytest.fixture
def old(database_url: str) -> Engine:
    """A database as the older program left it, with a clearing of every kind."""
    migrate(database_url, "0008")
    engine = open_database(database_url)
    with engine.connect() as connection:
        connection.execution_options(**{WRITE: True})
        connection.execute(text(BEFORE_THE_CHAIN[0]))
        for id_, figures in CLEARINGS.items():
            project = BEFORE_THE_CHAIN[1].replace("VALUES (1, 1, '甲-1'", f"VALUES ({id_}, 1, '甲-{id_}'")
            connection.execute(text(project))
            values = {"id": id_, "project_id": id_, "citation": "第三十三条", "figures": figures}
            opened = {"opened_on": date(2026, 3, 1), "settled_on": date(2026, 3, 1) if figures else None}
            connection.execute(sa.insert(OLD).values(**values, **opened))
        connection.commit()
    engine.dispose()
    return engine


def test_old_clearings_of_every_kind_go_up_down_and_up_again(old: Engine, database_url: str) -> None:
    migrate(database_url)
    with old.connect() as connection:
        demand_rows(connection)
    unmigrate(database_url, "0008")
    with old.connect() as connection:
        figures = {row.id: row.figures for row in connection.execute(sa.select(OLD.c.id, OLD.c.figures))}
        for table in ("disallowed_line", "clearing_return"):
            assert connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 0
    for id_, before in CLEARINGS.items():
        for name in ("sources", "due", "confirmed_on"):
            assert figures[id_].get(name) == before.get(name), (id_, name)
        sums = [sum(one["amount"] for one in kept.get("returns", ())) for kept in (figures[id_], before)]
        assert sums[0] == sums[1]
    migrate(database_url)
    with old.connect() as connection:
        demand_rows(connection)
    old.dispose()
