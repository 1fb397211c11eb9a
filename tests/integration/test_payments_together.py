"""Two who press at once pay once, and a process that is killed leaves no half of anything."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from finance.batches import list_batches, show_batch
from finance.batching import make_batch
from finance.booking import Booking, book_batch, book_payment, fail_line
from finance.issuing import issue_batch
from finance.models import Batch, BatchLine
from finance.proposing import approve, propose, withdraw
from finance.reversing import reverse_payment
from finance.states import BatchState, LineResult
from finance.voiding import reissue, void_batch
from lifecycle.models import AuditEntry, Payment
from lifecycle.refusals import IllegalTransition, Obstructed
from lifecycle.roles import Role
from lifecycle.stages import TrancheState
from reports.sheet import disbursement_sheet
from tests.integration.paying import TODAY, Bureau, a_bureau, approve_one, approved, drafted, issued, sheet

Press = Callable[[Session, int], Any]


@pytest.fixture
def bureau(session: Session) -> Bureau:
    return a_bureau(session)


def together(engine: Engine, press: Press, times: int = 4) -> list[Any]:
    """Press in as many threads at once; return what each got, result or exception."""
    barrier = Barrier(times)

    def one(place: int) -> Any:
        with Session(engine) as session:
            session.connection()
            session.rollback()
            barrier.wait(30)
            try:
                return press(session, place)
            except Exception as error:
                return error

    with ThreadPoolExecutor(times) as threads:
        return list(threads.map(one, range(times)))


def assert_one_won(results: list[Any]) -> None:
    """Assert that exactly one press took effect and the others were told why not."""
    lost = [result for result in results if isinstance(result, Exception)]
    assert len(lost) == len(results) - 1
    assert {type(error) for error in lost} == {IllegalTransition}


def test_a_tranche_is_proposed_once(engine: Engine, bureau: Bureau) -> None:
    tranche_id = bureau.tranche()
    assert_one_won(together(engine, lambda one, _: propose(one, bureau.handler, tranche_id, TODAY, {})))


def test_a_tranche_is_approved_once(engine: Engine, bureau: Bureau) -> None:
    tranche_id = bureau.tranche()
    propose(bureau.session, bureau.handler, tranche_id, TODAY, {})
    other = replace(bureau.finance, roles=frozenset({Role.APPROVER}))
    people = [bureau.approver, other]
    assert_one_won(together(engine, lambda one, place: approve(one, people[place % 2], tranche_id, TODAY)))


def test_approval_and_withdrawal_do_not_cross(engine: Engine, bureau: Bureau) -> None:
    tranche_id = bureau.tranche()
    propose(bureau.session, bureau.handler, tranche_id, TODAY, {})

    def press(one: Session, place: int) -> None:
        if place:
            approve(one, bureau.approver, tranche_id, TODAY)
        else:
            withdraw(one, bureau.handler, tranche_id, TODAY)

    withdrawn, approval = together(engine, press, 2)
    assert withdrawn is None
    assert approval is None or isinstance(approval, IllegalTransition)
    assert bureau.state(tranche_id) is TrancheState.PLANNED


def test_a_tranche_goes_into_one_batch(engine: Engine, bureau: Bureau) -> None:
    ids = [approved(bureau, number=f"沙-{place}") for place in range(3)]
    results = together(
        engine,
        lambda one, place: make_batch(one, bureau.finance, ids if place % 2 else ids[::-1], TODAY),
    )
    assert_one_won(results)
    assert [row.lines for row in list_batches(bureau.session, bureau.finance).rows] == [3]


def test_batches_made_at_once_have_numbers_of_their_own(engine: Engine, bureau: Bureau) -> None:
    ids = [approved(bureau, number=f"沙-{place}") for place in range(4)]
    together(
        engine,
        lambda one, place: make_batch(one, bureau.finance, [ids[place]], TODAY),
    )
    rows = list_batches(bureau.session, bureau.finance).rows
    assert [row.number for row in rows] == ["2026-004", "2026-003", "2026-002", "2026-001"]


def test_a_batch_is_issued_and_booked_once(engine: Engine, bureau: Bureau) -> None:
    batch_id = drafted(bureau, approved(bureau))
    assert_one_won(together(engine, lambda one, _: issue_batch(one, bureau.finance, batch_id, TODAY, sheet)))
    assert_one_won(
        together(
            engine,
            lambda one, place: book_batch(
                one, bureau.finance, batch_id, Booking(f"记-{place}", TODAY), {}, TODAY
            ),
        )
    )
    assert bureau.session.scalar(select(func.count()).select_from(Payment)) == 1


def test_a_sheet_is_made_void_replaced_booked_and_taken_back_once(engine: Engine, bureau: Bureau) -> None:
    finance, void = bureau.finance, issued(bureau, approved(bureau))
    assert_one_won(together(engine, lambda one, _: void_batch(one, finance, void, "账号有误", TODAY)))
    results = together(engine, lambda one, _: reissue(one, finance, void, TODAY))
    (batch_id,) = (one for one in results if isinstance(one, int))
    assert sum(isinstance(one, Obstructed) for one in results) == 3
    issue_batch(bureau.session, finance, batch_id, TODAY, sheet)
    (line_id,) = bureau.lines(batch_id)

    def settle(one: Session, place: int) -> None:
        if place % 2:
            book_payment(one, finance, line_id, "记-1", TODAY, TODAY)
        else:
            fail_line(one, finance, line_id, "退回", TODAY, TODAY)

    assert_one_won(together(engine, settle))
    if bureau.session.get_one(BatchLine, line_id).result is LineResult.PAID:
        bureau.session.rollback()
        assert_one_won(
            together(
                engine, lambda one, _: reverse_payment(one, finance, line_id, "退汇", "冲-1", TODAY, TODAY)
            )
        )
    assert bureau.session.scalar(select(func.count()).select_from(Payment)) == 0


def test_two_agencies_do_not_wait_for_each_others_numbers(bureau: Bureau) -> None:
    drafted(bureau, approved(bureau))
    agency_b = bureau.people.b
    other = replace(
        bureau,
        people=replace(bureau.people, agency_a=bureau.people.agency_b, a=agency_b),
    )
    batch_id = drafted(other, approved(other))
    assert show_batch(bureau.session, other.finance, batch_id).batch.number == "2026-001"


KILLED_WHILE = {
    # The process ends itself at the worst moment: all is written, nothing is committed.
    "issue": """
