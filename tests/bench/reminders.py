"""A day's reminders over 100,000 projects, 1,000 due, against raw SQL that reads and writes as many."""

from __future__ import annotations

import sqlite3
from datetime import timedelta

from sqlalchemy.orm import Session

from lifecycle.clock import remind
from lifecycle.roles import Actor
from tests.bench.measuring import say, timed
from tests.bench.stores import TODAY, opened

DUE = 1_000


def daily(url: str, actor: Actor) -> None:
    """One run with 1,000 duties due, then one with none."""
    path = url.removeprefix("sqlite:///")
    day = (TODAY + timedelta(1)).isoformat()
    raw = sqlite3.connect(path)
    with raw:  # everything but 1,000 has been spoken of already
        raw.execute("UPDATE kept_duty SET next_step_on = '2099-01-01' WHERE next_step_on IS NOT NULL")
        owed = "done_on IS NULL AND closed_on IS NULL AND next_step_on IS NOT NULL"
        chosen = f"SELECT id FROM kept_duty WHERE {owed} AND due < ? LIMIT ?"
        raw.execute(f"UPDATE kept_duty SET next_step_on = ? WHERE id IN ({chosen})", (day, day, DUE))
    with opened(url) as engine, Session(engine) as session:
        told: list[object] = []
        ours = timed(lambda: told.extend(remind(session, actor, TODAY + timedelta(1))), times=1)
        nothing = timed(lambda: remind(session, actor, TODAY + timedelta(1)))
    theirs = timed(lambda: _read_and_write(raw, day), times=1)
    raw.close()
    note = f"({len(told)} told in {ours.seconds:.2f} s, {theirs.seconds:.2f} s)"
    say("daily reminders, 100,000 projects", "raw SQL", ours.seconds / theirs.seconds, 5, note)
    say("a day with nothing due", "that day", nothing.seconds / ours.seconds, 0.1)


def _read_and_write(raw: sqlite3.Connection, day: str) -> None:
    """Read the 1,000 duties with their projects and write as many reminders, messages, proofs and mails."""
    query = (
        "SELECT d.*, p.number, p.title, p.pi_name, p.pi_email, p.lead_unit FROM kept_duty d"
        " JOIN project p ON p.id = d.project_id JOIN reminder r ON r.project_id = d.project_id"
        " AND r.rule = d.rule AND r.subject = d.subject AND r.due = d.due WHERE r.told_on = ?"
    )
    raw.execute(query, (day,)).fetchall()
    with raw:
        for table in ("reminder", "inbox_message", "telling", "outbox_message"):
            rows = raw.execute(f"SELECT * FROM {table}").fetchall()
            raw.execute(f"CREATE TABLE again_{table} AS SELECT * FROM {table} WHERE 0")
            if rows:
                marks = ", ".join("?" * len(rows[0]))
                raw.executemany(f"INSERT INTO again_{table} VALUES ({marks})", rows)
        ids = raw.execute("SELECT id FROM kept_duty WHERE next_step_on < '2099-01-01'").fetchall()
        raw.executemany("UPDATE kept_duty SET next_step_on = '2098-01-01' WHERE id = ?", ids)
