"""Who can lift what stands in the way of a payment, and by what: said at the line of the checklist."""

from __future__ import annotations

from collections.abc import Mapping

from lifecycle.rules.amounts import (
    AmountRange,
    DistrictRatio,
    MatchingFunds,
    OwnShare,
    PartnerShare,
    SelfFinanced,
    Shortfall,
)
from lifecycle.rules.base import Kind
from lifecycle.rules.parties import PartiesSigned, SeparateAccount
from lifecycle.rules.periods import SignedWithin
from lifecycle.rules.process import NoOpenMeasure
from lifecycle.rules.tranches import (
    FirstTrancheRatio,
    PaidAfterSigning,
    PaidWithinFunds,
    SinglePayment,
    SpendGate,
)
from lifecycle.rules.verdict import Verdict

_FUNDS = "由经办人核对项目的财政资金：登记有误的在台账中更正；登记无误的，先办理经费变更。"
_OWN_MONEY = "请承担单位补足自筹资金，办理经费预算变更后再提出。"
_SIGNING = "由经办人在项目“任务书”中登记签署；随台账导入的项目，在台账"
_PLAN = "由经办人按规定调整计划金额；确需拨付的，由经办人写明理由后提出，由审批人决定。"

LIFTED_BY: Mapping[type[Kind], str] = {
    AmountRange: _FUNDS,
    SelfFinanced: _FUNDS,
    MatchingFunds: _OWN_MONEY,
    OwnShare: _OWN_MONEY,
    Shortfall: _OWN_MONEY,
    PartnerShare: "请承担单位调整各参与单位的经费，办理经费预算变更后再提出。",
    PartiesSigned: f"请尚未签署的各方补签任务书，{_SIGNING}“签署方”中登记。",
    PaidAfterSigning: f"任务书各方签订后再提出，{_SIGNING}“任务书签订日期”中登记。",
    SignedWithin: "由经办人核对任务书签订日期；日期无误的，该项目不适用本办法，请报局领导研究。",
    SeparateAccount: "请承担单位设立专账，并在项目“经费”中说明专账管理情况。",
    PaidWithinFunds: "由经办人核对任务书约定数额和计划金额，需要调整的先办理经费预算变更。",
    SinglePayment: "由经办人把该项财政资金合并为一期、全额列入计划后再提出。",
    SpendGate: "待承担单位支出达到规定比例；已经支出的，请项目负责人在项目“经费”中登记支出。",
    NoOpenMeasure: "整改完成后，由经办人在“监督验收”中提请解除暂缓拨付，经审批同意后再提出。",
    FirstTrancheRatio: _PLAN,
    DistrictRatio: _PLAN,
}


def lifts(verdict: Verdict) -> dict[str, str]:
    """Return, by rule id, who can lift the rules that are not held, and by what."""
    return {
        line.rule.id: LIFTED_BY[type(line.rule.kind)]
        for line in (*verdict.refusals, *verdict.needs_reason)
        if type(line.rule.kind) in LIFTED_BY
    }
