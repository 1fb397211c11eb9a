"""The project and everything that is recorded of it, row for row what the record holds."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from lifecycle.models.base import Base, FenColumn, Id, Whole, choice
from lifecycle.record import (
    BudgetUse,
    ChangeKind,
    Conclusion,
    Direction,
    IndicatorCategory,
    Nature,
    Review,
    Signatory,
    Source,
    Subcategory,
    UnitType,
)
from lifecycle.stages import Stage, TrancheState


class Project(Base):
    """A funded project. The columns from ``stage`` on are worked out from the others by the commands."""

    __tablename__ = "project"
    __table_args__ = (
        UniqueConstraint("agency_id", "number"),
        CheckConstraint("end_on >= start_on", name="period"),
        CheckConstraint(
            "provincial_fen >= 0 AND district_fen >= 0 AND joint_fen >= 0 AND own_fen >= 0", name="funds"
        ),
        # What the list is sorted by.
        Index("ix_project_title_order", "agency_id", "title_order", "id"),
        Index("ix_project_unit_order", "agency_id", "unit_order", "id"),
        Index("ix_project_end", "agency_id", "end_on", "id"),
        Index("ix_project_fiscal", "agency_id", "fiscal_fen", "id"),
        # What it is filtered by; the first of the two answers for every count and sum by itself.
        Index("ix_project_facets", "agency_id", "programme", "stage", "year", "fiscal_fen"),
        Index("ix_project_stage", "agency_id", "stage", "number"),
        # Whose it is to see.
        Index("ix_project_lead_unit", "agency_id", "lead_unit"),
        Index("ix_project_joint_unit", "agency_id", "joint_unit"),
        Index("ix_project_pi", "agency_id", "pi_email"),
    )

    id: Mapped[Id]
    agency_id: Mapped[int] = mapped_column(ForeignKey("agency.id"))
    number: Mapped[str]
    title: Mapped[str]
    programme: Mapped[str]
    nature: Mapped[Nature | None] = mapped_column(choice(Nature, "nature"))
    lead_unit: Mapped[str]
    lead_unit_type: Mapped[UnitType | None] = mapped_column(choice(UnitType, "lead_unit_type"))
    lead_place: Mapped[str | None]
    pi_name: Mapped[str]
    pi_email: Mapped[str | None]
    joint_unit: Mapped[str | None]
    self_established: Mapped[bool]
    milestone_managed: Mapped[bool]
    subcategory: Mapped[Subcategory | None] = mapped_column(choice(Subcategory, "subcategory"))
    start_on: Mapped[date]
    end_on: Mapped[date]
    original_end_on: Mapped[date | None]
    signed_on: Mapped[date | None]
    separate_account: Mapped[bool | None]
    requested_fen: Mapped[FenColumn | None]
    provincial_fen: Mapped[FenColumn]
    district_fen: Mapped[FenColumn]
    joint_fen: Mapped[FenColumn]
    own_fen: Mapped[FenColumn]
    bank_name: Mapped[str | None]
    bank_account: Mapped[str | None]
    clearing_opened_on: Mapped[date | None]
    recovery_from: Mapped[date | None]
    """The day on which what has to be returned was confirmed."""
    recovery_due: Mapped[date | None]
    recovery_done: Mapped[date | None]
    """The day on which all of it was back."""

    stage: Mapped[Stage] = mapped_column(choice(Stage, "stage"))
    year: Mapped[int]
    """The year of the start, by which lists are filtered."""
    title_order: Mapped[str]
    """The title in pinyin: what lists are sorted by (databases sort Chinese by code point)."""
    unit_order: Mapped[str]
    fiscal_fen: Mapped[FenColumn]
    """Public money, of both fiscal sources."""
    search_text: Mapped[str]
    """Number, title, unit and person, in characters, pinyin and initials, lower case."""


class OfProject:
    """Columns of every table whose rows belong to a project and keep their order."""

    id: Mapped[Id]
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"), index=True)


class Party(OfProject, Base):
    """签署方: who has signed the task agreement, in the order given."""

    __tablename__ = "party"
    __table_args__ = (UniqueConstraint("project_id", "signatory"),)

    position: Mapped[int]
    signatory: Mapped[Signatory] = mapped_column(choice(Signatory, "signatory"))


class Partner(OfProject, Base):
    """参与单位."""

    __tablename__ = "partner"
    __table_args__ = (UniqueConstraint("project_id", "name"), CheckConstraint("share_fen >= 0", name="share"))

    position: Mapped[int]
    name: Mapped[str]
    unit_type: Mapped[UnitType | None] = mapped_column(choice(UnitType, "unit_type"))
    place: Mapped[str]
    share_fen: Mapped[FenColumn]
    agreement_from: Mapped[date | None]
    agreement_until: Mapped[date | None]


class Indicator(OfProject, Base):
    """考核指标. ``*_number`` is the quantified value, NULL where there is none."""

    __tablename__ = "indicator"
    __table_args__ = (UniqueConstraint("project_id", "name"),)

    position: Mapped[int]
    name: Mapped[str]
    category: Mapped[IndicatorCategory] = mapped_column(choice(IndicatorCategory, "category"))
    direction: Mapped[Direction] = mapped_column(choice(Direction, "direction"))
    unit: Mapped[str | None]
    guide_value: Mapped[str | None]
    agreed_value: Mapped[str | None]
    achieved_value: Mapped[str | None]
    guide_number: Mapped[Decimal | None]
    agreed_number: Mapped[Decimal | None]


class Tranche(OfProject, Base):
    """A tranche (期次) of one source: what is planned, and where its payment stands."""

    __tablename__ = "tranche"
    __table_args__ = (
        CheckConstraint("number >= 1", name="number"),
        CheckConstraint("planned_fen >= 0", name="planned"),
        Index("ix_tranche_state", "state", "planned_on"),
    )

    position: Mapped[int]
    number: Mapped[Whole]
    source: Mapped[Source] = mapped_column(choice(Source, "source"))
    planned_fen: Mapped[FenColumn]
    planned_on: Mapped[date | None]
    state: Mapped[TrancheState] = mapped_column(choice(TrancheState, "state"))


class Payment(Base):
    """Money that has moved for a tranche. Imported ones may lack a day; booked ones never do."""

    __tablename__ = "payment"
    __table_args__ = (CheckConstraint("amount_fen >= 0", name="amount"),)

    id: Mapped[Id]
    tranche_id: Mapped[int] = mapped_column(ForeignKey("tranche.id", ondelete="CASCADE"), unique=True)
    amount_fen: Mapped[FenColumn]
    paid_on: Mapped[date | None]
    voucher: Mapped[str | None] = mapped_column(index=True)
    booked_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    """NULL where the payment came with a ledger."""
    received_on: Mapped[date | None]
    """The day on which the unit says public money has arrived; NULL while it has not said so."""
    received_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))


class Spending(OfProject, Base):
    """支出. A negative amount is a reversal; a row is never overwritten."""

    __tablename__ = "spending"
    __table_args__ = (
        UniqueConstraint("reversal_of_id"),
        Index("ix_spending_voucher", "project_id", "voucher"),
    )

    position: Mapped[int]
    spent_on: Mapped[date]
    source: Mapped[Source] = mapped_column(choice(Source, "source"))
    use: Mapped[BudgetUse] = mapped_column(choice(BudgetUse, "use"))
    amount_fen: Mapped[FenColumn]
    voucher: Mapped[str | None]
    note: Mapped[str | None]
    reversal_of_id: Mapped[int | None] = mapped_column(ForeignKey("spending.id"))
    """The row that this one takes back, with its amount negative."""
    entered_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    entered_at: Mapped[datetime | None]
    """When it was entered in Keguan; NULL where it came with a ledger."""


class BudgetLine(OfProject, Base):
    """预算."""

    __tablename__ = "budget_line"
    __table_args__ = (
        UniqueConstraint("project_id", "source", "use"),
        CheckConstraint("amount_fen >= 0", name="amount"),
    )

    position: Mapped[int]
    source: Mapped[Source] = mapped_column(choice(Source, "source"))
    use: Mapped[BudgetUse] = mapped_column(choice(BudgetUse, "use"))
    amount_fen: Mapped[FenColumn]


class Milestone(OfProject, Base):
    """里程碑."""

    __tablename__ = "milestone"
    __table_args__ = (UniqueConstraint("project_id", "number"),)

    position: Mapped[int]
    number: Mapped[Whole]
    name: Mapped[str | None]
    planned_on: Mapped[date]
    reported_on: Mapped[date | None]
    reviewed_on: Mapped[date | None]
    review: Mapped[Review | None] = mapped_column(choice(Review, "review"))


class AnnualReport(OfProject, Base):
    """年度报告."""

    __tablename__ = "annual_report"
    __table_args__ = (UniqueConstraint("project_id", "year"),)

    position: Mapped[int]
    year: Mapped[Whole]
    submitted_on: Mapped[date | None]
    with_accounts: Mapped[bool]
    to_government_on: Mapped[date | None]


class Change(OfProject, Base):
    """变更."""

    __tablename__ = "change"
    __table_args__ = (UniqueConstraint("project_id", "number"),)

    position: Mapped[int]
    number: Mapped[Whole]
    kind: Mapped[ChangeKind] = mapped_column(choice(ChangeKind, "kind"))
    self_decided: Mapped[bool]
    applied_on: Mapped[date | None]
    joint_consent_on: Mapped[date | None]
    conference_on: Mapped[date | None]
    approved_on: Mapped[date | None]
    platform_filed_on: Mapped[date | None]
    before: Mapped[str | None]
    after: Mapped[str | None]
    approval_number: Mapped[str | None]


class Acceptance(Base):
    """验收 of a project, its conclusion and what followed."""

    __tablename__ = "acceptance"
    __table_args__ = (
        CheckConstraint("(conclusion IS NULL) = (concluded_on IS NULL)", name="concluded"),
        CheckConstraint("to_return_fen >= 0 AND returned_fen >= 0", name="returns"),
    )

    id: Mapped[Id]
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"), unique=True)
    applied_on: Mapped[date | None]
    technical: Mapped[Review | None] = mapped_column(choice(Review, "technical"))
    financial: Mapped[Review | None] = mapped_column(choice(Review, "financial"))
    joint_unit_took_part: Mapped[bool]
    conference_on: Mapped[date | None]
    government_on: Mapped[date | None]
    conclusion: Mapped[Conclusion | None] = mapped_column(choice(Conclusion, "conclusion"))
    concluded_on: Mapped[date | None]
    own_fault: Mapped[bool]
    filed_on: Mapped[date | None]
    platform_filed_on: Mapped[date | None]
    cleared_on: Mapped[date | None]
    integrity_on: Mapped[date | None]
    to_return_fen: Mapped[FenColumn]
    returned_fen: Mapped[FenColumn]
    goals_met: Mapped[Whole | None]


class ExceptionNote(OfProject, Base):
    """例外说明: the written reason for going on although a usual rule was not held."""

    __tablename__ = "exception_note"
    __table_args__ = (UniqueConstraint("project_id", "rule", "subject"),)

    position: Mapped[int]
    rule: Mapped[str]
    subject: Mapped[str]
    reason: Mapped[str]
    approved_on: Mapped[date]


class Attachment(OfProject, Base):
    """A file that belongs to a project, stored by the hash of its content."""

    __tablename__ = "attachment"
    __table_args__ = (
        CheckConstraint("size >= 0", name="size"),
        Index("ix_attachment_subject", "project_id", "subject_kind", "subject_id"),
    )

    sha256: Mapped[str]
    name: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int]
    uploaded_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    uploaded_at: Mapped[datetime]
    subject_kind: Mapped[str] = mapped_column(server_default="project")
    """What it belongs to, a key of ``lifecycle.attachments.SUBJECTS``."""
    subject_id: Mapped[int] = mapped_column(server_default="0")
    """The id of the row it belongs to; 0 for the project itself."""
    title: Mapped[str] = mapped_column(server_default=text("''"))
    """What it is, where its name does not tell enough: 区科技局签字页扫描件."""
    removed_on: Mapped[date | None]
    """When it was taken away. The row and the file stay: what was once shown can be shown again."""
    removed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
