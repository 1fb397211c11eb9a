"""The demo bureau: an agency of its own with an account for every role and a few dozen projects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.demo.happenings import happen
from app.demo.records import make_records
from lifecycle.accounts import set_password
from lifecycle.command import Work, command
from lifecycle.members import Post
from lifecycle.models import Agency, Membership, Project, User
from lifecycle.passwords import hash_password
from lifecycle.people import add_person
from lifecycle.record import ProjectRecord, Source, Tranche
from lifecycle.roles import ROLE_NAMES, Actor, Permission, Role
from lifecycle.setup import set_up_agency
from lifecycle.standing import keep
from lifecycle.storing import add_projects

AGENCY = "示范区科学技术局"
PASSWORD = "keguan-demo"  # noqa: S105 (printed for everybody; the demo bureau guards nothing)
PROJECTS = 120
UNIT = "启明智能科技有限公司"
JOINT_UNIT = "示范产业集团有限公司"
PI_EMAIL = "fuzeren@example.com"


class Account(NamedTuple):
    """One demo account."""

    username: str
    role: Role
    unit: str = ""

    @property
    def name(self) -> str:
        """The name shown on pages."""
        return f"演示{ROLE_NAMES[self.role]}"


ACCOUNTS: Sequence[Account] = (
    Account("jingban", Role.HANDLER),
    Account("shenpi", Role.APPROVER),
    Account("caiwu", Role.FINANCE),
    Account("fuzeren", Role.PI),
    Account("danwei", Role.UNIT_MANAGER, UNIT),
    Account("caiwuke", Role.UNIT_FINANCE, UNIT),
    Account("lianhe", Role.JOINT_UNIT, JOINT_UNIT),
    Account("zhuanjia", Role.EXPERT),
    Account("shenji", Role.AUDITOR),
)


def load(session: Session, today: date) -> Sequence[tuple[str, str]] | None:
    """Make the demo bureau where there is no agency yet; return the user names, each with its role's name.

    Where the database holds a demo bureau its accounts are returned and nothing is changed; ``None`` where it
    holds a real one only, into which nothing made up may come. An interrupted start is taken up again.
    """
    demo = select(Agency.id).where(Agency.is_demo)
    if session.scalar(demo) is None:
        if session.scalar(select(Agency.id).limit(1)) is not None:
            return None
        set_up_agency(session, AGENCY, is_demo=True)
    actor = Actor.system(session.scalars(demo).one(), "演示数据")
    if session.scalar(select(Project.id).where(Project.agency_id == actor.agency_id).limit(1)) is None:
        _add_people(session, actor)
        _fill(session, actor, today)
        happen(session, actor.agency_id, PI_EMAIL, today)
    held = (
        select(User.username, Membership.role)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.agency_id == actor.agency_id)
        .order_by(User.id)
    )
    return [(username, ROLE_NAMES[role]) for username, role in session.execute(held)]


def _add_people(session: Session, actor: Actor) -> None:
    there = set(session.scalars(select(User.username)))
    for account in ACCOUNTS:
        if account.username not in there:
            email = PI_EMAIL if account.role is Role.PI else f"{account.username}@example.com"
            posts = [Post(account.role, account.unit)]
            add_person(session, actor, username=account.username, name=account.name, email=email, posts=posts)


@command("demo.fill", Permission.MANAGE_PEOPLE)
def _fill(work: Work, today: date) -> None:
    """Give the agency its projects, and its accounts the demo password."""
    hashed = hash_password(PASSWORD)
    ours = select(Membership.user_id).where(Membership.agency_id == work.actor.agency_id)
    for user_id in work.session.scalars(ours).all():
        set_password(work.session, user_id, hashed, must_change=False)
    records = [_made_ours(serial, record) for serial, record in enumerate(make_records(PROJECTS, today))]
    _let_one_wait(records, today)
    ids = add_projects(work.session, work.actor.agency_id, records)
    keep(work.session, work.actor.agency_id, zip(ids, records, strict=True), fresh=True)
    work.record(f"装入演示项目 {len(records)} 个")


def _let_one_wait(records: list[ProjectRecord], today: date) -> None:
    """Let the next of the second tranches that nothing holds have been due for some days."""
    since = today - timedelta(10)
    found = [(one, place) for place, record in enumerate(records) for one in _unheld(record, since)]
    if found:
        tranche, place = min(found, key=lambda pair: pair[0].planned_on or date.max)
        lines = records[place].tranches
        moved = tuple(replace(one, planned_on=since) if one is tranche else one for one in lines)
        records[place] = replace(records[place], tranches=moved)


def _unheld(record: ProjectRecord, day: date) -> Iterator[Tranche]:
    """Yield the district's second tranche where enough is spent of a first one paid before ``day``."""
    lines = [one for one in record.tranches if one.source is Source.DISTRICT]
    spent = sum(row.amount for row in record.spending if row.source is Source.DISTRICT)
    if len(lines) < 2 or lines[1].paid or record.concluded_on is not None:
        return
    paid_on = lines[0].paid_on
    if paid_on is not None and paid_on < day < record.end and spent * 10 >= lines[0].paid * 8:
        yield lines[1]


def _made_ours(serial: int, record: ProjectRecord) -> ProjectRecord:
    """Give some of the projects to the demo unit and its project leader."""
    if serial % 12:
        return record
    return replace(record, lead_unit=UNIT, pi_name="演示项目负责人", pi_email=PI_EMAIL)
