"""阶段账目: drawn up by the unit, confirmed by its finance person, accepted by the bureau (SPB 26).

Where the unit has an account of the role 单位财务, only she confirms; where it has none, the unit's manager.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from finance.basis import account_basis
from finance.entries import entries_of
from finance.models import StageAccount
from finance.spent import ENTERERS, FIRST_DAY
from finance.stage_figures import Figures, figures_of, kept, read
from finance.states import StageAccountState
from lifecycle.attachments import StoredFile, attach, names_and_digests
from lifecycle.command import Work, command
from lifecycle.models import Project, Report, ReportKind, TurnKind
from lifecycle.money import LIMIT, Fen, yuan
from lifecycle.record import ProjectRecord
from lifecycle.records import load_record
from lifecycle.refusals import InvalidInput, NotFound, Obstructed
from lifecycle.report_content import account_from
from lifecycle.roles import Actor, Permission, Role
from lifecycle.stages import advance
from lifecycle.turns import Waits, hand_on
from lifecycle.unit_books import keeper_of
from lifecycle.visibility import demand_acting_as, find_project, visible

MOST_NOTE = 500
"""Characters of a reason."""

_State = StageAccountState
ACCOUNT_TRANSITIONS: Mapping[StageAccountState, frozenset[StageAccountState]] = {
    _State.DRAWN: frozenset({_State.DRAWN, _State.CONFIRMED, _State.RETURNED}),
    _State.CONFIRMED: frozenset({_State.ACCEPTED, _State.RETURNED}),
    _State.RETURNED: frozenset({_State.DRAWN}),
    _State.ACCEPTED: frozenset(),
}
OPEN = frozenset({_State.DRAWN, _State.RETURNED})
"""States in which its figures still follow the books."""


@dataclass(frozen=True, slots=True)
class Bank:
    """What the bank says of the separate account on the day, and why that is not what the books say."""

    balance: Fen | None = None
    note: str = ""


@command("account.draw", Permission.ENTER_SPENDING)
def draw_account(
    work: Work, number: str, as_of: date, bank: Bank, today: date, files: Sequence[StoredFile] = ()
) -> int:
    """Draw up a project's account as of a day, or again one that is not confirmed yet; return its id.

    Raises ``NotFound``, ``NotTheirs``, ``InvalidInput`` at ``as_of``, ``balance`` and ``note``, and
    ``Obstructed`` before signing and where the account of that day has been confirmed.
    """
    project = find_project(work.session, work.actor, number)
    demand_acting_as(work.session, work.actor, project.id, *ENTERERS)
    record = load_record(work.session, project.id)
    _demand_day(record, as_of, today)
    account = _of_day(work.session, project.id, as_of)
    if account is not None and account.state not in OPEN:
        raise Obstructed([f"{as_of} 的阶段账目{account.state}，不能重新编制：有误的，请区科技局财务退回"])
    figures = figures_now(work.session, project.id, record, as_of)
    _demand_bank(bank, figures)
    account = _draw(work, account or StageAccount(project_id=project.id), as_of, figures, today)
    _keep_bank(work, account, bank, files)
    _hand_to_confirm(work, project, account, today)
    _record(work, account, record, f"编制{words_of(account)}，账面结余 {yuan(figures.total.left)} 元", files)
    return account.id


def _demand_day(record: ProjectRecord, as_of: date, today: date) -> None:
    if record.signed_on is None:
        raise Obstructed(["任务书尚未签订：请在各方签署、任务书生效后再编制阶段账目"])
    if not FIRST_DAY <= as_of <= today:
        raise InvalidInput({"as_of": f"截止日期应在 {FIRST_DAY.year} 年以后、不晚于今天。"})


def _of_day(session: Session, project_id: int, as_of: date) -> StageAccount | None:
    query = select(StageAccount).where(StageAccount.project_id == project_id, StageAccount.as_of == as_of)
    return session.scalar(query)


def _draw(work: Work, account: StageAccount, as_of: date, figures: Figures, today: date) -> StageAccount:
    account.state = advance(ACCOUNT_TRANSITIONS, account.state, _State.DRAWN) if account.id else _State.DRAWN
    account.as_of, account.figures = as_of, kept(figures)
    account.drawn_by_id, account.drawn_on = work.actor.user_id, today
    work.session.add(account)
    work.session.flush()
    return account


def _demand_bank(bank: Bank, figures: Figures) -> None:
    errors: dict[str, str] = {}
    if bank.balance is not None and not 0 <= bank.balance < LIMIT:
        errors["balance"] = "专户余额不能为负数，应小于 100 亿万元。"
    apart = 0 if bank.balance is None else bank.balance - figures.total.left
    if len(bank.note.strip()) > MOST_NOTE:
        errors["note"] = f"差异说明不超过 {MOST_NOTE} 字。"
    elif apart and not bank.note.strip():
        left = yuan(figures.total.left)
        errors["note"] = f"专户余额与账面结余 {left} 元相差 {yuan(apart)} 元，请说明原因，如未达账项、利息。"
    if errors:
        raise InvalidInput(errors)


def _keep_bank(work: Work, account: StageAccount, bank: Bank, files: Sequence[StoredFile]) -> None:
    account.bank_balance_fen, account.difference_note = bank.balance, bank.note.strip() or None
    attach(work, account.project_id, "stage_account", account.id, files, f"{account.as_of} 专户对账单")


def draw_for_report(work: Work, report: Report, record: ProjectRecord, today: date) -> None:
    """Draw up the account that goes with an annual report which the unit hands in, within the same act.

    It is as of the last day of the report's own account. Nothing is refused: an account that is confirmed
    already stays as it is, and the report goes its way.
    """
    enclosed = account_from(report.account) if report.kind is ReportKind.ANNUAL else None
    if enclosed is None:
        return
    session, project_id = work.session, report.project_id
    account = session.scalar(select(StageAccount).where(StageAccount.report_id == report.id))
    account = account or _of_day(session, project_id, enclosed.until)
    if account is not None and account.state not in OPEN:
        return
    figures = figures_now(session, project_id, record, enclosed.until)
    account = _draw(work, account or StageAccount(project_id=project_id), enclosed.until, figures, today)
    account.report_id = report.id
    _hand_to_confirm(work, session.get_one(Project, project_id), account, today)
    work.entry.summary += f"；{words_of(account)}待单位财务确认"


def _hand_to_confirm(work: Work, project: Project, account: StageAccount, today: date) -> None:
    waits = Waits(keeper_of(work.session, project), f"确认{words_of(account)}")
    hand_on(work, project.id, TurnKind.ACCOUNT, account.id, [waits], today)


@command("account.confirm", Permission.CONFIRM_ACCOUNT)
def confirm_account(
    work: Work, account_id: int, bank: Bank, seen: str, today: date, files: Sequence[StoredFile] = ()
) -> None:
    """Confirm an account in the unit's name; its figures are those of now, which must be the ones ``seen``.

    Raises ``NotFound``, ``NotTheirs``, ``IllegalTransition``, ``InvalidInput`` at ``balance`` and ``note``,
    and ``Obstructed`` where the books have changed since they were looked at (``Figures.digest``).
    """
    account, project, record = _of_the_unit(work, account_id)
    account.state = advance(ACCOUNT_TRANSITIONS, account.state, _State.CONFIRMED)
    figures = figures_now(work.session, project.id, record, account.as_of)
    if figures.digest != seen:
        raise Obstructed(["打开页面之后，账面数字有了变化：请核对下面的最新数字，再确认一次"])
    _demand_bank(bank, figures)
    account.figures, account.note = kept(figures), None
    account.confirmed_by_id, account.confirmed_on = work.actor.user_id, today
    _keep_bank(work, account, bank, files)
    waits = Waits(Role.FINANCE, f"接收{words_of(account)}")
    hand_on(work, project.id, TurnKind.ACCOUNT, account.id, [waits], today)
    _record(
        work,
        account,
        record,
        f"单位财务确认{words_of(account)}，账面结余 {yuan(figures.total.left)} 元",
        files,
    )


def _of_the_unit(work: Work, account_id: int) -> tuple[StageAccount, Project, ProjectRecord]:
    account, project = find_account(work.session, work.actor, account_id)
    demand_acting_as(work.session, work.actor, project.id, keeper_of(work.session, project))
    return account, project, load_record(work.session, project.id)


@command("account.send_back", Permission.CONFIRM_ACCOUNT)
def send_back(work: Work, account_id: int, note: str, today: date) -> None:
    """Give an account back to whoever drew it up, saying why. Raises as ``confirm_account`` does."""
    account, _project, record = _of_the_unit(work, account_id)
    if account.state is _State.CONFIRMED:
        raise Obstructed(["阶段账目已报区科技局，请联系区科技局财务退回"])
    # A person, not a role: she who drew it up knows what it rests on.
    _return(work, account, record, note, "单位财务退回", Role.PI, account.drawn_by_id, today)


@command("account.accept", Permission.ACCEPT_ACCOUNT)
def accept_account(work: Work, account_id: int, today: date) -> None:
    """Accept an account as it was confirmed. Raises ``NotFound``, ``IllegalTransition``."""
    account, project = find_account(work.session, work.actor, account_id)
    account.state = advance(ACCOUNT_TRANSITIONS, account.state, _State.ACCEPTED)
    account.accepted_by_id, account.accepted_on = work.actor.user_id, today
    hand_on(work, project.id, TurnKind.ACCOUNT, account.id, [], today)
    _record(work, account, load_record(work.session, project.id), f"接收{words_of(account)}")


@command("account.return", Permission.ACCEPT_ACCOUNT)
def return_account(work: Work, account_id: int, note: str, today: date) -> None:
    """Return an account to the unit, saying why.

    Raises ``NotFound``, ``IllegalTransition``, ``InvalidInput``, and ``Obstructed`` before it is confirmed.
    """
    account, project = find_account(work.session, work.actor, account_id)
    if account.state is _State.DRAWN:
        raise Obstructed(["阶段账目还没有经单位财务确认，由承担单位处理"])
    role = keeper_of(work.session, project)
    record = load_record(work.session, project.id)
    _return(work, account, record, note, "退回", role, None, today)


def _return(
    work: Work,
    account: StageAccount,
    record: ProjectRecord,
    note: str,
    act: str,
    role: Role,
    user_id: int | None,
    today: date,
) -> None:
    account.state = advance(ACCOUNT_TRANSITIONS, account.state, _State.RETURNED)
    note = note.strip()
    if not 1 <= len(note) <= MOST_NOTE:
        raise InvalidInput({"note": f"请写明退回原因，不超过 {MOST_NOTE} 字。"})
    account.note = note
    account.confirmed_by_id = account.confirmed_on = None
    waits = Waits(role, f"重新编制被退回的{words_of(account)}", user_id)
    hand_on(work, account.project_id, TurnKind.ACCOUNT, account.id, [waits], today)
    _record(work, account, record, f"{act}{words_of(account)}：{note}")


def _record(
    work: Work,
    account: StageAccount,
    record: ProjectRecord,
    summary: str,
    files: Sequence[StoredFile] = (),
) -> None:
    total = read(account.figures).total
    work.record(
        summary,
        project_id=account.project_id,
        citation=account_basis(record),
        details={
            "account": account.id,
            "as_of": account.as_of,
            "received_fen": total.received,
            "spent_fen": total.spent,
            "left_fen": total.left,
            "bank_balance_fen": account.bank_balance_fen,
            "note": account.difference_note or "",
            "files": names_and_digests(files),
        },
    )


def words_of(account: StageAccount) -> str:
    """Return how an account is named."""
    return f"截至 {account.as_of} 的阶段账目"


def figures_now(session: Session, project_id: int, record: ProjectRecord, as_of: date) -> Figures:
    """Return the figures of a day as the books have them now."""
    return figures_of(record, entries_of(session, project_id), as_of)


def find_account(session: Session, actor: Actor, account_id: int) -> tuple[StageAccount, Project]:
    """Return an account and its project. Raises ``NotFound`` where the actor may see neither."""
    query = select(StageAccount, Project).join(Project, Project.id == StageAccount.project_id)
    row = session.execute(query.where(StageAccount.id == account_id, visible(actor))).one_or_none()
    if row is None:
        raise NotFound("这份阶段账目")
    return row[0], row[1]
