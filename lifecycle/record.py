"""The record: everything Keguan knows of one project, as plain frozen values.

It is the hub of the house. The ledger workbook reads into records, the database reads into records and
rules judge records, so that whatever judges, judges the same thing. Money is fen, dates are dates, and an
absent value is ``None``. Events keep their dates whether past or future; what "has not happened yet" on a
given day is for the rules to say, not for the record.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

from lifecycle.money import Fen
from lifecycle.waiting import Held, Proposed, Receipt, Waiting


class Nature(StrEnum):
    """项目性质: what leads, research or transformation (SPB 23)."""

    RESEARCH = "创新研发"
    TRANSFORMATION = "成果转化及应用示范"


class UnitType(StrEnum):
    """单位类型."""

    ENTERPRISE = "企业"
    UNIVERSITY = "高等院校"
    INSTITUTE = "科研院所"
    MEDICAL = "医疗卫生机构"
    OTHER = "其他"


class Subcategory(StrEnum):
    """子类 of a programme."""

    BIG_SCIENCE = "国际大科学计划"
    BELT_AND_ROAD = "一带一路"
    KEY_COUNTRY = "重点国别"
    BASE = "基地平台"
    REGIONAL = "区域合作"


class Signatory(StrEnum):
    """签署方: who can be a party to a task agreement."""

    DISTRICT = "区科技局"
    UNIT = "承担单位"
    JOINT_UNIT = "联合实施单位"
    MUNICIPAL = "市科技局"


class Source(StrEnum):
    """资金来源."""

    PROVINCIAL = "省（市）级财政"
    DISTRICT = "区（县）级财政"
    JOINT = "联合实施单位"
    OWN = "自筹"


FISCAL = frozenset({Source.PROVINCIAL, Source.DISTRICT})
"""The public sources (财政资金)."""


class BudgetUse(StrEnum):
    """科目."""

    EQUIPMENT = "设备费"
    OPERATIONS = "业务费"
    LABOUR = "劳务费"
    INDIRECT = "间接费用"


class IndicatorCategory(StrEnum):
    """类别 of an indicator."""

    TECHNICAL = "技术"
    ECONOMIC = "经济效益"
    SOCIAL = "社会效益"


class Direction(StrEnum):
    """方向 of an indicator: whether more or less is better."""

    AT_LEAST = "不低于"
    AT_MOST = "不高于"


class ChangeKind(StrEnum):
    """变更类型."""

    TITLE = "项目名称"
    UNIT = "承担单位"
    PI = "项目负责人"
    EXTENSION = "延期"
    INDICATOR = "考核指标"
    BUDGET = "经费预算"
    CONTENT = "研究内容"
    MEMBERS = "项目组成员"
    OTHER = "其他"


class Review(StrEnum):
    """A technical, financial or stage review's conclusion."""

    PASSED = "通过"
    FAILED = "不通过"


class Conclusion(StrEnum):
    """结论 of the acceptance."""

    PASSED = "通过"
    FAILED = "未通过"
    TERMINATED = "终止"


class MeasureKind(StrEnum):
    """What an inspection can order (SPB 31); both are marks on a project, not stages."""

    RECTIFICATION = "限期整改"
    HOLD = "暂缓拨付"


@dataclass(frozen=True, slots=True)
class Partner:
    """参与单位, its place, its share of the public money and the dates of its cooperation agreement."""

    name: str
    unit_type: UnitType | None
    place: str
    """Canonical: a province's full name, 香港特区, 澳门特区, 台湾地区, or a country's Chinese name."""
    share: Fen
    agreement_from: date | None
    agreement_until: date | None


@dataclass(frozen=True, slots=True)
class Indicator:
    """考核指标. Values stay as written; the numbers beside them are ``None`` where not quantified."""

    name: str
    category: IndicatorCategory
    direction: Direction
    unit: str | None
    guide_value: str | None
    agreed_value: str | None
    achieved_value: str | None
    guide_number: Decimal | None
    agreed_number: Decimal | None


def tranche_name(source: Source, number: int) -> str:
    """Return how a tranche is called: 区（县）级财政第 2 期."""
    return f"{source}第 {number} 期"


@dataclass(frozen=True, slots=True)
class Tranche:
    """One row of 拨付: a tranche (期次) of one source, planned and perhaps paid."""

    number: int
    source: Source
    planned: Fen
    planned_on: date | None
    paid: Fen
    """0 = not paid."""
    paid_on: date | None

    @property
    def name(self) -> str:
        """Source and number, by which it is called; one tranche may have several rows."""
        return tranche_name(self.source, self.number)

    @property
    def is_payment(self) -> bool:
        """Whether money has moved: an amount and a date (which may lie in the future)."""
        return self.paid > 0 and self.paid_on is not None


@dataclass(frozen=True, slots=True)
class Spending:
    """One row of 支出. A negative amount is a reversal."""

    on: date
    source: Source
    use: BudgetUse
    amount: Fen
    voucher: str | None
    note: str | None


@dataclass(frozen=True, slots=True)
class BudgetLine:
    """One row of 预算."""

    source: Source
    use: BudgetUse
    amount: Fen


@dataclass(frozen=True, slots=True)
class Milestone:
    """里程碑 with its stage report and review."""

    number: int
    name: str | None
    planned_on: date
    reported_on: date | None
    reviewed_on: date | None
    review: Review | None


