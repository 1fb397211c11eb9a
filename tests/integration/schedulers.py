"""Processes that remind, one day at a time, and may be killed while they are at it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

SCHEDULER = """
import os, signal, sys, time
from datetime import date
from sqlalchemy.orm import Session
from lifecycle.clock import remind
from lifecycle.database import open_database
from lifecycle.recomputing import catch_up
from lifecycle.roles import Actor

url, agency_id = sys.argv[1], int(sys.argv[2])
engine = open_database(url)

def run(day, engine):
    with Session(engine) as session:
        catch_up(session, Actor.system(agency_id))  # as the clock's jobs do before they remind
        return len(remind(session, Actor.system(agency_id), date.fromisoformat(day)))

for line in sys.stdin:
    day, kill_after = line.split()
    if float(kill_after) < 0:
        print(run(day, engine), flush=True)
        continue
    pid = os.fork()
    if pid == 0:
        run(day, open_database(url))
        os._exit(0)
    time.sleep(float(kill_after))
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    print("killed", flush=True)
"""


class Scheduler:
    """One of several processes that remind."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def begin(self, day: date, kill_after: float = -1) -> None:
        """Let it run for a day; it is killed after so many seconds where that is not negative."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{day} {kill_after}\n")
        self._process.stdin.flush()

    def end(self) -> str:
        """Wait for it; return how much it told."""
        assert self._process.stdout is not None
        said = self._process.stdout.readline().strip()
        assert said, "the scheduler died"
        return said


@contextmanager
def scheduling(url: str, agency_id: int) -> Iterator[Scheduler]:
    """Lend a scheduler's process."""
    words = [sys.executable, "-c", SCHEDULER, url, str(agency_id)]
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=root, text=True
    ) as process:
        yield Scheduler(process)
