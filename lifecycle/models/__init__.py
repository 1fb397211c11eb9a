"""The tables of the record, of people, of what happens to a project, and of what is kept.

Batches are the finance floor's.
"""

from lifecycle.models.acceptance import AcceptanceCase, AcceptanceState, Clearing, ClearingKind
from lifecycle.models.agreement import (
    AgreementState,
    AgreementVersion,
    ChangeRequest,
    ChangeState,
    Signature,
)
from lifecycle.models.audit import AuditChain, AuditEntry
from lifecycle.models.base import Base, Instant, choice
from lifecycle.models.clock import InboxMessage, JobRun, OutboxMessage, Reminder
from lifecycle.models.people import Agency, Membership, SignInTries, User
from lifecycle.models.project import (
    Acceptance,
    AnnualReport,
    Attachment,
    BudgetLine,
    Change,
    ExceptionNote,
    Indicator,
    Milestone,
    Partner,
    Party,
    Payment,
    Project,
    Spending,
    Tranche,
)
from lifecycle.models.report import (
    MemberField,
    MemberState,
    Panel,
    PanelMember,
    PanelState,
    PanelSubject,
    Report,
    ReportKind,
    ReportState,
)
from lifecycle.models.standing import KeptDuty, KeptFinding
from lifecycle.models.supervision import (
    Inspection,
    InspectionKind,
    InspectionState,
    IntegrityAct,
    IntegrityEntry,
    IntegrityState,
    Measure,
    MeasureState,
    Outcome,
)
from lifecycle.models.turn import Turn, TurnKind
from lifecycle.models.upload import LedgerUpload, UploadState, UploadStep

__all__ = [
    "Acceptance",
    "AcceptanceCase",
    "AcceptanceState",
    "Agency",
    "AgreementState",
    "AgreementVersion",
    "AnnualReport",
    "Attachment",
    "AuditChain",
    "AuditEntry",
    "Base",
    "BudgetLine",
    "Change",
    "ChangeRequest",
    "ChangeState",
    "Clearing",
    "ClearingKind",
    "ExceptionNote",
    "InboxMessage",
    "Indicator",
    "Inspection",
    "InspectionKind",
    "InspectionState",
    "Instant",
    "IntegrityAct",
    "IntegrityEntry",
    "IntegrityState",
    "JobRun",
    "KeptDuty",
    "KeptFinding",
    "LedgerUpload",
    "Measure",
    "MeasureState",
    "MemberField",
    "MemberState",
    "Membership",
    "Milestone",
    "OutboxMessage",
    "Outcome",
    "Panel",
    "PanelMember",
    "PanelState",
    "PanelSubject",
    "Partner",
    "Party",
    "Payment",
    "Project",
    "Reminder",
    "Report",
    "ReportKind",
    "ReportState",
    "SignInTries",
    "Signature",
    "Spending",
    "Tranche",
    "Turn",
    "TurnKind",
    "UploadState",
    "UploadStep",
    "User",
    "choice",
]
