"""Booking what was paid: one voucher for all, a line's own, or a line alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import select

from lifecycle.models import KeptDuty, Payment
from lifecycle.record import Source
from lifecycle.record import Tranche as Plan
from lifecycle.roles import Role
from lifecycle.stages import TrancheState
from tests.integration.paying import TODAY, WAN, Bureau, approve_one, approved, drafted, issued
from tests.web.site import Browser

GOOD = {"voucher": "记-018", "paid_on": TODAY.isoformat()}
NOT_FINANCE = [role for role in Role if role is not Role.FINANCE]


def booked(bureau: Bureau) -> list[tuple[int, str | None, str]]:
    """Return amount, voucher and day of every payment."""
    bureau.session.rollback()
    rows = bureau.session.scalars(select(Payment).order_by(Payment.tranche_id))
    return [(row.amount_fen, row.voucher, str(row.paid_on)) for row in rows]


@pytest.fixture
def batch(bureau: Bureau) -> int:
    """An issued batch of two payments of 70,000 yuan."""
    return issued(bureau, approved(bureau, number="沙-1"), approved(bureau, number="沙-2"))


def test_one_voucher_and_day_for_all(bureau: Bureau, finance: Browser, batch: int) -> None:
    answer = finance.post(f"/money/batches/{batch}/book", data=GOOD, follow_redirects=True)
    assert "已登记 2 笔拨付" in answer.text
    assert booked(bureau) == [(7_000_000, "记-018", "2026-02-05")] * 2
    assert 'href="/projects/' in answer.text
    assert "已登记" in answer.text
    assert bureau.session.scalars(
        select(KeptDuty.done_on).where(KeptDuty.rule.like("%23-payment-deadline"))
    ).all() == [
        TODAY,
        TODAY,
    ]


def test_a_line_may_have_its_own_voucher(bureau: Bureau, finance: Browser, batch: int) -> None:
    first, _ = bureau.lines(batch)
    finance.post(f"/money/batches/{batch}/book", data=GOOD | {f"voucher-{first}": "记-019"})
    assert [voucher for _, voucher, _ in booked(bureau)] == ["记-019", "记-018"]


def test_a_second_press_books_nothing_more(bureau: Bureau, finance: Browser, batch: int) -> None:
    finance.post(f"/money/batches/{batch}/book", data=GOOD)
    before = bureau.everything()
    again = finance.post(f"/money/batches/{batch}/book", data=GOOD)
    assert again.status_code == 409
    assert "可能已有同事办理" in again.text
    assert bureau.everything() == before


@pytest.mark.parametrize(
    ("typed", "target", "told"),
    [
        ({"voucher": ""}, "voucher", "请填写凭证号。"),
        ({"paid_on": ""}, "paid_on", "请填写拨付日期。"),
        ({"paid_on": "二月五日"}, "paid_on", "请填写日期，如 2026-01-31。"),
        ({"paid_on": "2026-02-06"}, "paid_on", "拨付日期不能晚于今天（2026-02-05）。"),
        ({"paid_on": "2026-02-04"}, "paid_on", "拨付日期不能早于出表日期（2026-02-05）。"),
        ({"voucher": "记" * 65}, "voucher", "凭证号不超过 64 个字。"),
    ],
)
def test_an_error_stands_at_its_field_and_what_was_typed_stays(
    bureau: Bureau, finance: Browser, batch: int, typed: dict[str, str], target: str, told: str
) -> None:
    before = bureau.everything()
    data = GOOD | typed
    answer = finance.post(f"/money/batches/{batch}/book", data=data)
    assert answer.status_code == 422
    assert f'<a href="#{target}">' in answer.text
    assert f'id="{target}-error">{told}' in answer.text
    for value in data.values():
        assert not value or f'value="{value}"' in answer.text
    assert bureau.everything() == before


def test_an_error_of_a_single_line_stands_at_that_line(bureau: Bureau, finance: Browser, batch: int) -> None:
    first, second = bureau.lines(batch)
    data = GOOD | {f"paid_on-{second}": "2026-02-06", f"voucher-{first}": "记-7"}
    answer = finance.post(f"/money/batches/{batch}/book", data=data)
    assert answer.status_code == 422
    assert f'<a href="#paid_on-{second}">第 2 笔拨付日期：拨付日期不能晚于今天' in answer.text
    assert 'value="记-7"' in answer.text
    assert booked(bureau) == []


def test_a_voucher_of_another_batch_is_refused(bureau: Bureau, finance: Browser, batch: int) -> None:
    finance.post(f"/money/batches/{batch}/book", data=GOOD)
    other = issued(bureau, approved(bureau, number="沙-3"))
    answer = finance.post(f"/money/batches/{other}/book", data=GOOD)
    assert answer.status_code == 422
    assert "凭证号“记-018”已用于其他批次或款项" in answer.text


def test_a_line_alone_is_booked_and_the_rest_follows(bureau: Bureau, finance: Browser, batch: int) -> None:
    first, second = bureau.lines(batch)
    assert "记-018" not in finance.get(f"/money/lines/{first}/book").text
    assert finance.post(f"/money/lines/{first}/book", data=GOOD).location == f"/money/batches/{batch}"
    shown = finance.get(f"/money/batches/{batch}").text
    assert "登记拨付 1 笔" in shown
    assert f'name="voucher-{first}"' not in shown
    assert f'name="voucher-{second}"' in shown
    assert finance.get(f"/money/lines/{first}/book").location == f"/money/batches/{batch}"
    assert finance.post(f"/money/lines/{first}/book", data=GOOD).status_code == 409
    finance.post(f"/money/batches/{batch}/book", data=GOOD)
    assert len(booked(bureau)) == 2


@pytest.mark.parametrize("typed", [{"voucher": " "}, {"paid_on": ""}, {"paid_on": "2030-01-01"}])
def test_a_line_alone_is_booked_with_voucher_and_day_only(
    bureau: Bureau, finance: Browser, batch: int, typed: dict[str, str]
) -> None:
    answer = finance.post(f"/money/lines/{bureau.lines(batch)[0]}/book", data=GOOD | typed)
    assert answer.status_code == 422
    assert "field-error" in answer.text
    assert booked(bureau) == []


def test_a_draft_cannot_be_booked(bureau: Bureau, finance: Browser) -> None:
    batch_id = drafted(bureau, approved(bureau))
    assert finance.post(f"/money/batches/{batch_id}/book", data=GOOD).status_code == 409
    (line,) = bureau.lines(batch_id)
    assert finance.get(f"/money/lines/{line}/book").status_code == 302
    assert booked(bureau) == []


@pytest.mark.parametrize("role", NOT_FINANCE)
def test_only_finance_books(
    bureau: Bureau, as_role: Callable[[Role], Browser], batch: int, role: Role
) -> None:
    (line, _), browser = bureau.lines(batch), as_role(role)
    assert browser.post(f"/money/batches/{batch}/book", data=GOOD).status_code == 403
    assert browser.get(f"/money/lines/{line}/book").status_code == 403
    assert browser.post(f"/money/lines/{line}/book", data=GOOD).status_code == 403
    assert booked(bureau) == []


def test_nobody_books_what_she_proposed(bureau: Bureau, everyone: Browser, approver: Browser) -> None:
    tranche_id = bureau.tranche()
    everyone.post(f"/money/tranches/{tranche_id}/propose")
    approver.post(f"/money/tranches/{tranche_id}/approve")
    batch_id = issued(bureau, tranche_id)
    answer = everyone.post(f"/money/batches/{batch_id}/book", data=GOOD)
    assert answer.status_code == 422
    assert "须由其他人" in answer.text
    assert bureau.state(tranche_id) is TrancheState.ISSUED


def test_the_tranche_tells_of_its_payment(
    bureau: Bureau, finance: Browser, auditor: Browser, batch: int
) -> None:
    finance.post(f"/money/batches/{batch}/book", data=GOOD)
    (tranche_id,) = bureau.session.scalars(select(Payment.tranche_id).limit(1)).all()
    shown = auditor.get(f"/money/tranches/{tranche_id}").text
    assert "已于 2026-02-05（周四） 拨付 70,000.00 元，凭证号 记-018" in shown
    assert f'href="/money/batches/{batch}">2026-001</a>' in shown


def test_a_long_batch_is_booked_from_any_of_its_pages(bureau: Bureau, finance: Browser) -> None:
    many = tuple(Plan(1, Source.DISTRICT, 99_000, date(2026, 2, 10), 0, None) for _ in range(101))
    tranches = bureau.tranches(bureau.project(district=10 * WAN, tranches=many, nature=None))
    long = issued(bureau, *(approve_one(bureau, one) for one in tranches))
    last = bureau.lines(long)[-1]
    shown = finance.get(f"/money/batches/{long}?page=2").text
    assert "第 101 笔" in shown
    assert "本页只列出部分款项，其他待登记的款项也按这里填写的登记" in shown
    assert f'action="/money/batches/{long}/book?page=2"' in shown
    answer = finance.post(f"/money/batches/{long}/book?page=2", data=GOOD | {f"voucher-{last}": "记-101"})
    assert answer.status_code == 302
    assert [voucher for _, voucher, _ in booked(bureau)] == ["记-018"] * 100 + ["记-101"]
