"""Layouts on a real database: one in use per paying body, chosen as a sheet is issued, kept for ever."""

from __future__ import annotations

from io import BytesIO

import pytest
from openpyxl import load_workbook
from sqlalchemy.orm import Session

from finance.layouts import keep_layout, layout_for, list_layouts, use_layout, use_standard
from finance.lookups import find_batch
from finance.models import Payer
from lifecycle.record import Source
from lifecycle.refusals import InvalidInput, NotFound, NotPermitted
from lifecycle.roles import Role
from tests.integration.paying import TODAY, Bureau, a_bureau, approved, issued, refused
from tests.unit.sheets.layouts import office_layout

BUREAU = "沙坪坝区科技局"


@pytest.fixture
def bureau(session: Session) -> Bureau:
    return a_bureau(session)


def kept(bureau: Bureau, name: str, payer: str | None = None) -> int:
    return keep_layout(bureau.session, bureau.finance, payer, name, office_layout(), TODAY)


def in_use(bureau: Bureau, payer: str = BUREAU) -> str | None:
    bureau.session.rollback()
    found = layout_for(bureau.session, bureau.people.agency_a, payer)
    name = found and found.name
    bureau.session.rollback()
    return name


def test_a_payers_own_goes_before_that_of_all_and_one_can_go_back(bureau: Bureau) -> None:
    session, finance = bureau.session, bureau.finance
    old, new, own = kept(bureau, "旧"), kept(bureau, "新"), kept(bureau, "专", BUREAU)
    assert in_use(bureau) is None
    use_layout(session, finance, old)
    use_layout(session, finance, new)
    assert in_use(bureau) == "新"
    use_layout(session, finance, own)
    assert (in_use(bureau), in_use(bureau, "别的单位")) == ("专", "新")
    use_standard(session, finance, BUREAU)
    use_layout(session, finance, old)
    assert in_use(bureau) == "旧"
    use_standard(session, finance, None)
    assert in_use(bureau) is None
    assert [one.name for one in list_layouts(session, finance)] == ["专", "新", "旧"]


def test_a_sheet_is_printed_in_the_layout_in_use_and_says_so_ever_after(bureau: Bureau) -> None:
    session, finance = bureau.session, bureau.finance
    bureau.session.add(Payer(agency_id=bureau.people.agency_a, source=Source.DISTRICT, name="区财政局"))
    bureau.session.commit()
    standard = issued(bureau, approved(bureau, number="沙-1"))
    layout_id = kept(bureau, "国库版", "区财政局")
    use_layout(session, finance, layout_id)
    batch_id = issued(bureau, approved(bureau, number="沙-2"))
    use_standard(session, finance, "区财政局")
    batch = find_batch(session, finance, batch_id, with_sheet=True)
    assert batch.layout_id == layout_id
    page = load_workbook(BytesIO(batch.sheet or b"")).worksheets[0]
    assert page["A3"].value == "付款：区财政局　2026年2月5日"
    assert find_batch(session, finance, standard).layout_id is None
    (listed,) = list_layouts(session, finance)
    assert (listed.in_use, listed.sheets) == (False, 1)


def test_refusals_leave_nothing_behind_and_strangers_see_nothing(bureau: Bureau) -> None:
    session, finance = bureau.session, bureau.finance
    layout_id = kept(bureau, "国库版")
    stranger = bureau.people.b[Role.FINANCE].actor
    for name, payer in ((" ", None), ("长" * 61, None), ("国库版", "不存在的单位")):
        refused(bureau, lambda: keep_layout(session, finance, payer, name, b"x", TODAY), InvalidInput)  # noqa: B023
    refused(bureau, lambda: use_layout(session, stranger, layout_id), NotFound)
    refused(bureau, lambda: use_layout(session, bureau.handler, layout_id), NotPermitted)
    assert list_layouts(session, stranger) == []
