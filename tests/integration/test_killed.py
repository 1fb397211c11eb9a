"""A process killed in the middle of an import leaves all of it or nothing, and the next one goes on."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from lifecycle.roles import Actor
from reports.ledger.importing import import_ledger
from tests.integration.ledgers import everything, kept, ledger_of, renamed, workbook
from tests.web.site import a_record

IMPORT = """
import sys
from sqlalchemy.orm import Session
from lifecycle.database import open_database
from lifecycle.roles import Actor
from reports.ledger.importing import import_ledger
from reports.ledger.reading import read_ledger

url, agency_id, file = sys.argv[1:]
ledger = read_ledger(file)
with Session(open_database(url)) as session:
    print("begins", flush=True)
    import_ledger(session, Actor.system(int(agency_id)), ledger, name="a.xlsx")
"""
KILLS = 4


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A ledger that takes some time to come in."""
    path = tmp_path / "a.xlsx"
    path.write_bytes(workbook(renamed(a_record("甲"), f"甲-{number}") for number in range(1500)))
    return path


def test_a_killed_import_leaves_all_or_nothing(
    session: Session, console: Actor, migrated_database_url: str, file: Path
) -> None:
    old = a_record("甲-7", title="旧名称")
    import_ledger(session, console, ledger_of(old), name="old.xlsx")
    before = everything(session)
    chance = random.Random(7)
    words = [sys.executable, "-c", IMPORT, migrated_database_url, str(console.agency_id), str(file)]
    outcomes = set()
    for _ in range(KILLS):
        with subprocess.Popen(words, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"begins\n"
            time.sleep(chance.uniform(0.0, 0.5))
            process.send_signal(signal.SIGKILL)
        there = len(kept(session, console))
        outcomes.add(there)
        if there == 1:
            assert everything(session) == before
    assert outcomes <= {1, 1500}
    subprocess.run(words, check=True, capture_output=True, cwd=Path(__file__).parents[2])
    assert len(kept(session, console)) == 1500
