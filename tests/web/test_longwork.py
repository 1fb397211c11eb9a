"""Long work of any kind: whose it is, how it goes on, ends or begins again, and the file that comes of it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.ledger import exports
from app.longwork.folder import KEPT
from app.longwork.job import BROKEN
from app.longwork.kinds import KINDS, register
from app.projects import routes as project_routes
from lifecycle.database import begin_write
from lifecycle.models import LongWork, Membership, Project, WorkState
from lifecycle.roles import Role
from tests.plugins.counting import Counting
from tests.web.ledger.uploading import rows_of
from tests.web.site import Account, Browser, People
from tests.web.working import settle

EXPORT = "/ledger/export.xlsx"


@pytest.fixture(autouse=True)
def large(at_rest: None, make_project: Callable[..., Project], monkeypatch: pytest.MonkeyPatch) -> None:
    """A project, and exports that count any number of rows as many."""
    del at_rest
    make_project("KG-1")
    for name in ("LEDGER", "FINDINGS"):
        monkeypatch.setattr(exports, name, replace(getattr(exports, name), most=-1))
    monkeypatch.setattr(project_routes, "PROJECTS", replace(project_routes.PROJECTS, most=-1))


@pytest.fixture
def auditor(as_role: Callable[[Role], Browser]) -> Browser:
    return as_role(Role.AUDITOR)


def the_work(session: Session) -> LongWork:
    session.rollback()
    return session.scalars(select(LongWork)).one()


def change(session: Session, **columns: object) -> None:
    work = the_work(session)
    begin_write(session)
    for name, value in columns.items():
        setattr(session.get_one(LongWork, work.id), name, value)
    session.commit()


def leave(app: Flask, session: Session, address: str) -> None:
    """Leave work as a killed process leaves it."""
    change(session, state=WorkState.GOING, result={})
    progress = Path(app.instance_path, "uploads", f"{address.rpartition('/')[2]}.progress")
    progress.write_text('{"done": 1, "total": 2, "words": "半途"}')
    os.utime(progress, (time.time() - 60,) * 2)


@pytest.mark.parametrize(
    ("address", "head"),
    [
        (EXPORT, "项目编号"),
        ("/ledger/findings.xlsx?text=没有", "问题清单"),
        ("/exports/projects.xlsx", "项目列表"),
    ],
)
def test_a_large_export_is_offered_made_listed_and_handed_out_to_her_alone(
    app: Flask, as_role: Callable[[Role], Browser], people: People, session: Session, address: str, head: str
) -> None:
    auditor = as_role(Role.AUDITOR)
    offer = auditor.get(address)
    assert "开始导出" in offer.text
    assert session.scalars(select(LongWork)).all() == []
    page = auditor.post(address).location
    done = settle(auditor, page)
    assert "导出已完成" in done.text
    assert head in str(rows_of(auditor.get(f"{page}/file"))[0][0])
    listed = auditor.get("/tasks/").text
    assert page in listed
    assert "可下载" in listed
    assert 'href="/tasks/"' in auditor.get("/").text
    others = [as_role(Role.HANDLER), app.test_client().as_account(people.b[Role.AUDITOR])]  # type: ignore[attr-defined]
    for browser in others:
        asked = [browser.get(page), browser.get(f"{page}/file"), browser.post(f"{page}/again")]
        assert [answer.status_code for answer in asked] == [404, 404, 404]
        assert page not in browser.get("/tasks/").text


def test_work_that_goes_on_tells_how_far_it_is_and_a_second_press_is_the_same(
    auditor: Browser, session: Session, ahead: Event
) -> None:
    first, second = auditor.post(EXPORT).location, auditor.post(EXPORT).location
    assert first == second
    page = auditor.get(first)
    assert "正在导出台账" in page.text
    assert "排队等候" in page.text
    assert '<meta http-equiv="refresh"' in page.text
    assert (
        auditor.get(first, headers={"HX-Request": "true"})
        .text.lstrip()
        .startswith('<div class="progressing"')
    )
    assert "正在导出" in auditor.get("/tasks/").text
    assert auditor.get(f"{first}/file").status_code == 404
    ahead.set()
    assert "导出已完成" in settle(auditor, first).text
    assert auditor.get(first, headers={"HX-Request": "true"}).headers["HX-Redirect"] == first
    assert the_work(session).state is WorkState.DONE
    assert auditor.post(EXPORT).location != first


def test_interrupted_work_says_so_and_begins_again_by_its_button_or_by_asking_again(
    app: Flask, auditor: Browser, session: Session
) -> None:
    page = auditor.post(EXPORT).location
    settle(auditor, page)
    leave(app, session, page)
    stopped = auditor.get(page).text
    assert "导出已中断" in stopped
    assert "没有留下只做了一半的内容" in stopped
    assert auditor.post(f"{page}/again").location == page
    assert "导出已完成" in settle(auditor, page).text
    leave(app, session, page)
    assert auditor.post(EXPORT).location == page
    assert "导出已完成" in settle(auditor, page).text
    assert auditor.post(f"{page}/again").location == page  # done: there is nothing to begin again


def test_work_runs_with_what_she_may_do_when_it_runs(
    auditor: Browser, people: People, session: Session, ahead: Event
) -> None:
    page = auditor.post(EXPORT).location
    who: Account = people.a[Role.AUDITOR]
    begin_write(session)
    post = session.scalars(select(Membership).where(Membership.user_id == who.id)).one()
    post.role = Role.EXPERT
    session.commit()
    ahead.set()
    refused = settle(auditor, page)
    assert "导出没有完成" in refused.text
    assert "您的角色不能办理" in refused.text
    assert auditor.post(f"{page}/again").status_code == 403
    change(session, state=WorkState.DONE, result={"file": "台账.xlsx", "count": 1, "unit": "个项目"})
    assert auditor.get(f"{page}/file").status_code in {403, 404}


def test_what_nobody_foresaw_is_said_politely(
    auditor: Browser, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> dict[str, object]:
        raise ValueError("secret detail")

    monkeypatch.setitem(KINDS, "ledger.export", replace(exports.LEDGER.kind, run=broken))
    page = auditor.post(EXPORT).location
    text = settle(auditor, page).text
    assert BROKEN in text
    assert "secret" not in text
    assert the_work(session).state is WorkState.FAILED


def test_after_a_day_work_is_gone_with_its_file(
    app: Flask, auditor: Browser, session: Session, as_role: Callable[[Role], Browser]
) -> None:
    page = auditor.post(EXPORT).location
    settle(auditor, page)
    change(session, changed_at=datetime.now(UTC) - KEPT - timedelta(minutes=1))
    assert auditor.get(page).status_code == 404
    assert auditor.get(f"{page}/file").status_code == 404
    folder = Path(app.instance_path, "uploads")
    for path in folder.iterdir():
        os.utime(path, (0, 0))
    handler = as_role(Role.HANDLER)
    new = handler.post(EXPORT).location
    settle(handler, new)
    assert the_work(session).key == new.rpartition("/")[2]
    assert {path.stem for path in folder.iterdir() if path.suffix == ".result"} == {the_work(session).key}


def test_no_two_kinds_share_a_name() -> None:
    with pytest.raises(ValueError, match=r"ledger\.export"):
        register(exports.LEDGER.kind)


def test_the_list_asks_the_database_little(auditor: Browser, query_count: Counting) -> None:
    for address in (EXPORT, "/ledger/findings.xlsx", "/exports/projects.xlsx"):
        settle(auditor, auditor.post(address).location)
    with query_count() as asked:
        assert auditor.get("/tasks/").status_code == 200
    assert len(asked) <= 12
