"""The tables of the record, of people, and of what is kept. Batches are the finance floor's."""

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
from lifecycle.models.standing import KeptDuty, KeptFinding
from lifecycle.models.upload import LedgerUpload, UploadState, UploadStep

__all__ = [
    "Acceptance",
    "Agency",
    "AnnualReport",
    "Attachment",
    "AuditChain",
    "AuditEntry",
    "Base",
    "BudgetLine",
    "Change",
    "ExceptionNote",
    "InboxMessage",
    "Indicator",
    "Instant",
    "JobRun",
    "KeptDuty",
    "KeptFinding",
    "LedgerUpload",
    "Membership",
    "Milestone",
    "OutboxMessage",
    "Partner",
    "Party",
    "Payment",
    "Project",
    "Reminder",
    "SignInTries",
    "Spending",
    "Tranche",
    "UploadState",
    "UploadStep",
    "User",
    "choice",
]
