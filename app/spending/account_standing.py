"""Where a stage account stands: its figures then and now, and who may do what with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from app.extensions import db
from app.permissions import current_actor
from finance.entries import entries_of
from finance.models import StageAccount
from finance.spent import ENTERERS
from finance.stage_account import OPEN, find_account
from finance.stage_figures import Changed, Figures, changed, figures_of, later, read
from finance.statement import Entry
from finance.states import StageAccountState
from lifecycle.attachments import ShownFile, attachments_of
from lifecycle.models import Project, User
from lifecycle.roles import Permission, Role
from lifecycle.unit_books import keeper_of
from lifecycle.visibility import acting_as
from lifecycle.whole import record_of

MOST_LATER = 50
"""Rows entered later that a page spells out."""


@dataclass(frozen=True, slots=True)
class Standing:
    """An account as its page shows it."""

    account: StageAccount
    project: Project
    figures: Figures
    """As they were kept; while it is open, as the books have them now."""
    changed: Sequence[Changed]
    """What the books say otherwise by now."""
    later: Sequence[Entry]
    files: Sequence[ShownFile]
    names: dict[int, str]
    """User → name, of everybody who had a part in it."""
    confirmer: Role
    may_confirm: bool
    may_redraw: bool
    may_accept: bool

    @property
    def apart(self) -> int:
        """By how much the bank has more than the books, in fen."""
        balance = self.account.bank_balance_fen
        return 0 if balance is None else balance - self.figures.total.left


def standing_of(account_id: int) -> Standing:
    """Return where an account stands for whoever looks. Raises ``NotFound``."""
    session, actor = db.session(), current_actor()
    account, project = find_account(session, actor, account_id)
    entries = entries_of(session, project.id)
    now = figures_of(record_of(session, project.id), entries, account.as_of)
    is_open = account.state in OPEN
    then = now if is_open else read(account.figures)
    role, state = keeper_of(session, project), account.state
    people = {account.drawn_by_id, account.confirmed_by_id, account.accepted_by_id} - {None}
    confirms = state is StageAccountState.DRAWN and actor.may(Permission.CONFIRM_ACCOUNT)
    redraws = state is StageAccountState.RETURNED and actor.may(Permission.ENTER_SPENDING)
    return Standing(
        account,
        project,
        then,
        changed(then, now),
        [] if is_open else later(then, entries, account.as_of)[:MOST_LATER],
        attachments_of(session, project.id, "stage_account", account.id),
        {row[0]: row[1] for row in session.execute(select(User.id, User.name).where(User.id.in_(people)))},
        role,
        may_confirm=confirms and acting_as(session, actor, project.id, role),
        may_redraw=redraws and acting_as(session, actor, project.id, *ENTERERS),
        may_accept=state is StageAccountState.CONFIRMED and actor.may(Permission.ACCEPT_ACCOUNT),
    )
