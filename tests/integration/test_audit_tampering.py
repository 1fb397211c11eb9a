"""No tampering with the audit trail goes unseen, and the console tells of it by its serial."""

from __future__ import annotations

import os
import random
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, delete, select, text, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.cli import main
from lifecycle.audit_check import verify
from lifecycle.chain import content_of, hash_of
from lifecycle.database import begin_write, open_database
from lifecycle.models import Agency, AuditChain, AuditEntry, Base
from lifecycle.roles import Actor
from tests.integration.audits import AT, checks, faults, note, write_entries
from tests.integration.ledgers import make_agency

ENTRIES = 12
_ENTRY = Base.metadata.tables["audit_entry"]


def rewritten(link: Connection, chain: int, serial: int) -> None:
    """Work out one entry's own hash anew, as whoever alters an entry might."""
    row = link.execute(select(_ENTRY).where(_ENTRY.c.chain == chain, _ENTRY.c.serial == serial)).one()
    link.execute(
        update(_ENTRY).where(_ENTRY.c.id == row.id).values(hash=hash_of(row.previous_hash, content_of(row)))
    )


Tampering = Callable[[Connection, int, random.Random], object]


def _at(chain: int, serial: int) -> object:
    return (_ENTRY.c.chain == chain) & (_ENTRY.c.serial == serial)


def alter(link: Connection, chain: int, chance: random.Random) -> None:
    serial = chance.randint(1, ENTRIES)
    values = {
        "actor_name": "王五",
        "at": AT - timedelta(microseconds=1),
        "action": "a.c",
        "summary": "另一件事",
        "citation": "另一条",
        "details": {"new": "x"},
        "project_number": "甲-2",
        "hash": "f" * 64,
        "previous_hash": "e" * 64,
    }
    name = chance.choice(sorted(values))
    link.execute(update(_ENTRY).where(_at(chain, serial)).values({name: values[name]}))


def alter_and_rehash(link: Connection, chain: int, chance: random.Random) -> None:
    serial = chance.randint(1, ENTRIES)
    link.execute(update(_ENTRY).where(_at(chain, serial)).values(summary="另一件事"))
    rewritten(link, chain, serial)


def remove(link: Connection, chain: int, chance: random.Random) -> None:
    link.execute(delete(_ENTRY).where(_at(chain, chance.randint(1, ENTRIES))))


def remove_and_close_up(link: Connection, chain: int, chance: random.Random) -> None:
    gone = chance.randint(1, ENTRIES - 1)
    link.execute(delete(_ENTRY).where(_at(chain, gone)))
    for serial in range(gone + 1, ENTRIES + 1):
        link.execute(update(_ENTRY).where(_at(chain, serial)).values(serial=serial - 1))
    link.execute(text("UPDATE audit_chain SET length = length - 1 WHERE chain = :chain"), {"chain": chain})


def cut_the_tail(link: Connection, chain: int, chance: random.Random) -> None:
    link.execute(
        delete(_ENTRY).where(_ENTRY.c.chain == chain, _ENTRY.c.serial > chance.randint(0, ENTRIES - 1))
    )


def add_at_the_end(link: Connection, chain: int, chance: random.Random) -> None:
    row = link.execute(select(_ENTRY).where(_at(chain, ENTRIES))).one()._asdict()
    del row["id"], chance
    link.execute(_ENTRY.insert().values(row | {"serial": ENTRIES + 1, "previous_hash": row["hash"]}))
    rewritten(link, chain, ENTRIES + 1)


def swap(link: Connection, chain: int, chance: random.Random) -> None:
    one, other = chance.sample(range(1, ENTRIES + 1), 2)
    for old, new in ((one, 99), (other, one), (99, other)):
        link.execute(update(_ENTRY).where(_at(chain, old)).values(serial=new))


def insert_between(link: Connection, chain: int, chance: random.Random) -> None:
    place = chance.randint(1, ENTRIES)
    for serial in range(ENTRIES, place - 1, -1):
        link.execute(update(_ENTRY).where(_at(chain, serial)).values(serial=serial + 1))
    row = link.execute(select(_ENTRY).where(_at(chain, place + 1))).one()._asdict()
    del row["id"]
    link.execute(_ENTRY.insert().values(row | {"serial": place}))
    rewritten(link, chain, place)
    link.execute(text("UPDATE audit_chain SET length = length + 1 WHERE chain = :chain"), {"chain": chain})


def move_the_head(link: Connection, chain: int, chance: random.Random) -> None:
    values = chance.choice(["length = length - 1", "length = length + 1", f"head_hash = '{'d' * 64}'"])
    link.execute(text(f"UPDATE audit_chain SET {values} WHERE chain = :chain"), {"chain": chain})


def remove_the_head(link: Connection, chain: int, chance: random.Random) -> None:
    del chance
    link.execute(text("DELETE FROM audit_chain WHERE chain = :chain"), {"chain": chain})


TAMPERINGS: list[Tampering] = [
    alter, alter_and_rehash, remove, remove_and_close_up, cut_the_tail, add_at_the_end, swap, insert_between,
    move_the_head, remove_the_head,
]  # fmt: skip


def heads(session: Session) -> list[Any]:
    columns = AuditChain.chain, AuditChain.length, AuditChain.head_hash
    return list(session.execute(select(*columns).order_by(AuditChain.chain)))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(acts=st.lists(st.sampled_from(TAMPERINGS), max_size=2), seed=st.integers(0, 10_000))
