"""Why a tranche cannot be paid, and what would cure it: figures, evidence, who, by when, and how.

Pure data for pages and lists to show: rules come with their lines of the checklist, the steps of the office
itself are conditions of their own. Roles are named, and people and units where the record knows them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from finance.checking import Candidate, earlier_unpaid
from finance.rates import gates_of
from finance.states import PAYABLE_NO_MORE
from lifecycle.money import yuan
from lifecycle.record import FISCAL, MeasureKind, ProjectRecord
from lifecycle.roles import ROLE_NAMES, Role
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
from lifecycle.rules.process import NoOpenMeasure, ReportsIn
from lifecycle.rules.reading import amount, listed, payments
from lifecycle.rules.tranches import (
    FirstTrancheRatio,
    PaidAfterSigning,
    PaidWithinFunds,
    SinglePayment,
    SpendGate,
)
from lifecycle.rules.verdict import Line
from lifecycle.stages import stage_of


class Place(StrEnum):
    """Where on the site something is seen or cured."""

    AGREEMENT = "任务书"
    CHANGES = "变更"
    MONEY = "经费"
    SPENDING = "支出"
    ACCOUNT = "专账"
    REPORTS = "报告"
    OVERSIGHT = "监督"
    LEDGER = "台账"
    PAYEE = "收款账户"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a condition rests on, and where it is seen."""

    words: str
    place: Place


@dataclass(frozen=True, slots=True)
class Cure:
    """Who does what, where and by when, so that a condition is held."""

    who: tuple[Role, ...]
    what: str
    place: Place
    by: date | None = None
    """The day by which it is owed, where one is set."""

    def people(self, record: ProjectRecord) -> str:
        """Return who, with the person or unit where the record names one."""
        return listed(_named(role, record) for role in self.who)


@dataclass(frozen=True, slots=True)
class Condition:
    """A step of the office itself, no article: held, or in the way."""

    title: str
    held: bool
    words: str
    cure: Cure | None = None


_Cures = Callable[[ProjectRecord, date], Cure]
_SEEN: Mapping[type[Kind], Place] = {
    AmountRange: Place.AGREEMENT,
    SelfFinanced: Place.AGREEMENT,
    MatchingFunds: Place.AGREEMENT,
    OwnShare: Place.AGREEMENT,
    Shortfall: Place.AGREEMENT,
    PartnerShare: Place.AGREEMENT,
    PartiesSigned: Place.AGREEMENT,
    PaidAfterSigning: Place.AGREEMENT,
    SignedWithin: Place.AGREEMENT,
    SeparateAccount: Place.MONEY,
    PaidWithinFunds: Place.MONEY,
    SinglePayment: Place.MONEY,
    FirstTrancheRatio: Place.MONEY,
    DistrictRatio: Place.AGREEMENT,
}
"""Kind of rule → where the figures of its line are seen."""


def _named(role: Role, record: ProjectRecord) -> str:
    names = {
        Role.PI: record.pi_name,
        Role.UNIT_MANAGER: record.lead_unit,
        Role.JOINT_UNIT: record.joint_unit or "",
    }
    name = names.get(role, "")
    return f"{ROLE_NAMES[role]} {name}".strip()


def _always(what: str, place: Place, *who: Role) -> _Cures:
    return lambda _record, _day: Cure(who, what, place)


_FUNDS = _always(
    "核对项目的财政资金：登记有误的在台账中更正；登记无误的，先办理经费变更。", Place.CHANGES, Role.HANDLER
)
_OWN_MONEY = _always("补足自筹资金，办理经费预算变更后再提出。", Place.CHANGES, Role.UNIT_MANAGER, Role.PI)
_PLAN = _always(
    "按规定调整计划金额；确需拨付的，由经办人写明理由后提出，由审批人决定。", Place.MONEY, Role.HANDLER
)


def _spend(record: ProjectRecord, day: date) -> Cure:
    short = max((one.short for one in gates_of(record, day) if not one.paid), default=0)
    still = f"再登记财政资金支出 {yuan(short)} 元即可达到规定比例。" if short else "登记已经发生的支出。"
    return Cure((Role.PI, Role.UNIT_MANAGER), still, Place.SPENDING)


def _lift(record: ProjectRecord, day: date) -> Cure:
    open_ones = [one for one in record.measures if one.open_on(day)]
    due = [one.due for one in open_ones if one.kind is MeasureKind.RECTIFICATION and one.due]
    first = "整改完成后，" if due else ""
    what = f"{first}由经办人在“监督验收”中提请解除暂缓拨付，经审批同意后再提出。"
    who = (Role.UNIT_MANAGER, Role.HANDLER, Role.APPROVER) if due else (Role.HANDLER, Role.APPROVER)
    return Cure(who, what, Place.OVERSIGHT, min(due, default=None))


def _report(record: ProjectRecord, day: date) -> Cure:
    del day
    who = (Role.PI, Role.UNIT_MANAGER) if record.pi_name else (Role.UNIT_MANAGER,)
    return Cure(who, "补交到期的报告，经承担单位确认后报送。", Place.REPORTS)


