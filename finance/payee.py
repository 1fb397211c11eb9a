"""收款账户: where a project's public money goes to, put right by a handler with a reason and a proof."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from finance.models import Batch, BatchLine
from finance.states import BatchState
from lifecycle.attachments import StoredFile, attach, names_and_digests
from lifecycle.calendar import SHANGHAI
from lifecycle.command import Work, command
from lifecycle.judging import LEAST_REASON, MOST_TEXT
from lifecycle.models import AgreementState, AgreementVersion, AuditEntry, Project, Tranche
from lifecycle.refusals import InvalidInput, Obstructed
from lifecycle.roles import Permission
from lifecycle.stages import TrancheState
from lifecycle.visibility import find_project

ACTION = "project.set_account"
TOLD_FOR = timedelta(days=30)
"""How long whoever proposes, approves or pays is told that the account was changed."""

MOST_BANK = 100
MOST_ACCOUNT = 50
"""Characters."""


@dataclass(frozen=True, slots=True)
class Correction:
    """That the account of a project was changed."""

    on: date
    by: str

    @property
    def words(self) -> str:
        """How pages say it."""
        return f"收款账户于 {self.on} 由{self.by}更正"


@command(ACTION, Permission.PROPOSE_PAYMENT)
def set_account(
    work: Work,
    number: str,
    bank_name: str,
    bank_account: str,
    reason: str,
    files: Sequence[StoredFile],
    today: date,
) -> None:
    """Put right where a signed project's money goes to. Lines of drafts follow, issued sheets never do.

    ``files`` prove the account. Raises ``NotFound``, ``Obstructed`` while a payment of the project is on an
    issued sheet or an agreement is being signed, and ``InvalidInput`` (``bank_name``, ``bank_account``,
    ``reason``, ``files``).
    """
    project = find_project(work.session, work.actor, number)
    bank_name, bank_account = " ".join(bank_name.split()), "".join(bank_account.split())
    obstacles = account_obstacles(work.session, project)
    if obstacles:
        raise Obstructed(obstacles)
    old = (project.bank_name or "", project.bank_account or "")
    _demand_sound(old, (bank_name, bank_account), reason.strip(), files)
    project.bank_name, project.bank_account = bank_name, bank_account
    _follow(work.session, project)
    attach(work, project.id, "payee", project.id, files, f"{today} 更正收款账户")
    work.record(
        f"更正收款账户：{_words(*old)}，改为{_words(bank_name, bank_account)}；原因：{reason.strip()}",
        project_id=project.id,
        details={
            "changes": [
                {"field": "开户行", "old": old[0], "new": bank_name},
                {"field": "银行账号", "old": old[1], "new": bank_account},
            ],
            "reason": reason.strip(),
            "files": names_and_digests(files),
        },
    )
    work.touch(project.id)


def account_obstacles(session: Session, project: Project) -> list[str]:
    """Return why the account cannot be changed now."""
    found = []
    if project.signed_on is None:
        found.append("任务书尚未签订，收款账户请在任务书中填写。")
    version = AgreementVersion
    signing = select(version.id).where(
        version.project_id == project.id, version.state == AgreementState.AWAITING
    )
    if project.signed_on is not None and session.scalar(signing.limit(1)) is not None:
        found.append("任务书正在签署，请在签署完成后再更正收款账户。")
    query = (
        select(Batch)
        .join(BatchLine, BatchLine.batch_id == Batch.id)
        .join(Tranche, Tranche.id == BatchLine.tranche_id)
        .where(Tranche.project_id == project.id, Tranche.state == TrancheState.ISSUED)
        .where(BatchLine.result.is_(None))
    )
    found += [
        f"项目有款项在已出表的批次 {batch.number} 中，请待财务登记结果或作废该批次后再更正收款账户。"
        for batch in session.scalars(query.order_by(Batch.id).distinct())
    ]
    return found


def recent_corrections(session: Session, project_ids: Iterable[int], today: date) -> dict[int, Correction]:
    """Return the latest change of account of those projects within the last 30 days, by project."""
    ids = set(project_ids)
    since = datetime.combine(today - TOLD_FOR, datetime.min.time(), SHANGHAI)
    query = (
        select(AuditEntry.project_id, AuditEntry.at, AuditEntry.actor_name)
        .where(AuditEntry.project_id.in_(ids), AuditEntry.action == ACTION, AuditEntry.at >= since)
        .order_by(AuditEntry.serial)
    )
    return {
        project_id: Correction(at.astimezone(SHANGHAI).date(), name)
        for project_id, at, name in session.execute(query)
        if project_id is not None
    }


def _follow(session: Session, project: Project) -> None:
    """Bring the lines of drafts up to the account, so that who checks them sees what will be printed."""
    drafts = select(Batch.id).where(Batch.agency_id == project.agency_id, Batch.state == BatchState.DRAFT)
    session.execute(
        update(BatchLine)
        .where(BatchLine.project_id == project.id, BatchLine.batch_id.in_(drafts))
        .values(bank_name=project.bank_name, bank_account=project.bank_account)
    )


def _demand_sound(
    old: tuple[str, str], new: tuple[str, str], reason: str, files: Sequence[StoredFile]
) -> None:
    name, account = new
    errors: Mapping[str, str | None] = {
        "bank_name": _wrong("开户行", name, MOST_BANK),
        "bank_account": _wrong("银行账号", account, MOST_ACCOUNT)
        or (None if _is_number(account) else "银行账号只能包含数字、字母和短横线，请核对。"),
        "reason": None
        if LEAST_REASON <= len(reason) <= MOST_TEXT
        else f"请写明更正原因，{LEAST_REASON} 至 {MOST_TEXT} 字。",
        "files": None if files else "请附账户证明的扫描件，如开户许可证或单位盖章的账户说明。",
    }
    wrong = {field: words for field, words in errors.items() if words}
    if not wrong and old == new:
        wrong = {"bank_account": "与现在登记的账户相同，不需要更正。"}
    if wrong:
        raise InvalidInput(wrong)


def _wrong(what: str, text: str, most: int) -> str | None:
    return None if 0 < len(text) <= most else f"请填写{what}，不超过 {most} 个字。"


def _is_number(account: str) -> bool:
    return account.isascii() and all(char.isalnum() or char == "-" for char in account)


def _words(bank_name: str, account: str) -> str:
    return f"{bank_name or '未登记开户行'} {account or '未登记账号'}"