@dataclass(frozen=True, slots=True)
class AnnualReport:
    """年度报告 of one year."""

    year: int
    submitted_on: date | None
    with_accounts: bool
    to_government_on: date | None


@dataclass(frozen=True, slots=True)
class Change:
    """变更 with the dates of its way through the authorities."""

    number: int
    kind: ChangeKind
    self_decided: bool
    applied_on: date | None
    joint_consent_on: date | None
    conference_on: date | None
    approved_on: date | None
    platform_filed_on: date | None
    before: str | None
    after: str | None
    approval_number: str | None


@dataclass(frozen=True, slots=True)
class Acceptance:
    """验收, its conclusion and what followed."""

    applied_on: date | None
    technical: Review | None
    financial: Review | None
    joint_unit_took_part: bool
    conference_on: date | None
    government_on: date | None
    conclusion: Conclusion | None
    concluded_on: date | None
    own_fault: bool
    filed_on: date | None
    platform_filed_on: date | None
    cleared_on: date | None
    integrity_on: date | None
    to_return: Fen
    returned: Fen
    goals_met: int | None


@dataclass(frozen=True, slots=True)
class Measure:
    """What was ordered of a project, in force from its day until it is settled: done, or lifted."""

    number: int
    kind: MeasureKind
    ordered_on: date
    due: date | None
    """By when a rectification is owed; a hold has none."""
    settled_on: date | None
    text: str
    answered_on: date | None = None
    """When what was done was handed in; ``None`` again once that was found wanting."""

    def open_on(self, day: date) -> bool:
        """Whether it is in force on ``day``."""
        return self.ordered_on <= day and (self.settled_on is None or day < self.settled_on)


@dataclass(frozen=True, slots=True)
class NamedExpert:
    """An expert who is to review a project, with what could make her partial."""

    name: str
    email: str | None
    units: frozenset[str]


@dataclass(frozen=True, slots=True)
class ExceptionNote:
    """例外说明: why staff went on although a *usual* rule was not held."""

    rule: str
    subject: str
    """Empty where the rule speaks of the whole project."""
    reason: str
    approved_on: date


@dataclass(frozen=True, slots=True)
class ProjectRecord:
    """One project with everything that belongs to it; sequences keep the order in which they were entered."""

    number: str
    title: str
    programme: str
    nature: Nature | None
    lead_unit: str
    lead_unit_type: UnitType | None
    lead_place: str | None
    pi_name: str
    pi_email: str | None
    joint_unit: str | None
    self_established: bool
    milestone_managed: bool
    subcategory: Subcategory | None
    start: date
    end: date
    original_end: date | None
    signed_on: date | None
    signatories: tuple[Signatory, ...]
    separate_account: bool | None
    requested: Fen | None
    """申请财政资金; ``None`` = not given, which is not the same as 0."""
    provincial: Fen
    district: Fen
    joint: Fen
    own: Fen
    bank_name: str | None
    bank_account: str | None
    partners: tuple[Partner, ...] = ()
    indicators: tuple[Indicator, ...] = ()
    tranches: tuple[Tranche, ...] = ()
    spending: tuple[Spending, ...] = ()
    budget: tuple[BudgetLine, ...] = ()
    milestones: tuple[Milestone, ...] = ()
    annual_reports: tuple[AnnualReport, ...] = ()
    changes: tuple[Change, ...] = ()
    acceptance: Acceptance | None = None
    exceptions: tuple[ExceptionNote, ...] = ()
    measures: tuple[Measure, ...] = ()
    """Not in the ledger: what inspections ordered."""
    clearing_opened_on: date | None = None
    """Not in the ledger: the day on which clearing began after a failure or termination."""
    recovery_from: date | None = None
    recovery_due: date | None = None
    recovery_done: date | None = None
    """Not in the ledger: from when, and by when, what has to be returned is owed, and when all was back."""
    waiting: tuple[Waiting, ...] = field(default=(), compare=False)
    receipts: tuple[Receipt, ...] = field(default=(), compare=False)
    proposals: tuple[Proposed, ...] = field(default=(), compare=False)
    holds: tuple[Held, ...] = field(default=(), compare=False)
    """Neither in the ledger nor what makes records alike: what waits, or has waited, money to confirm, what
    was proposed to be paid and what held it."""
    members: tuple[str, ...] = ()
    """Never kept with the record: the names of the project's people, filled in where an act asks for them."""
    experts: tuple[NamedExpert, ...] = ()
    """Never kept with the record: whom a panel is to consist of, filled in for the checklist of that act."""

    @property
    def fiscal(self) -> Fen:
        """Public money: province (city) and district (county) together."""
        return self.provincial + self.district

    @property
    def total(self) -> Fen:
        """All money of the project."""
        return self.provincial + self.district + self.joint + self.own

    @property
    def agreed_end(self) -> date:
        """The end first agreed; extensions do not move it."""
        return self.original_end or self.end

    @property
    def is_enterprise(self) -> bool:
        """Whether the lead unit is known to be an enterprise."""
        return self.lead_unit_type is UnitType.ENTERPRISE

    @property
    def concluded_on(self) -> date | None:
        """The day of the conclusion, where there is one."""
        if self.acceptance is None or self.acceptance.conclusion is None:
            return None
        return self.acceptance.concluded_on
