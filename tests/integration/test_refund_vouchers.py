"""A voucher stands for one act in an agency's finance books: of refunds of all clearings, and of payments."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from finance.booking import Booking, book_batch
from finance.clearing.returning import record_return, reverse_return
from finance.clearing.settling import Settling, confirm_settlement, settle
from finance.models import ClearingReturn
from lifecycle.models import Clearing
from lifecycle.refusals import InvalidInput
from lifecycle.roles import Role
from tests.integration.accepting import DAY, FAILS, Accepting, accepting
from tests.integration.clearings import DUE, part
from tests.integration.paying import WAN, a_bureau, approve_one, issued


@pytest.fixture
def it(session: Session) -> Accepting:
    return accepting(a_bureau(session))


def owing(it: Accepting, number: str) -> int:
    """Return the confirmed clearing of a project of which 2 万元 have to come back."""
    it.concluded("key", number, FAILS)
    session, finance = it.bureau.session, it.actor(Role.FINANCE)
    clearing_id = session.scalars(select(Clearing.id).order_by(Clearing.id.desc()).limit(1)).one()
    session.rollback()
    settle(session, finance, clearing_id, Settling(DUE), [], DAY)
    confirm_settlement(session, it.actor(Role.APPROVER), clearing_id, DAY)
    return clearing_id


def test_a_voucher_is_used_once_by_refunds_and_payments_and_is_free_again_once_taken_back(
    it: Accepting, engine: Engine
) -> None:
    session, finance = it.bureau.session, it.actor(Role.FINANCE)
    one, other = owing(it, "沙-甲"), owing(it, "沙-乙")
    first = record_return(session, finance, one, part(WAN, "退-1"), [], DAY)

    def refused(clearing_id: int, voucher: str) -> str:
        with pytest.raises(InvalidInput) as refusal:
            record_return(session, finance, clearing_id, part(1, voucher), [], DAY)
        session.rollback()
        return refusal.value.errors["voucher"]

    said = f"凭证号“退-1”已用于项目 沙-甲 的退款（{DAY} 退回 10,000.00 元），请核对是否重复登记。"
    assert refused(one, "退-1") == refused(other, " 退-1 ") == said
    reverse_return(session, finance, first, "记错了项目", DAY)
    record_return(session, finance, other, part(WAN, "退-1"), [], DAY)
    assert "项目 沙-乙 的退款" in refused(one, "退-1")
    kept = session.scalars(select(ClearingReturn.voucher).order_by(ClearingReturn.id)).all()
    session.rollback()
    assert kept == ["退-1"] * 3, "what was taken back stays readable"

    later = DAY + timedelta(days=1)
    batch = issued(it.bureau, approve_one(it.bureau, it.bureau.tranche(number="沙-付")))
    with pytest.raises(InvalidInput) as barred:
        book_batch(session, it.bureau.finance, batch, Booking("退-1", later), {}, later)
    assert "已用于其他批次或款项" in barred.value.errors["voucher"]
    book_batch(session, it.bureau.finance, batch, Booking("记-1", later), {}, later)
    assert f"已用于项目 沙-付 的拨付（{later} 拨付）" in refused(one, "记-1")

    def press(clearing_id: int) -> str:
        with Session(engine) as mine:
            try:
                return str(bool(record_return(mine, finance, clearing_id, part(1, "同"), [], DAY)))
            except InvalidInput:
                return "refused"

    session.rollback()
    with ThreadPoolExecutor(4) as together:
        outcomes = sorted(together.map(press, [one, other] * 2))
    assert outcomes == ["True", "refused", "refused", "refused"]
    same = select(func.count()).select_from(ClearingReturn).where(ClearingReturn.voucher == "同")
    assert session.scalar(same) == 1
