"""Registering a project once it has been awarded (立项登记): what is known before its agreement."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from lifecycle.addresses import project_path
from lifecycle.agreement_terms import EARLIEST, LATEST
from lifecycle.at_once import tell
from lifecycle.command import Work, command
from lifecycle.models import Project
from lifecycle.money import LIMIT, Fen, yuan
from lifecycle.place_names import home_place
from lifecycle.recipients import AddressBook, parties_of
from lifecycle.record import Nature, ProjectRecord, Subcategory, UnitType
from lifecycle.refusals import InvalidInput
from lifecycle.roles import Permission, Role
from lifecycle.rulebook import rulebook
from lifecycle.storing import add_projects

MOST_YEARS = 10
"""Years beyond which a period is a slip of the pen."""

MOST_NUMBER = 100
MOST_NAME = 200


@dataclass(frozen=True, slots=True)
class Award:
    """What an award says of a project. Amounts are fen."""

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
    requested: Fen | None
    provincial: Fen
    district: Fen
    joint: Fen
    own: Fen
    bank_name: str | None
    bank_account: str | None

    @property
    def total(self) -> Fen:
        """All money of the project."""
        return self.provincial + self.district + self.joint + self.own

    def record(self) -> ProjectRecord:
        """Return the record that the project begins with: nothing is signed yet."""
        own = {name: getattr(self, name) for name in self.__slots__}
        return ProjectRecord(**own, original_end=None, signed_on=None, signatories=(), separate_account=None)


@command("project.register", Permission.REGISTER_PROJECT)
def register(work: Work, award: Award, today: date) -> int:
    """Register an awarded project and ask its pi to draft the agreement; return the project's id.

    Raises ``InvalidInput`` by field of the award.
    """
    errors = dict(_errors(award))
    if "number" not in errors:
        errors |= _taken(work, award.number)
    if errors:
        raise InvalidInput(errors)
    (project_id,) = add_projects(work.session, work.actor.agency_id, [award.record()])
    work.touch(project_id)
    _ask_for_the_agreement(work, project_id, award, today)
    work.record(
        f"立项登记：{award.title}",
        project_id=project_id,
        details={
            "programme": award.programme,
            "unit": award.lead_unit,
            "pi": award.pi_name,
            "period": f"{award.start}–{award.end}",
            "total_fen": award.total,
        },
    )
    return project_id


def _taken(work: Work, number: str) -> dict[str, str]:
    query = select(Project.title).where(Project.agency_id == work.actor.agency_id, Project.number == number)
    title = work.session.scalar(query)
    return {} if title is None else {"number": f"编号“{number}”已登记为《{title}》，请核对编号。"}


def _errors(award: Award) -> Iterator[tuple[str, str]]:
    if not 0 < len(award.number.strip()) <= MOST_NUMBER or not award.number.isprintable():
        yield "number", f"请填写项目编号，不超过 {MOST_NUMBER} 字。"
    for name, words in _NEEDED.items():
        if not 0 < len(getattr(award, name).strip()) <= MOST_NAME:
            yield name, f"请填写{words}，不超过 {MOST_NAME} 字。"
    if award.programme not in rulebook().programmes:
        yield "programme", "请从列表中选择计划类别。"
    if award.lead_place and home_place(award.lead_place) != award.lead_place:
        yield "lead_place", "请填写省、自治区、直辖市或港澳台地区的名称。"
    yield from _period_errors(award)
    yield from _money_errors(award)


_NEEDED = {"title": "项目名称", "lead_unit": "承担单位", "pi_name": "项目负责人"}


def _period_errors(award: Award) -> Iterator[tuple[str, str]]:
    if not EARLIEST <= award.start <= LATEST:
        yield "start", "年份应在 1990 至 2100 之间。"
    if not EARLIEST <= award.end <= LATEST:
        yield "end", "年份应在 1990 至 2100 之间。"
    elif award.end <= award.start:
        yield "end", "实施结束应晚于实施开始。"
    elif award.end.year - award.start.year > MOST_YEARS:
        yield "end", f"实施期超过 {MOST_YEARS} 年，请核对日期。"


def _money_errors(award: Award) -> Iterator[tuple[str, str]]:
    for name in ("provincial", "district", "joint", "own", "requested"):
        if not 0 <= (getattr(award, name) or 0) < LIMIT:
            yield name, "金额不能为负数，且应小于 100 亿万元。"
    if award.total <= 0:
        yield "own", "请至少填写一个来源的资金。"
    if award.joint and not award.joint_unit:
        yield "joint_unit", f"联合实施单位出资 {yuan(award.joint)} 元，请填写联合实施单位。"
    if award.self_established and award.provincial + award.district:
        yield "self_established", "自主设置项目由设置主体自筹资金，财政资金应为零。"


def _ask_for_the_agreement(work: Work, project_id: int, award: Award, today: date) -> None:
    project = work.session.get_one(Project, project_id)
    parties = parties_of(project)
    book = AddressBook.of(work.session, work.actor.agency_id, today)
    path = f"{project_path(award.number)}?tab=agreement"
    for user_id in book.told(Role.PI, -1, parties).user_ids:
        if user_id != work.actor.user_id:
            tell(work, user_id, project, "已立项登记，请起草任务书", today, path=path)
