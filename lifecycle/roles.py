"""Who people are: roles, what each role may do, and the actor every command is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """A role within one agency. A person may hold several, in several agencies."""

    HANDLER = "handler"
    APPROVER = "approver"
    FINANCE = "finance"
    PI = "pi"
    UNIT_MANAGER = "unit_manager"
    UNIT_FINANCE = "unit_finance"
    JOINT_UNIT = "joint_unit"
    EXPERT = "expert"
    AUDITOR = "auditor"
    ADMIN = "admin"


ROLE_NAMES: Mapping[Role, str] = {
    Role.HANDLER: "经办",
    Role.APPROVER: "审批",
    Role.FINANCE: "财务",
    Role.PI: "项目负责人",
    Role.UNIT_MANAGER: "承担单位",
    Role.UNIT_FINANCE: "单位财务",
    Role.JOINT_UNIT: "联合实施单位",
    Role.EXPERT: "专家",
    Role.AUDITOR: "审计",
    Role.ADMIN: "管理员",
}

BUREAU_ROLES = frozenset({Role.HANDLER, Role.APPROVER, Role.FINANCE, Role.AUDITOR})
"""Roles that see every project of the agency; the others see only what they take part in."""

UNIT_ROLES = frozenset({Role.UNIT_MANAGER, Role.UNIT_FINANCE, Role.JOINT_UNIT})
"""Roles that mean nothing without the unit they are held for."""


class Permission(StrEnum):
    """What a route or a command asks of whoever comes."""

    SEE_OWN_DESK = "see_own_desk"
    SEE_PROJECTS = "see_projects"
    SEE_RULEBOOK = "see_rulebook"
    SEE_MONEY = "see_money"
    SEE_LEDGER = "see_ledger"
    IMPORT_LEDGER = "import_ledger"
    PROPOSE_PAYMENT = "propose_payment"
    APPROVE_PAYMENT = "approve_payment"
    MAKE_BATCH = "make_batch"
    BOOK_PAYMENT = "book_payment"
    MANAGE_PEOPLE = "manage_people"
    MANAGE_SETTINGS = "manage_settings"
    SEND_REMINDERS = "send_reminders"
    SIGN_FOR_NOTICE = "sign_for_notice"
    SEE_PAPERS = "see_papers"
    ADD_PAPERS = "add_papers"
    SEE_AUDIT = "see_audit"
    REGISTER_PROJECT = "register_project"
    DRAFT_AGREEMENT = "draft_agreement"
    FINALISE_AGREEMENT = "finalise_agreement"
    RECORD_SIGNATURE = "record_signature"
    SEE_REPORTS = "see_reports"
    FILE_REPORT = "file_report"
    CONFIRM_REPORT = "confirm_report"
    DECIDE_REPORT = "decide_report"
    SEE_CHANGES = "see_changes"
    APPLY_CHANGE = "apply_change"
    CONFIRM_CHANGE = "confirm_change"
    CONSENT_CHANGE = "consent_change"
    HANDLE_CHANGE = "handle_change"
    APPROVE_CHANGE = "approve_change"
    SEE_OVERSIGHT = "see_oversight"
    INSPECT = "inspect"
    APPROVE_MEASURE = "approve_measure"
    RECTIFY = "rectify"
    RECORD_INTEGRITY = "record_integrity"
    APPROVE_INTEGRITY = "approve_integrity"
    APPLY_ACCEPTANCE = "apply_acceptance"
    CONFIRM_ACCEPTANCE = "confirm_acceptance"
    HANDLE_ACCEPTANCE = "handle_acceptance"
    CONCLUDE_ACCEPTANCE = "conclude_acceptance"
    ACCEPT_ONESELF = "accept_oneself"
    CLEAR_ACCOUNTS = "clear_accounts"
    JOIN_REVIEW = "join_review"
    FORM_PANEL = "form_panel"
    SEE_REVIEWS = "see_reviews"
    GIVE_OPINION = "give_opinion"
    ENTER_SPENDING = "enter_spending"
    RECORD_RECEIPT = "record_receipt"
    UNDO_RECEIPT = "undo_receipt"
    SET_UP_SHEETS = "set_up_sheets"
    CONFIRM_ACCOUNT = "confirm_account"
    ACCEPT_ACCOUNT = "accept_account"
    SEE_CLOCK = "see_clock"
    RECONCILE = "reconcile"


_ANYONE = frozenset({Permission.SEE_OWN_DESK, Permission.SEE_RULEBOOK})
_READER = _ANYONE | {
    Permission.SEE_PROJECTS,
    Permission.SEE_PAPERS,
    Permission.SEE_REPORTS,
    Permission.SEE_CHANGES,
    Permission.SEE_OVERSIGHT,
}
_BUREAU = _READER | {Permission.SEE_MONEY, Permission.SEE_LEDGER, Permission.SEE_CLOCK}
_HANDLES = {
    Permission.ADD_PAPERS,
    Permission.SEE_AUDIT,
    Permission.IMPORT_LEDGER,
    Permission.PROPOSE_PAYMENT,
    Permission.SEND_REMINDERS,
    Permission.REGISTER_PROJECT,
    Permission.DRAFT_AGREEMENT,
    Permission.FINALISE_AGREEMENT,
    Permission.RECORD_SIGNATURE,
    Permission.DECIDE_REPORT,
    Permission.HANDLE_CHANGE,
    Permission.INSPECT,
    Permission.RECORD_INTEGRITY,
    Permission.HANDLE_ACCEPTANCE,
    Permission.FORM_PANEL,
    Permission.RECORD_RECEIPT,
    Permission.UNDO_RECEIPT,
}
_APPROVES = {
    Permission.SEE_AUDIT,
    Permission.APPROVE_PAYMENT,
    Permission.APPROVE_CHANGE,
    Permission.APPROVE_MEASURE,
    Permission.APPROVE_INTEGRITY,
    Permission.CONCLUDE_ACCEPTANCE,
}
_PAYS = {
    Permission.MAKE_BATCH,
    Permission.BOOK_PAYMENT,
    Permission.CLEAR_ACCOUNTS,
    Permission.ENTER_SPENDING,
    Permission.SET_UP_SHEETS,
    Permission.ACCEPT_ACCOUNT,
    Permission.RECONCILE,
}
_LEADS = {
    Permission.ADD_PAPERS,
    Permission.DRAFT_AGREEMENT,
    Permission.FILE_REPORT,
    Permission.APPLY_CHANGE,
    Permission.RECTIFY,
    Permission.SIGN_FOR_NOTICE,
    Permission.APPLY_ACCEPTANCE,
    Permission.ENTER_SPENDING,
}
_ANSWERS_FOR_THE_UNIT = _LEADS | {
    Permission.RECORD_SIGNATURE,
    Permission.CONFIRM_REPORT,
    Permission.CONFIRM_CHANGE,
    Permission.CONFIRM_ACCEPTANCE,
    Permission.ACCEPT_ONESELF,
    Permission.RECORD_RECEIPT,
    Permission.CONFIRM_ACCOUNT,
}
_KEEPS_THE_UNITS_BOOKS = {
    Permission.ADD_PAPERS,
    Permission.ENTER_SPENDING,
    Permission.RECORD_RECEIPT,
    Permission.CONFIRM_ACCOUNT,
}
_CO_RUNS = {
    Permission.ADD_PAPERS,
    Permission.RECORD_SIGNATURE,
    Permission.CONSENT_CHANGE,
    Permission.JOIN_REVIEW,
    Permission.SIGN_FOR_NOTICE,
    Permission.RECORD_RECEIPT,
}

GRANTS: Mapping[Role, frozenset[Permission]] = {
    Role.HANDLER: _BUREAU | _HANDLES,
    Role.APPROVER: _BUREAU | _APPROVES,
    Role.FINANCE: _BUREAU | _PAYS,
    Role.AUDITOR: _BUREAU | {Permission.SEE_AUDIT},
    Role.PI: _READER | _LEADS,
    Role.UNIT_MANAGER: _READER | _ANSWERS_FOR_THE_UNIT,
    Role.UNIT_FINANCE: _READER | _KEEPS_THE_UNITS_BOOKS,
    Role.JOINT_UNIT: _READER | _CO_RUNS,
    Role.EXPERT: _ANYONE | {Permission.SEE_PAPERS, Permission.SEE_REVIEWS, Permission.GIVE_OPINION},
    Role.ADMIN: _ANYONE | {Permission.MANAGE_PEOPLE, Permission.MANAGE_SETTINGS, Permission.SEE_CLOCK},
}
"""The whole of who may do what. A person holding several roles may do what any of them may."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever does something, in the agency in which it is done.

    ``user_id`` is ``None`` for the system itself (the clock, the console), which may do everything; ``email``
    and ``units`` are what a pi and people of units are matched to projects by.
    """

    agency_id: int
    user_id: int | None
    name: str
    roles: frozenset[Role] = frozenset()
    email: str | None = None
    units: frozenset[tuple[Role, str]] = frozenset()

    @classmethod
    def system(cls, agency_id: int, name: str = "系统") -> Actor:
        """Return the actor for what the machine does by itself."""
        return cls(agency_id, None, name)

    @property
    def is_system(self) -> bool:
        """Whether nobody signed in stands behind this actor."""
        return self.user_id is None

    @property
    def permissions(self) -> frozenset[Permission]:
        """Everything this actor may do."""
        if self.is_system:
            return frozenset(Permission)
        return frozenset().union(*(GRANTS[role] for role in self.roles))

    def may(self, permission: Permission) -> bool:
        """Whether this actor may do what ``permission`` names."""
        return self.is_system or any(permission in GRANTS[role] for role in self.roles)

    @property
    def sees_all_projects(self) -> bool:
        """Whether every project of the agency is open to this actor's eyes."""
        return self.is_system or not self.roles.isdisjoint(BUREAU_ROLES)
