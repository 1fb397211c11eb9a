"""专账: what the unit states of the account in which a project's money is kept (SPB 29, EA 15)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from finance.basis import account_basis
from finance.holding import keep_holds
from finance.models import SeparateAccount
from lifecycle.attachments import StoredFile, attach, names_and_digests
from lifecycle.command import Work, command
from lifecycle.records import load_record
from lifecycle.refusals import InvalidInput, Obstructed
from lifecycle.roles import Permission, Role
from lifecycle.visibility import demand_acting_as, find_project

MOST_ACCOUNT = 200
"""Characters of what tells an account apart."""

STATERS = (Role.UNIT_MANAGER, Role.UNIT_FINANCE, Role.HANDLER)
"""Who may state it: the unit, or a handler on its behalf."""


@command("account.state", Permission.RECORD_RECEIPT)
def state_account(
    work: Work, number: str, kept: bool, account: str, today: date, files: Sequence[StoredFile] = ()
) -> None:
    """State whether a project's money has an account of its own, and which; the latest statement holds.

    Raises ``NotFound``, ``NotTheirs``, ``InvalidInput``, and ``Obstructed`` after the conclusion.
    """
    project = find_project(work.session, work.actor, number)
    demand_acting_as(work.session, work.actor, project.id, *STATERS)
    record = load_record(work.session, project.id)
    if record.concluded_on is not None:
        raise Obstructed([f"项目已于 {record.concluded_on} 作出结论，专账情况不再变动"])
    account = account.strip()
    if len(account) > MOST_ACCOUNT or (kept and not account):
        raise InvalidInput({"account": f"请填写专账的名称和账号（或核算方式），不超过 {MOST_ACCOUNT} 字。"})
    statement = statement_of(work.session, project.id)
    old = project.separate_account
    if statement is None:
        statement = SeparateAccount(project_id=project.id)
        work.session.add(statement)
    statement.kept, statement.account = kept, account
    statement.stated_by_id, statement.stated_on = work.actor.user_id, today
    project.separate_account = kept
    attach(work, project.id, "account", project.id, files, "专账管理情况")
    work.record(
        f"说明专账管理情况：{'已设立专账' if kept else '未设立专账'}{f'（{account}）' if account else ''}",
        project_id=project.id,
        citation=account_basis(record),
        details={
            "changes": [{"field": "专账管理", "old": _word(old), "new": _word(kept)}],
            "files": names_and_digests(files),
        },
    )
    work.touch(project.id)
    keep_holds(work, [project.id], today)


def statement_of(session: Session, project_id: int) -> SeparateAccount | None:
    """Return what was last stated of a project's account."""
    return session.scalar(select(SeparateAccount).where(SeparateAccount.project_id == project_id))


def _word(kept: bool | None) -> str:
    return {True: "是", False: "否", None: "未说明"}[kept]