def test_every_tampering_is_found_and_nothing_else(engine: Engine, acts: list[Tampering], seed: int) -> None:
    with Session(engine) as session:
        begin_write(session)
        for model in (AuditEntry, AuditChain, Agency):
            session.execute(delete(model))
        session.commit()
        chain = make_agency(session).agency_id
        write_entries(session, chain, ENTRIES)
        write_entries(session, None, 3)
        begin_write(session)
        # as commands would have left it: even a chain that is gone altogether is missed
        session.execute(update(Agency).where(Agency.id == chain).values(revision=ENTRIES))
        before = session.execute(select(_ENTRY).order_by(_ENTRY.c.chain, _ENTRY.c.serial)).all()
        head = heads(session)
        chance = random.Random(seed)
        for act in acts:
            with session.connection().begin_nested() as nested:
                try:
                    act(session.connection(), chain, chance)
                except SQLAlchemyError:  # what a first tampering left may stand in the way of a second
                    nested.rollback()
        after = session.execute(select(_ENTRY).order_by(_ENTRY.c.chain, _ENTRY.c.serial)).all()
        touched = before != after or head != heads(session)
        session.commit()
        found = checks(session)
        assert found[0].is_whole
        assert found[chain].is_whole is not touched, found[chain].faults


def test_what_is_found_is_told_by_its_serial(engine: Engine, session: Session, console: Actor) -> None:
    chain = console.agency_id
    write_entries(session, chain, ENTRIES)
    with engine.begin() as link:
        link.execute(update(_ENTRY).where(_at(chain, 3)).values(summary="别的"))
        link.execute(delete(_ENTRY).where(_at(chain, 5)))
        link.execute(delete(_ENTRY).where(_at(chain, 6)))
        link.execute(update(_ENTRY).where(_at(chain, 8)).values(summary="别的"))
        rewritten(link, chain, 8)
        link.execute(delete(_ENTRY).where(_at(chain, ENTRIES)))
    told = [f"{one.place}：{one.what}" for one in checks(session)[chain].faults]
    assert told == [
        "第 3 条：内容与校验值不符，已被改动",
        "第 5 至 6 条：缺失",
        "第 9 条：与上一条不衔接，此处有记录被改动、加入或调换",
        "第 12 条：缺失，末尾被删去",
    ]


def test_a_trail_of_an_agency_that_is_gone_altogether_is_missed(
    engine: Engine, session: Session, console: Actor
) -> None:
    for _ in range(3):
        note(session, console)
    with engine.begin() as link:
        link.execute(delete(_ENTRY))
        link.execute(text("DELETE FROM audit_chain"))
    assert faults(session, console.agency_id) == {1, 2, 3}


def test_a_rewritten_chain_is_found_by_a_hash_noted_elsewhere(
    engine: Engine, session: Session, console: Actor
) -> None:
    chain = console.agency_id
    write_entries(session, chain, ENTRIES)
    noted = {ENTRIES: checks(session)[chain].head[:10]}
    assert all(one.is_whole for one in verify(session, chain, noted))
    session.rollback()
    with engine.begin() as link:
        link.execute(delete(_ENTRY))
        link.execute(text("DELETE FROM audit_chain"))
    write_entries(session, chain, ENTRIES - 1)
    assert checks(session)[chain].is_whole
    (found,) = verify(session, chain, noted)
    assert [one.first for one in found.faults] == [ENTRIES]
    write_entries(session, chain, 1)
    (found,) = verify(session, chain, noted)
    assert [one.what for one in found.faults] == ["与此前另行记下的校验值不一致"]


@pytest.fixture
def keguan(monkeypatch: pytest.MonkeyPatch, migrated_database_url: str) -> Iterator[Callable[..., Result]]:
    """Runs a console command on a database with two agencies."""
    monkeypatch.setenv("KEGUAN_DATABASE_URL", migrated_database_url)
    engine = open_database(migrated_database_url)
    with Session(engine) as session:
        for name in ("甲局", "乙局"):
            write_entries(session, make_agency(session, name).agency_id, 3)

    def run(*words: str) -> Result:
        return CliRunner().invoke(main, ["audit", "verify", *words], catch_exceptions=False)

    yield run
    engine.dispose()


def test_the_console_tells_of_each_chain_its_length_and_head(keguan: Callable[..., Result]) -> None:
    said = keguan()
    assert said.exit_code == 0
    assert re.findall(r"(\S+)\n  共 3 条，末条校验值 [0-9a-f]{64}\n", said.output) == ["甲局", "乙局"]
    assert said.output.endswith("未发现改动、缺失或加入。\n")
    assert "乙局" not in keguan("--agency", "甲局").output


def test_the_console_ends_with_1_where_something_is_found(keguan: Callable[..., Result]) -> None:
    head = re.findall(r"[0-9a-f]{64}", keguan().output)[1]
    assert keguan("--agency", "乙局", "--noted", f"3:{head}").exit_code == 0
    assert keguan("--agency", "乙局", "--noted", f"2:{head}").exit_code == 1
    assert keguan("--agency", "乙局", "--noted", "2").exit_code == 2
    engine = open_database(os.environ["KEGUAN_DATABASE_URL"])
    with engine.begin() as link:
        link.execute(update(_ENTRY).where(_ENTRY.c.serial == 2).values(actor_name="王五"))
    engine.dispose()
    said = keguan("--format", "json")
    assert said.exit_code == 1
    assert '"whole": false' in said.output
    assert keguan().output.count("  第 2 条：内容与校验值不符，已被改动\n") == 2
