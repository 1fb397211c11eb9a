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
from lifecycle.models.clock import Channel, InboxMessage, JobRun, OutboxMessage, Reminder, Telling
from lifecycle.models.longwork import LongWork, WorkState
from lifecycle.models.notice import NoticeKind, PaperNotice
from lifecycle.models.payable import Proposal, TrancheHold
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
from lifecycle.models.settings import (
    AgencySetting,
    BouncedAddress,
    CalendarDay,
    CalendarFeed,
    PersonChoice,
    Robot,
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

__all__ = [
    "Acceptance",
    "AcceptanceCase",
    "AcceptanceState",
    "Agency",
    "AgencySetting",
    "AgreementState",
    "AgreementVersion",
    "AnnualReport",
    "Attachment",
    "AuditChain",
    "AuditEntry",
    "Base",
    "BouncedAddress",
    "BudgetLine",
    "CalendarDay",
    "CalendarFeed",
    "Change",
    "ChangeRequest",
    "ChangeState",
    "Channel",
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
    "LongWork",
    "Measure",
    "MeasureState",
    "MemberField",
    "MemberState",
    "Membership",
    "Milestone",
    "NoticeKind",
    "OutboxMessage",
    "Outcome",
    "Panel",
    "PanelMember",
    "PanelState",
    "PanelSubject",
    "PaperNotice",
    "Partner",
    "Party",
    "Payment",
    "PersonChoice",
    "Project",
    "Proposal",
    "Reminder",
    "Report",
    "ReportKind",
    "ReportState",
    "Robot",
    "SignInTries",
    "Signature",
    "Spending",
    "Telling",
    "Tranche",
    "TrancheHold",
    "Turn",
    "TurnKind",
    "User",
    "WorkState",
    "choice",
]
