"""A payment's whole way, on a real database: proposed, approved, batched, issued, booked; and back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from io import BytesIO
from itertools import pairwise

import pytest
from openpyxl import load_workbook
from sqlalchemy import select
from sqlalchemy.orm import Session

from finance.batches import issued_sheet, list_batches, show_batch
from finance.batching import discard_batch, make_batch, remove_line
from finance.booking import Booking, book_batch, book_payment
from finance.checking import payment_check, payment_verdict
from finance.issuing import issue_batch
from finance.models import Proposal
from finance.proposing import approve, propose, return_, withdraw
from finance.states import BatchState
from finance.tranches import project_tranches
from lifecycle.models import AuditEntry, KeptDuty, KeptFinding, Tranche
from lifecycle.record import ExceptionNote, Source
from lifecycle.record import Tranche as Plan
from lifecycle.refusals import IllegalTransition
from lifecycle.rules.verdict import Mark
from lifecycle.stages import Ending, TrancheState
from lifecycle.standing import rebuild, standing_rows
from reports.sheet import disbursement_sheet
from tests.integration.paying import (
    REASON,
    TODAY,
    WAN,
    Bureau,
    a_bureau,
    approve_one,
    approved,
    ea_fields,
    issued,
)

LATER = TODAY + timedelta(days=2)


@pytest.fixture
def bureau(session: Session) -> Bureau:
    return a_bureau(session)


def test_a_tranche_goes_all_the_way_to_the_record_of_its_project(bureau: Bureau) -> None:
    session, project_id = bureau.session, bureau.project()
    (tranche_id,) = bureau.tranches(project_id)
    assert payment_check(session, bureau.handler, tranche_id, TODAY).may_be_proposed
    propose(session, bureau.handler, tranche_id, TODAY, {})
    assert bureau.state(tranche_id) is TrancheState.PROPOSED
    approve(session, bureau.approver, tranche_id, TODAY)
    assert bureau.state(tranche_id) is TrancheState.APPROVED
    batch_id = make_batch(session, bureau.finance, [tranche_id], TODAY)
    assert bureau.state(tranche_id) is TrancheState.BATCHED
    checksum = issue_batch(session, bureau.finance, batch_id, TODAY, disbursement_sheet)
    assert bureau.state(tranche_id) is TrancheState.ISSUED
    (line_id,) = bureau.lines(batch_id)
    book_payment(session, bureau.finance, line_id, " 记-12 ", LATER, LATER)
    assert bureau.state(tranche_id) is TrancheState.PAID
    assert bureau.record(project_id).tranches == (
        Plan(1, Source.DISTRICT, 7 * WAN, date(2026, 2, 10), 7 * WAN, LATER),
    )
    (shown,) = project_tranches(session, bureau.handler, project_id)
    assert (shown.voucher, shown.paid, shown.batch_number) == ("记-12", 7 * WAN, "2026-001")
    assert (shown.proposed_by, shown.approved_by, shown.booked_by) == (
        bureau.handler.name,
        bureau.approver.name,
        bureau.finance.name,
    )
    batch = show_batch(session, bureau.finance, batch_id).batch
    assert (batch.state, batch.checksum, batch.booked) == (BatchState.BOOKED, checksum, 1)


def test_the_duty_to_pay_is_done_on_the_day_of_the_payment(bureau: Bureau) -> None:
    session, project_id = bureau.session, bureau.project()
    batch_id = issued(bureau, approve_one(bureau, bureau.tranches(project_id)[0]))
    duty = select(KeptDuty.done_on).where(KeptDuty.rule == "spb-23-payment-deadline")
    assert session.scalars(duty).all() == [None]
    book_batch(session, bureau.finance, batch_id, Booking("记-1", LATER), {}, LATER)
    assert session.scalars(duty).all() == [LATER]
    before = list(standing_rows(session, bureau.people.agency_a))
    rebuild(session, bureau.people.agency_a)
    assert list(standing_rows(session, bureau.people.agency_a)) == before


def test_every_step_is_in_the_history_of_the_project_with_its_article(bureau: Bureau) -> None:
    session, project_id = bureau.session, bureau.project()
    batch_id = issued(bureau, approve_one(bureau, bureau.tranches(project_id)[0]))
    book_batch(session, bureau.finance, batch_id, Booking("记-1", TODAY), {}, TODAY)
    query = select(AuditEntry).where(AuditEntry.project_id == project_id).order_by(AuditEntry.id)
    entries = session.scalars(query).all()
    assert [entry.action for entry in entries] == [
        "tranche.propose",
        "tranche.approve",
        "batch.make",
        "batch.issue",
        "batch.book",
    ]
    assert {entry.citation for entry in entries} == {"沙科局发〔2023〕41号 第二十三条"}
    steps = ["计划", "待审批", "已批准", "已入批次", "已出表", "已拨付"]
    assert [(entry.details["old"], entry.details["new"]) for entry in entries] == list(pairwise(steps))
    assert all("70,000.00 元" in entry.summary for entry in entries)
    whole = session.scalars(select(AuditEntry.action).where(AuditEntry.project_id.is_(None))).all()
    assert sorted(whole) == ["batch.book", "batch.issue", "batch.make"]


def test_the_issued_sheet_is_served_as_it_was_and_says_what_was_approved(bureau: Bureau) -> None:
    session = bureau.session
    tranche_id = approved(bureau)
    batch_id = issued(bureau, tranche_id)
    name, content = issued_sheet(session, bureau.finance, batch_id)
    assert name == "拨付表-2026-001.xlsx"
    project_id = session.get_one(Tranche, tranche_id).project_id
    bureau.change(project_id, title="改名之后", bank_account="1")
    assert issued_sheet(session, bureau.finance, batch_id) == (name, content)
    cells = [cell.value for cell in load_workbook(BytesIO(content)).active[4]]
    assert cells[:6] == [1, "沙-1", "山区智能灌溉关键技术研究", "渝州大学", "重庆农村商业银行沙坪坝支行",
                         "6222020000000000001"]  # fmt: skip
    assert cells[6:12] == [100000, 0, 70000, "柒万元整", 0.7, "沙科局发〔2023〕41号 第二十三条"]
    (line,) = show_batch(session, bureau.finance, batch_id).lines
    assert (line.project_title, line.bank_account) == ("山区智能灌溉关键技术研究", "6222020000000000001")


def test_a_draft_takes_up_what_was_corrected_before_the_issue(bureau: Bureau) -> None:
    session, project_id = bureau.session, bureau.project()
    tranche_id = approve_one(bureau, bureau.tranches(project_id)[0])
    batch_id = make_batch(session, bureau.finance, [tranche_id], TODAY)
    bureau.change(project_id, bank_account="6222029999999999999")
    issue_batch(session, bureau.finance, batch_id, TODAY, disbursement_sheet)
    (line,) = show_batch(session, bureau.finance, batch_id).lines
    assert line.bank_account == "6222029999999999999"


def test_a_written_reason_goes_with_the_payment_onto_the_record(bureau: Bureau) -> None:
    plan = Plan(1, Source.DISTRICT, 6 * WAN, None, 0, None)
    session, project_id = bureau.session, bureau.project(tranches=(plan,))
    (tranche_id,) = bureau.tranches(project_id)
    reasons = {"spb-23-first-ratio": f" {REASON}\n", "spb-16-period": "不相干的理由不会留下。"}
    propose(session, bureau.handler, tranche_id, TODAY, reasons)
    proposal = session.scalars(select(Proposal)).one()
    assert proposal.reasons == {"spb-23-first-ratio": REASON}
    assert bureau.record(project_id).exceptions == ()
    verdict = payment_verdict(session, bureau.approver, tranche_id, TODAY)
    assert [line.reason for line in verdict.lines if line.mark is Mark.REASON_GIVEN] == [REASON]
    approve(session, bureau.approver, tranche_id, LATER)
    assert bureau.record(project_id).exceptions == (ExceptionNote("spb-23-first-ratio", "", REASON, LATER),)
    finding = session.scalars(select(KeptFinding).where(KeptFinding.rule == "spb-23-first-ratio")).one()
    assert (finding.reason, finding.reason_since) == (REASON, LATER)


def test_a_reason_leaves_the_record_when_its_payment_is_returned(bureau: Bureau) -> None:
    plan = Plan(1, Source.DISTRICT, 6 * WAN, None, 0, None)
    session, project_id = bureau.session, bureau.project(tranches=(plan,))
    (tranche_id,) = bureau.tranches(project_id)
    propose(session, bureau.handler, tranche_id, TODAY, {"spb-23-first-ratio": REASON})
    approve(session, bureau.approver, tranche_id, TODAY)
    return_(session, bureau.approver, tranche_id, LATER, "请先核对账户")
    assert bureau.record(project_id).exceptions == ()
    assert set(session.scalars(select(KeptFinding.reason))) == {None}


def test_a_reason_stays_while_another_approved_payment_rests_on_it(bureau: Bureau) -> None:
    plans = (
        Plan(1, Source.PROVINCIAL, 20 * WAN, None, 0, None),
        Plan(1, Source.DISTRICT, 10 * WAN, None, 0, None),
    )
    fields = ea_fields(district=10 * WAN, tranches=plans)
    session, project_id = bureau.session, bureau.project(**fields)
    first, second = bureau.tranches(project_id)
    propose(session, bureau.handler, first, TODAY, {"ea-3-district-ratio": REASON})
    approve(session, bureau.approver, first, TODAY)
    propose(session, bureau.handler, second, TODAY, {})
    approve(session, bureau.approver, second, TODAY)
    withdraw(session, bureau.handler, first, TODAY)
    assert [note.reason for note in bureau.record(project_id).exceptions] == [REASON]
    withdraw(session, bureau.handler, second, TODAY)
    propose(session, bureau.handler, first, TODAY, {})
    assert bureau.state(first) is TrancheState.PROPOSED


@pytest.mark.parametrize("approve_first", [False, True])
def test_what_is_returned_or_withdrawn_can_be_proposed_again(bureau: Bureau, approve_first: bool) -> None:
    session, tranche_id = bureau.session, bureau.tranche()
    for ending in (Ending.RETURNED, Ending.WITHDRAWN):
        propose(session, bureau.handler, tranche_id, TODAY, {})
        if approve_first:
            approve(session, bureau.approver, tranche_id, TODAY)
        if ending is Ending.RETURNED:
            return_(session, bureau.approver, tranche_id, TODAY, " 账户有误 ")
        else:
            withdraw(session, bureau.handler, tranche_id, TODAY)
        assert bureau.state(tranche_id) is TrancheState.PLANNED
    approve_one(bureau, tranche_id)
    proposals = session.scalars(select(Proposal).order_by(Proposal.id)).all()
    assert [proposal.ending for proposal in proposals] == [Ending.RETURNED, Ending.WITHDRAWN, None]
    assert [proposal.note for proposal in proposals] == ["账户有误", None, None]


def test_a_line_removed_and_a_batch_discarded_leave_approved_tranches(bureau: Bureau) -> None:
    session = bureau.session
    first, second = approved(bureau, number="沙-1"), approved(bureau, number="沙-2")
    batch_id = make_batch(session, bureau.finance, [second, first], TODAY)
    assert [line.project_number for line in show_batch(session, bureau.finance, batch_id).lines] == [
        "沙-2",
        "沙-1",
    ]
    remove_line(session, bureau.finance, bureau.lines(batch_id)[0])
    assert (bureau.state(first), bureau.state(second)) == (TrancheState.BATCHED, TrancheState.APPROVED)
    discard_batch(session, bureau.finance, batch_id, TODAY)
    assert bureau.state(first) is TrancheState.APPROVED
    again = make_batch(session, bureau.finance, [first, second], TODAY)
    listed = list_batches(session, bureau.finance).rows
    assert [(row.number, row.state, row.lines) for row in listed] == [
        ("2026-002", BatchState.DRAFT, 2),
        ("2026-001", BatchState.DISCARDED, 0),
    ]
    assert listed[0].id == again
    assert listed[0].total == 14 * WAN


def test_numbers_run_by_agency_and_year(bureau: Bureau) -> None:
    session, numbers = bureau.session, []
    for count, day in enumerate([TODAY, TODAY, date(2027, 1, 4)]):
        tranche_id = approved(bureau, number=f"沙-{count}")
        batch_id = make_batch(session, bureau.finance, [tranche_id], day)
        numbers.append(show_batch(session, bureau.finance, batch_id).batch.number)
    assert numbers == ["2026-001", "2026-002", "2027-001"]


def test_a_batch_is_booked_line_by_line(bureau: Bureau) -> None:
    session = bureau.session
    batch_id = issued(bureau, approved(bureau, number="沙-1"), approved(bureau, number="沙-2"))
    first, second = bureau.lines(batch_id)
    book_payment(session, bureau.finance, first, "记-7", TODAY, TODAY)
    batch = show_batch(session, bureau.finance, batch_id).batch
    assert (batch.state, batch.booked, batch.lines) == (BatchState.ISSUED, 1, 2)
    book_payment(session, bureau.finance, second, "记-7", LATER, LATER)
    assert show_batch(session, bureau.finance, batch_id).batch.state is BatchState.BOOKED
    with pytest.raises(IllegalTransition):
        book_payment(session, bureau.finance, second, "记-8", LATER, LATER)


def test_a_batch_is_booked_at_once_with_some_lines_of_their_own(bureau: Bureau) -> None:
    session = bureau.session
    batch_id = issued(bureau, *(approved(bureau, number=f"沙-{place}") for place in range(3)))
    first, second, third = bureau.lines(batch_id)
    book_payment(session, bureau.finance, first, "记-1", TODAY, TODAY)
    own = {second: Booking("记-2", TODAY)}
    assert book_batch(session, bureau.finance, batch_id, Booking("记-3", LATER), own, LATER) == 2
    lines = show_batch(session, bureau.finance, batch_id).lines
    assert [(line.id, line.voucher, line.paid_on) for line in lines] == [
        (first, "记-1", TODAY),
        (second, "记-2", TODAY),
        (third, "记-3", LATER),
    ]


def test_both_public_sources_of_the_enterprise_plan_are_paid_in_full(bureau: Bureau) -> None:
    session, project_id = bureau.session, bureau.project(**ea_fields())
    batch_id = issued(bureau, *(approve_one(bureau, one) for one in bureau.tranches(project_id)))
    book_batch(session, bureau.finance, batch_id, Booking("记-1", TODAY), {}, TODAY)
    record = bureau.record(project_id)
    assert [tranche.paid for tranche in record.tranches] == [20 * WAN, 20 * WAN]
    assert session.scalars(select(KeptFinding).where(KeptFinding.rule == "ea-15-single-payment")).all() == []


def test_one_sheet_may_pay_a_project_twice_and_counts_what_is_under_way(bureau: Bureau) -> None:
    plans = tuple(Plan(1, Source.DISTRICT, fen, None, 0, None) for fen in (4 * WAN, 3 * WAN, 3 * WAN))
    session, project_id = bureau.session, bureau.project(tranches=plans)
    first, second, third = (approve_one(bureau, one) for one in bureau.tranches(project_id))
    issued(bureau, first, second)
    batch_id = make_batch(session, bureau.finance, [third], TODAY)
    before = [
        line.paid_before
        for id_ in (batch_id - 1, batch_id)
        for line in show_batch(session, bureau.finance, id_).lines
    ]
    assert before == [0, 4 * WAN, 7 * WAN]


def test_a_row_that_a_ledger_left_with_a_day_only_is_filled_in(bureau: Bureau) -> None:
    plan = Plan(1, Source.DISTRICT, 7 * WAN, None, 0, date(2026, 1, 1))
    session, project_id = bureau.session, bureau.project(tranches=(plan,))
    batch_id = issued(bureau, approve_one(bureau, bureau.tranches(project_id)[0]))
    book_batch(session, bureau.finance, batch_id, Booking("记-1", TODAY), {}, TODAY)
    assert bureau.record(project_id).tranches == (replace(plan, paid=7 * WAN, paid_on=TODAY),)
