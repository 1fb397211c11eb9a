"""Whose button a report shows: at every step one person's, and nobody else's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

import pytest
from sqlalchemy.orm import Session

from app import clock
from lifecycle.roles import Role
from tests.integration.paying import WAN, Bureau
from tests.integration.reporting import MAJOR, a_project, accepted, confirmed, drafted, filed
from tests.web.site import Browser, People

JANUARY = date(2027, 1, 8)
BUTTONS = {
    "继续填写": "draft",
    "确认并报区科技局": "filed",
    "接收报告": "confirmed",
    "登记报区政府日期": "accepted",
}
TURNS = {
    "draft": {Role.PI, Role.UNIT_MANAGER},
    "filed": {Role.UNIT_MANAGER},
    "confirmed": {Role.HANDLER},
    "accepted": {Role.HANDLER},
}
MAKE: dict[str, Callable[[Bureau, int], int]] = {
    "draft": lambda _, report_id: report_id,
    "filed": filed,
    "confirmed": confirmed,
    "accepted": accepted,
}
SEERS = [
    Role.HANDLER,
    Role.APPROVER,
    Role.FINANCE,
    Role.PI,
    Role.UNIT_MANAGER,
    Role.UNIT_FINANCE,
    Role.AUDITOR,
]


@pytest.mark.parametrize("step", list(MAKE))
def test_the_button_is_that_of_whoever_is_next(
    as_role: Callable[[Role], Browser],
    people: People,
    session: Session,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(2027, 1, 8, 9, tzinfo=clock.SHANGHAI))
    bureau = Bureau(session, people)
    a_project(bureau, "沙-1", programme=MAJOR, district=20 * WAN)
    report_id = MAKE[step](bureau, drafted(bureau))
    session.close()
    for role in SEERS:
        text = as_role(role).get(f"/reports/{report_id}").text
        shown = {button for button in BUTTONS if button in text}
        wanted = {button for button, at in BUTTONS.items() if at == step and role in TURNS[step]}
        assert shown == wanted, (role, step)
    for role in (Role.EXPERT, Role.ADMIN):
        assert as_role(role).get(f"/reports/{report_id}").status_code == 403
    stranger = as_role(Role.HANDLER).as_account(people.b[Role.HANDLER])
    assert stranger.get(f"/reports/{report_id}").status_code == 404


def test_the_list_is_empty_with_a_next_step_and_forgives_what_is_asked(
    as_role: Callable[[Role], Browser],
) -> None:
    handler = as_role(Role.HANDLER)
    assert "没有应提交的年度报告" in handler.get("/reports/").text
    assert "没有临近或到期的阶段报告" in handler.get("/reports/?tab=stage").text
    answer = handler.get("/reports/?tab=x&year=abc&state=y&programme=z&page=-1&size=7&text=%00")
    assert answer.status_code == 200
    assert "没有符合条件的报告" in handler.get("/reports/?text=无此项目").text
