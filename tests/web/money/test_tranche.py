"""The page of a tranche: the checklist, the one button, and what is said where there is none."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import select, update

from finance.models import Proposal
from lifecycle.models import ExceptionNote, Project
from lifecycle.record import Signatory, Source
from lifecycle.record import Tranche as Plan
from lifecycle.roles import Role
from lifecycle.stages import TrancheState
from tests.integration.paying import REASON, WAN, Bureau, approve_one, approved, drafted, issued
from tests.web.site import Browser

RATIO = "spb-23-first-ratio"
SHORT_FIRST = (Plan(1, Source.DISTRICT, 6 * WAN, date(2026, 2, 10), 0, None),)
"""A first tranche of 60 %: less than research projects usually get."""

BUTTONS = {
    "propose": "提出拨付 70,000.00 元",
    "approve": "同意拨付 70,000.00 元",
    "return": "退回经办人</button>",
    "withdraw": "撤回拨付申请</button>",
    "batch": "编制拨付批次",
}


def page_of(tranche_id: int) -> str:
    return f"/money/tranches/{tranche_id}"


def buttons(text: str) -> set[str]:
    return {name for name, words in BUTTONS.items() if words in text}


def plain(text: str) -> str:
    """Return what a reader sees, without blanks."""
    return re.sub(r"\s+", "", re.sub(r"<[^>]+>", "", text))


def test_the_page_says_who_gets_what_in_figures_and_words_with_every_rule_asked(
    bureau: Bureau, handler: Browser
) -> None:
    text = handler.get(page_of(bureau.tranche(number="沙-7"))).text
    for words in (
        "70,000.00 元",
        "柒万元整",
        "渝州大学",
        "6222020000000000001",
        "2026-02-10（周二）",
        "沙-7",
    ):
        assert words in text
    for article in ("第四条", "第二十二条", "第二十三条", "第二十九条", "第三十六条"):
        assert f"沙科局发〔2023〕41号，{article}" in text
    assert "首期 7.00 万元 ÷ 财政资金 10.00 万元 = 70.0%" in text


@pytest.mark.parametrize(
    ("role", "planned", "proposed", "batchable"),
    [
        (Role.HANDLER, {"propose"}, {"withdraw"}, {"withdraw"}),
        (Role.APPROVER, set(), {"approve", "return"}, {"return"}),
        (Role.FINANCE, set(), set(), {"batch"}),
        (Role.AUDITOR, set(), set(), set()),
    ],
)
def test_everyone_sees_the_buttons_of_her_own_step_and_no_other(
    bureau: Bureau,
    as_role: Callable[[Role], Browser],
    handler: Browser,
    approver: Browser,
    role: Role,
    planned: set[str],
    proposed: set[str],
    batchable: set[str],
) -> None:
    tranche_id = bureau.tranche()
    assert buttons(as_role(role).get(page_of(tranche_id)).text) == planned
    handler.post(f"{page_of(tranche_id)}/propose")
    assert buttons(as_role(role).get(page_of(tranche_id)).text) == proposed
    approver.post(f"{page_of(tranche_id)}/approve")
    assert buttons(as_role(role).get(page_of(tranche_id)).text) == batchable


def test_a_reader_is_told_whose_step_it_is(bureau: Bureau, auditor: Browser, handler: Browser) -> None:
    tranche_id = bureau.tranche()
    assert "下一步由“经办”角色办理" in auditor.get(page_of(tranche_id)).text
    handler.post(f"{page_of(tranche_id)}/propose")
    assert "下一步由“审批”角色办理" in auditor.get(page_of(tranche_id)).text


@pytest.mark.parametrize("step", ["propose", "approve", "return", "withdraw"])
@pytest.mark.parametrize(
    "role", [Role.AUDITOR, Role.PI, Role.UNIT_MANAGER, Role.JOINT_UNIT, Role.EXPERT, Role.ADMIN]
)
def test_others_cannot_press_what_they_are_not_shown(
    bureau: Bureau, as_role: Callable[[Role], Browser], role: Role, step: str
) -> None:
    tranche_id = bureau.tranche()
    before = bureau.everything()
    assert as_role(role).post(f"{page_of(tranche_id)}/{step}").status_code == 403
    assert bureau.everything() == before


@pytest.mark.parametrize("role", [Role.PI, Role.UNIT_MANAGER, Role.JOINT_UNIT, Role.EXPERT, Role.ADMIN])
def test_the_page_is_the_bureaus_alone(
    bureau: Bureau, as_role: Callable[[Role], Browser], role: Role
) -> None:
    assert as_role(role).get(page_of(bureau.tranche())).status_code == 403


def test_another_agency_finds_nothing(bureau: Bureau, stranger: Callable[[Role], Browser]) -> None:
    tranche_id = bureau.tranche()
    before = bureau.everything()
    assert stranger(Role.AUDITOR).get(page_of(tranche_id)).status_code == 404
    assert stranger(Role.HANDLER).post(f"{page_of(tranche_id)}/propose").status_code == 404
    assert stranger(Role.APPROVER).post(f"{page_of(tranche_id)}/approve").status_code == 404
    assert (
        stranger(Role.APPROVER).post(f"{page_of(tranche_id)}/return", data={"note": "不"}).status_code == 404
    )
    assert bureau.everything() == before


def test_a_second_press_does_nothing_and_says_that_it_is_done(bureau: Bureau, handler: Browser) -> None:
    tranche_id = bureau.tranche()
    assert handler.post(f"{page_of(tranche_id)}/propose").status_code == 302
    again = handler.post(f"{page_of(tranche_id)}/propose")
    assert again.status_code == 409
    assert "可能已有同事办理" in again.text
    assert len(bureau.session.scalars(select(Proposal)).all()) == 1


def test_a_must_rule_refuses_says_who_can_lift_it_and_saves_nothing(bureau: Bureau, handler: Browser) -> None:
    tranche_id = bureau.tranche(signatories=(Signatory.UNIT,), separate_account=False)
    shown = handler.get(page_of(tranche_id)).text
    assert "propose" not in buttons(shown)
    assert "有 2 条不符合" in shown
    assert "由经办办理：请尚未签署的各方补签任务书" in shown
    assert "由承担单位 渝州大学、经办办理：设立专账" in shown
    assert 'href="/projects/' in shown
    before = bureau.everything()
    pressed = handler.post(f"{page_of(tranche_id)}/propose")
    assert pressed.status_code == 422
    assert "现在不能提出拨付" in pressed.text
    assert bureau.everything() == before


@pytest.mark.parametrize(("typed", "told"), [("", "请写明理由。"), ("太短", "理由应在 10 至 1000 字之间")])
def test_a_usual_rule_asks_for_a_reason_and_keeps_what_was_typed(
    bureau: Bureau, handler: Browser, typed: str, told: str
) -> None:
    tranche_id = bureau.tranche(tranches=SHORT_FIRST)
    assert "仍要拨付的理由（沙科局发〔2023〕41号 第二十三条）" in handler.get(page_of(tranche_id)).text
    before = bureau.everything()
    pressed = handler.post(f"{page_of(tranche_id)}/propose", data={RATIO: typed})
    assert pressed.status_code == 422
    assert f'<a href="#{RATIO}">' in pressed.text
    assert told in pressed.text
    assert f">\r\n{typed}</textarea>" in pressed.text
    assert bureau.everything() == before


def test_the_reason_is_shown_to_the_approver_and_kept_with_the_project(
    bureau: Bureau, handler: Browser, approver: Browser
) -> None:
    tranche_id = bureau.tranche(tranches=SHORT_FIRST)
    assert handler.post(f"{page_of(tranche_id)}/propose", data={RATIO: REASON}).status_code == 302
    shown = approver.get(page_of(tranche_id)).text
    assert f"说明：{REASON}" in shown
    assert "已说明" in shown
    assert "同意拨付 60,000.00 元" in shown
    assert approver.post(f"{page_of(tranche_id)}/approve").status_code == 302
    bureau.session.rollback()
    assert bureau.session.scalars(select(ExceptionNote.reason)).all() == [REASON]


def test_nobody_approves_her_own_proposal_and_is_told_so_before_pressing(
    bureau: Bureau, everyone: Browser, approver: Browser
) -> None:
    tranche_id = bureau.tranche()
    everyone.post(f"{page_of(tranche_id)}/propose")
    shown = everyone.get(page_of(tranche_id)).text
    assert "这笔拨付由您本人提出，须由其他人审批" in shown
    assert buttons(shown) == {"withdraw"}
    pressed = everyone.post(f"{page_of(tranche_id)}/approve")
    assert pressed.status_code == 422
    assert bureau.state(tranche_id) is TrancheState.PROPOSED
    approver.post(f"{page_of(tranche_id)}/approve")
    assert "须由其他人编入批次" in everyone.get(page_of(tranche_id)).text


def test_a_return_needs_its_reason_and_tells_it_to_the_handler(
    bureau: Bureau, handler: Browser, approver: Browser
) -> None:
    tranche_id = bureau.tranche()
    handler.post(f"{page_of(tranche_id)}/propose")
    before = bureau.everything()
    empty = approver.post(f"{page_of(tranche_id)}/return", data={"note": "  "})
    assert empty.status_code == 422
    assert '<a href="#note">退回原因：请写明退回原因。</a>' in empty.text
    assert buttons(empty.text) == {"approve", "return"}
    assert bureau.everything() == before
    approver.post(f"{page_of(tranche_id)}/return", data={"note": "请核对账号"})
    shown = handler.get(page_of(tranche_id)).text
    assert "退回拨付申请（请核对账号）" in shown
    assert buttons(shown) == {"propose"}


def test_a_handler_withdraws_until_the_tranche_is_in_a_batch(bureau: Bureau, handler: Browser) -> None:
    tranche_id = approved(bureau)
    assert handler.post(f"{page_of(tranche_id)}/withdraw").status_code == 302
    assert bureau.state(tranche_id) is TrancheState.PLANNED
    assert "撤回拨付申请" in handler.get(page_of(tranche_id)).text
    drafted(bureau, approve_one(bureau, tranche_id))
    assert handler.post(f"{page_of(tranche_id)}/withdraw").status_code == 409
    assert buttons(handler.get(page_of(tranche_id)).text) == set()


def test_a_rule_broken_after_the_proposal_sends_it_back(
    bureau: Bureau, handler: Browser, approver: Browser
) -> None:
    tranche_id = bureau.tranche()
    handler.post(f"{page_of(tranche_id)}/propose")
    bureau.session.execute(update(Project).values(separate_account=False))
    bureau.session.commit()
    assert buttons(approver.get(page_of(tranche_id)).text) == {"return"}
    assert approver.post(f"{page_of(tranche_id)}/approve").status_code == 422
    assert bureau.state(tranche_id) is TrancheState.PROPOSED


def test_a_missing_account_is_told_before_it_stops_the_batch(bureau: Bureau, handler: Browser) -> None:
    shown = handler.get(page_of(bureau.tranche(bank_account=None))).text
    assert "未登记开户行或银行账号：补录之前不能编入拨付批次" in shown


def test_money_that_the_bureau_does_not_pay_has_no_button(bureau: Bureau, handler: Browser) -> None:
    plans = (*SHORT_FIRST, Plan(1, Source.OWN, 5 * WAN, date(2026, 3, 1), 0, None))
    own = bureau.tranches(bureau.project(tranches=plans))[1]
    shown = handler.get(page_of(own)).text
    assert "自筹资金由出资方自行拨付，不由本局办理" in shown
    assert not re.search(r"btn-primary", shown.partition("<main")[2])


def test_the_way_of_a_payment_stays_readable_afterwards(bureau: Bureau, auditor: Browser) -> None:
    tranche_id = approved(bureau)
    issued(bureau, tranche_id)
    shown = auditor.get(page_of(tranche_id)).text
    trail = plain(shown)
    for words in ("提出拨付：", "批准拨付：", "编入拨付批次2026-001", "拨付批次2026-001出表"):
        assert words in trail
    assert "下一步“登记拨付”由“财务”角色在批次中办理" in shown
    assert "提出时的核对结果" in shown
    assert "可以提出拨付" not in shown
    assert "首期 7.00 万元 ÷ 财政资金 10.00 万元 = 70.0%" in shown
