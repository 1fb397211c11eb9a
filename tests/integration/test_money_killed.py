"""A process killed while money is on its way: afterwards the books tie, and the work is simply done again."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from finance.batching import make_batch
from finance.issuing import issue_batch
from finance.models import Batch
from finance.reconcile.running import reconcile
from finance.returning import book_returned
from finance.spending import import_spending
from finance.states import BatchState
from lifecycle.attachments import StoredFile
from lifecycle.database import open_database
from lifecycle.record import BudgetUse, Source, Spending
from lifecycle.roles import Actor, Role
from reports.read_back import read_sheet
from reports.returned.taking import take_returned
from reports.sheet import disbursement_sheet
from tests.integration.ledgers import everything
from tests.integration.money_returned import filled_in
from tests.integration.paying import TODAY, Bureau, a_bureau, approved
from tests.integration.spendings import a_file

ROUNDS = 17 if os.environ.get("KEGUAN_SOAK") else 1
"""How often each kind of work is killed on each database: a hundred times in all."""

LINES = 8
Work = Callable[[Session], Any]


@dataclass(frozen=True)
class Killing:
    """A bureau whose database a child process works on until it is killed."""

    bureau: Bureau
    url: str
    chance: random.Random

    def killed(self, work: Work) -> bool:
        """Have a process of its own do some work and kill it at some moment; return whether it was done.

        Whatever came of it: all of it or nothing is there, and the books tie.
        """
        before = everything(self.bureau.session)
        child = os.fork()
        if child == 0:
            _work_and_end(self.url, work)
        time.sleep(self.chance.uniform(0.0, 0.4))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        done = everything(self.bureau.session) != before
        self.ties()
        return done

    def ties(self) -> None:
        """Hold that everything does."""
        session = self.bureau.session
        found = reconcile(session, self.bureau.people.agency_a, TODAY, TODAY, read_sheet)
        assert not found.differences

    def until_done(self, work: Work) -> None:
        """Kill it once; where it had not come to its end, simply do it again."""
        if not self.killed(work):
            work(self.bureau.session)
            self.ties()


def _work_and_end(url: str, work: Work) -> None:
    """Work in a process of one's own that leaves by no other way than its end."""
    try:
        with Session(open_database(url)) as session:
            work(session)
    finally:
        os._exit(0)


@pytest.fixture
def killing(session: Session, migrated_database_url: str) -> Killing:
    return Killing(a_bureau(session), migrated_database_url, random.Random(4))


def test_whatever_is_killed_the_books_tie_and_it_is_done_again(killing: Killing) -> None:
    bureau, session = killing.bureau, killing.bureau.session
    finance, pi = bureau.finance, bureau.actor(Role.PI)
    for round_ in range(ROUNDS):
        tranches = [approved(bureau, number=f"沙-{round_}-{place}") for place in range(LINES)]
        id_ = make_batch(session, finance, tranches, TODAY)
        killing.until_done(partial(_issue, finance, id_))
        content = filled_in(session, finance, id_, TODAY, every=4)
        returned = take_returned(session, finance, id_, "回执.xlsx", content, TODAY)
        killing.until_done(partial(_book, finance, returned))
        rows = [_row(f"{round_}-{place}") for place in range(300)]
        file = replace(a_file("支出.xlsx"), sha256=f"{round_:064x}")
        killing.until_done(partial(_import, pi, f"沙-{round_}-0", rows, file))
    batches = session.scalars(select(Batch.state)).all()
    assert batches == [BatchState.BOOKED] * ROUNDS


def _issue(actor: Actor, batch_id: int, session: Session) -> None:
    issue_batch(session, actor, batch_id, TODAY, disbursement_sheet)


def _book(actor: Actor, returned_id: int, session: Session) -> None:
    book_returned(session, actor, returned_id, False, TODAY)


def _import(actor: Actor, number: str, rows: list[Spending], file: StoredFile, session: Session) -> None:
    import_spending(session, actor, number, rows, file, TODAY)


def _row(name: str) -> Spending:
    return Spending(TODAY, Source.DISTRICT, BudgetUse.EQUIPMENT, 100_01, f"支-{name}", None)