_CURES: Mapping[type[Kind], _Cures] = {
    AmountRange: _FUNDS,
    SelfFinanced: _FUNDS,
    MatchingFunds: _OWN_MONEY,
    OwnShare: _OWN_MONEY,
    Shortfall: _OWN_MONEY,
    PartnerShare: _always(
        "调整各参与单位的经费，办理经费预算变更后再提出。", Place.CHANGES, Role.UNIT_MANAGER, Role.PI
    ),
    PartiesSigned: _always(
        "请尚未签署的各方补签任务书，由经办人登记签署；随台账导入的项目，在台账“签署方”中登记。",
        Place.AGREEMENT,
        Role.HANDLER,
    ),
    PaidAfterSigning: _always(
        "任务书各方签订后再提出，由经办人登记签署；随台账导入的项目，在台账“任务书签订日期”中登记。",
        Place.AGREEMENT,
        Role.HANDLER,
    ),
    SignedWithin: _always(
        "核对任务书签订日期；日期无误的，该项目不适用本办法，请报局领导研究。", Place.AGREEMENT, Role.HANDLER
    ),
    SeparateAccount: _always(
        "设立专账，并说明专账管理情况。", Place.ACCOUNT, Role.UNIT_MANAGER, Role.HANDLER
    ),
    PaidWithinFunds: _always(
        "核对任务书约定数额和计划金额，需要调整的先办理经费预算变更。", Place.CHANGES, Role.HANDLER
    ),
    SinglePayment: _always("把该项财政资金合并为一期、全额列入计划后再提出。", Place.LEDGER, Role.HANDLER),
    SpendGate: _spend,
    NoOpenMeasure: _lift,
    ReportsIn: _report,
    FirstTrancheRatio: _PLAN,
    DistrictRatio: _PLAN,
}


def cure_of(line_kind: Kind, record: ProjectRecord, day: date) -> Cure | None:
    """Return who cures a rule of this kind that is not held, and how."""
    cure = _CURES.get(type(line_kind))
    found = cure(record, day) if cure else None
    if found is not None and isinstance(line_kind, ReportsIn):
        missing = [one for one in line_kind.owed(record) if one.done_on is None and one.due < day]
        told = "；".join(one.message for one in missing)
        by = min((one.due for one in missing), default=None)
        return Cure(found.who, f"{told}。" if told else found.what, found.place, by)
    return found


def evidence_of(line: Line, candidate: Candidate, day: date) -> list[Evidence]:
    """Return what a line of the checklist rests on: the rows behind its figures."""
    record, kind = candidate.record, line.rule.kind
    if isinstance(kind, SpendGate):
        return list(_of_spending(record, candidate.record.tranches[candidate.place].number, day))
    if isinstance(kind, NoOpenMeasure):
        return [
            Evidence(f"第 {one.number} 项{one.kind}，{one.ordered_on} 起", Place.OVERSIGHT)
            for one in record.measures
            if one.open_on(day)
        ]
    if isinstance(kind, ReportsIn):
        return [Evidence("年度报告和阶段报告", Place.REPORTS)]
    seen = _SEEN.get(type(kind))
    return [Evidence(f"项目的{seen}", seen)] if seen else []


def _of_spending(record: ProjectRecord, number: int, day: date) -> Iterator[Evidence]:
    for paid_on, tranche in payments(record):
        if tranche.number < number and paid_on <= day:
            what = f"{tranche.source}第 {tranche.number} 期 {amount(tranche.paid)}"
            yield Evidence(f"{what}，{paid_on} 拨付", Place.MONEY)
    rows = [row for row in record.spending if row.source in FISCAL and row.on <= day]
    yield Evidence(
        f"财政资金支出 {len(rows)} 笔，共 {amount(sum(row.amount for row in rows))}", Place.SPENDING
    )


def conditions_of(candidate: Candidate) -> list[Condition]:
    """Return the office's own conditions of paying a tranche, held or not, in their order."""
    record = candidate.record
    tranche, stage = record.tranches[candidate.place], stage_of(record)
    earlier = earlier_unpaid(candidate)
    numbers = listed(str(number) for number in earlier)
    accounts = bool(record.bank_name and record.bank_account)
    handler = (Role.HANDLER,)
    return [
        Condition(
            "项目仍在实施，没有进入财务清算",
            stage not in PAYABLE_NO_MORE,
            f"项目阶段：{stage}",
            Cure((Role.FINANCE,), "办理财务清算，不再拨付。", Place.OVERSIGHT),
        ),
        Condition(
            "本期有计划金额，且尚未拨付",
            tranche.planned > 0 and tranche.paid == 0,
            f"计划 {yuan(tranche.planned)} 元，已拨 {yuan(tranche.paid)} 元",
            Cure(handler, "在台账中核对并补正本期的计划和实拨金额。", Place.LEDGER),
        ),
        Condition(
            "按期次顺序办理",
            not earlier,
            f"{tranche.source}第 {numbers} 期尚未办理" if earlier else "前面各期均已办理",
            Cure(handler, "先办理前面的期次。", Place.MONEY),
        ),
        Condition(
            "收款账户已登记（编入拨付批次之前）",
            accounts,
            f"{record.bank_name} {record.bank_account}" if accounts else "未登记开户行或银行账号",
            Cure(handler, "更正收款账户，补上开户行和银行账号。", Place.PAYEE),
        ),
    ]