issue_batch(session, actor, int(batch_id), TODAY, lambda _: os.kill(os.getpid(), signal.SIGKILL))
""",
    "issue at the end": """
event.listen(session, "before_commit", lambda _: os.kill(os.getpid(), signal.SIGKILL))
issue_batch(session, actor, int(batch_id), TODAY, lambda _: b"sheet")
""",
    "book": """
event.listen(session, "before_commit", lambda _: os.kill(os.getpid(), signal.SIGKILL))
book_batch(session, actor, int(batch_id), Booking("记-1", TODAY), {}, TODAY)
""",
    "void": """
event.listen(session, "before_commit", lambda _: os.kill(os.getpid(), signal.SIGKILL))
void_batch(session, actor, int(batch_id), "账号有误", TODAY)
""",
    "reissue": """
event.listen(session, "before_commit", lambda _: os.kill(os.getpid(), signal.SIGKILL))
reissue(session, actor, int(batch_id), TODAY)
""",
    "reverse": """
event.listen(session, "before_commit", lambda _: os.kill(os.getpid(), signal.SIGKILL))
line_id = session.scalar(select(BatchLine.id).where(BatchLine.batch_id == int(batch_id)).limit(1))
reverse_payment(session, actor, line_id, "退汇", "冲-1", TODAY, TODAY)
""",
}
AT_FIRST = {"issue": "drafted", "issue at the end": "drafted", "reissue": "void", "reverse": "booked"}
"""What there is when it is killed, where it is not an issued batch."""

PROGRAM = """
import os, signal, sys
from datetime import date
from sqlalchemy import event, select
from sqlalchemy.orm import Session
from finance.booking import Booking, book_batch
from finance.issuing import issue_batch
from finance.models import BatchLine
from finance.reversing import reverse_payment
from finance.voiding import reissue, void_batch
from lifecycle.database import open_database
from lifecycle.roles import Actor, Role
url, agency_id, user_id, batch_id = sys.argv[1:]
TODAY = date(2026, 2, 5)
session = Session(open_database(url))
actor = Actor(int(agency_id), int(user_id), "财务", frozenset({Role.FINANCE}))
"""


@pytest.mark.parametrize("moment", KILLED_WHILE)
def test_a_killed_process_leaves_no_half(bureau: Bureau, migrated_database_url: str, moment: str) -> None:
    ids = [approved(bureau, number=f"沙-{place}") for place in range(3)]
    first = AT_FIRST.get(moment, "issued")
    batch_id = drafted(bureau, *ids) if first == "drafted" else issued(bureau, *ids)
    if first == "void":
        void_batch(bureau.session, bureau.finance, batch_id, "账号有误", TODAY)
    if first == "booked":
        book_batch(bureau.session, bureau.finance, batch_id, Booking("记-0", TODAY), {}, TODAY)
    before = bureau.everything()
    words = [migrated_database_url, *map(str, (bureau.finance.agency_id, bureau.finance.user_id, batch_id))]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM + KILLED_WHILE[moment], *words],
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.returncode == -signal.SIGKILL
    assert bureau.everything() == before
    go_on(bureau, batch_id, moment)


def go_on(bureau: Bureau, batch_id: int, moment: str) -> None:
    """Do again what was meant, and all that comes after it, to the end."""
    session, finance = bureau.session, bureau.finance
    if moment == "reverse":
        for line_id in bureau.lines(batch_id):
            reverse_payment(session, finance, line_id, "退汇", "冲-1", TODAY, TODAY)
        held = select(BatchLine.tranche_id).where(BatchLine.batch_id == batch_id)
        batch_id = drafted(bureau, *session.scalars(held).all())
    if moment == "void":
        void_batch(session, finance, batch_id, "账号有误", TODAY)
    if moment in {"void", "reissue"}:
        batch_id = reissue(session, finance, batch_id, TODAY)
    if moment != "book":
        issue_batch(session, finance, batch_id, TODAY, disbursement_sheet)
    assert book_batch(session, finance, batch_id, Booking("记-1", TODAY), {}, TODAY) == 3
    assert session.get_one(Batch, batch_id).state is BatchState.BOOKED


def test_the_history_holds_nothing_that_was_refused(engine: Engine, bureau: Bureau) -> None:
    tranche_id = approve_one(bureau, bureau.tranche())
    before = bureau.session.scalar(select(func.count()).select_from(AuditEntry))
    bureau.session.rollback()
    together(engine, lambda one, _: make_batch(one, bureau.finance, [tranche_id], TODAY))
    after = bureau.session.scalar(select(func.count()).select_from(AuditEntry))
    assert (before, after) == (2, 4)
