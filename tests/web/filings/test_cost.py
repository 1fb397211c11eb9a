"""However much there is, a page of reports asks the database the same small number of times."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lifecycle.models import PanelMember, Project
from lifecycle.roles import Role
from tests.integration.paying import Bureau
from tests.integration.reporting import a_project, drafted, filed
from tests.web.money.test_cost import MOST, asked
from tests.web.reviewed import NUMBER, stage_report
from tests.web.site import Browser, People

AsRole = Callable[[Role], Browser]


@pytest.fixture
def reviewed(people: People, session: Session, tmp_path: Path) -> int:
    return stage_report(people, session, tmp_path)


@pytest.mark.parametrize("role", [Role.HANDLER, Role.PI, Role.JOINT_UNIT])
def test_the_page_of_a_report_before_experts(as_role: AsRole, reviewed: int, role: Role) -> None:
    assert asked(as_role(role), f"/reports/{reviewed}") <= MOST


def test_the_page_on_which_a_report_is_written(as_role: AsRole, people: People, session: Session) -> None:
    bureau = Bureau(session, people)
    a_project(bureau, joint_unit=None)
    report_id = drafted(bureau)
    assert asked(as_role(Role.PI), f"/reports/{report_id}/edit") <= MOST


@pytest.mark.usefixtures("reviewed")
def test_the_experts_pages(as_role: AsRole, session: Session) -> None:
    seat = session.scalars(select(PanelMember.id)).one()
    session.rollback()
    assert asked(as_role(Role.EXPERT), "/reviews/") <= MOST
    assert asked(as_role(Role.EXPERT), f"/reviews/{seat}") <= MOST


@pytest.mark.usefixtures("reviewed")
def test_the_tab_of_the_project(as_role: AsRole) -> None:
    assert asked(as_role(Role.HANDLER), f"/projects/{NUMBER}?tab=reports") <= MOST


@pytest.mark.parametrize("tab", ["annual", "stage", "event"])
def test_the_list(
    as_role: AsRole, make_project: Callable[..., Project], people: People, session: Session, tab: str
) -> None:
    few = asked(as_role(Role.HANDLER), f"/reports/?tab={tab}")
    bureau = Bureau(session, people)
    for number in range(6):
        make_project(f"KG-{number}", start=date(2024, 1, 1), signed_on=date(2024, 1, 15))
    a_project(bureau)
    filed(bureau, drafted(bureau))
    assert few <= asked(as_role(Role.HANDLER), f"/reports/?tab={tab}") <= MOST
