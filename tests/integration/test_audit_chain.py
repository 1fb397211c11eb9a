"""The chain of the audit trail: whole whatever happens at once or breaks off; no tampering goes unseen."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import Engine, delete, select, text
from sqlalchemy.orm import Session

from lifecycle.audit import append
from lifecycle.audit_check import PAGE, ChainCheck
from lifecycle.chain import START
from lifecycle.command import Work, command
from lifecycle.database import begin_write
from lifecycle.models import AuditChain, AuditEntry, Project
from lifecycle.roles import Actor, Permission
from tests.integration.audits import an_entry, checks, faults, note, write_entries
from tests.integration.ledgers import make_agency, take_in
from tests.web.site import a_record


def test_every_entry_bears_its_number_and_the_hash_of_what_it_says(session: Session, console: Actor) -> None:
    take_in(session, console, a_record("甲-1"))
    write_entries(session, console.agency_id, 3)
    write_entries(session, None, 2)
    rows = session.scalars(select(AuditEntry).order_by(AuditEntry.chain, AuditEntry.serial)).all()
    assert [(row.chain, row.serial) for row in rows] == [
        *((0, serial) for serial in (1, 2)),
        *((console.agency_id, serial) for serial in (1, 2, 3, 4)),
    ]
    assert rows[0].previous_hash == rows[2].previous_hash == START
    assert rows[3].previous_hash == rows[2].hash
    heads = {row.chain: (row.length, row.head_hash) for row in session.scalars(select(AuditChain))}
    assert heads == {0: (2, rows[1].hash), console.agency_id: (4, rows[5].hash)}
    assert {key: one.faults for key, one in checks(session).items()} == {0: [], console.agency_id: []}


def test_an_entry_of_a_project_bears_its_number_and_keeps_it_from_being_deleted(
    session: Session, console: Actor
) -> None:
    take_in(session, console, a_record("甲-1"))
    project = session.scalars(select(Project)).one()
    begin_write(session)
    entry = an_entry(console.agency_id, 1)
    entry.project_id = project.id
    append(session, [entry])
    session.commit()
    kept = session.scalars(select(AuditEntry).where(AuditEntry.project_id.is_not(None))).one()
    assert kept.project_number == "甲-1"
    begin_write(session)
    with pytest.raises(Exception, match=r"(?i)foreign key"):
        session.execute(delete(Project))
    session.rollback()


def test_nothing_to_tell_takes_no_lock_and_makes_no_chain(session: Session, console: Actor) -> None:
    begin_write(session)
    append(session, [])
    session.commit()
    assert checks(session) == {console.agency_id: ChainCheck(console.agency_id)}


def test_the_entries_of_one_call_are_of_one_agency(session: Session, console: Actor) -> None:
    with pytest.raises(ValueError, match="too many values"):
        append(session, [an_entry(console.agency_id, 1), an_entry(None, 2)])


def test_many_at_once_make_one_whole_chain(engine: Engine, session: Session, console: Actor) -> None:
    other = make_agency(session, "乙局")
    session.rollback()
    together = Barrier(8)

    def press(number: int) -> None:
        together.wait()
        for turn in range(15):
            with Session(engine) as own:
                if number % 4 == 0:
                    write_entries(own, None, 2)
                elif number % 4 == 1:  # a sign-in of the agency, whose row it does not hold
                    write_entries(own, console.agency_id, 1)
                else:
                    note(own, console if turn % 3 else other)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(press, range(8)))
    found = checks(session)
    assert {key: (one.length, one.faults) for key, one in found.items()} == {
        0: (60, []),
        console.agency_id: (30 + 40, []),
        other.agency_id: (20, []),
    }


@pytest.mark.parametrize(
    "migrated_database_url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)
def test_a_sign_in_neither_waits_for_a_command_nor_stops_it(
    engine: Engine, session: Session, console: Actor
) -> None:
    """PostgreSQL locks rows: the entry of a sign-in points to the agency that a command has locked."""
    session.rollback()
    note(session, console)

    @command("test.within", Permission.IMPORT_LEDGER)
    def within(work: Work) -> None:
        with Session(engine) as own:
            own.execute(text("SET lock_timeout = '3s'"))
            own.commit()
            write_entries(own, work.actor.agency_id, 1)

    within(session, console)
    assert (checks(session)[console.agency_id].length, faults(session, console.agency_id)) == (3, set())


def test_a_refused_command_leaves_no_gap(session: Session, console: Actor) -> None:
    note(session, console)
    with pytest.raises(ValueError, match="no"):
        note(session, console, fail=True)
    note(session, console)
    assert (checks(session)[console.agency_id].length, faults(session, console.agency_id)) == (2, set())


NOTES = """
import sys
from sqlalchemy.orm import Session
from lifecycle.database import open_database
from lifecycle.roles import Actor
from tests.integration.audits import note

url, agency_id = sys.argv[1:]
with Session(open_database(url)) as session:
    note(session, Actor.system(int(agency_id)))
    print("begun", flush=True)
    while True:
        note(session, Actor.system(int(agency_id)))
"""


def test_killed_in_the_middle_the_chain_is_whole(
    session: Session, console: Actor, migrated_database_url: str
) -> None:
    chance = random.Random(7)
    words = [sys.executable, "-c", NOTES, migrated_database_url, str(console.agency_id)]
    for _ in range(3):
        with subprocess.Popen(words, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"begun\n"
            time.sleep(chance.uniform(0.1, 0.6))
            process.send_signal(signal.SIGKILL)
        note(session, console)
        assert faults(session, console.agency_id) == set()
    assert checks(session)[console.agency_id].length >= 6


def test_going_through_a_long_chain_takes_constant_memory(session: Session, console: Actor) -> None:
    def used(count: int) -> int:
        write_entries(session, console.agency_id, count)
        tracemalloc.start()
        try:
            assert checks(session)[console.agency_id].is_whole
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    few = used(2 * PAGE)
    assert used(6 * PAGE) < few * 1.2
