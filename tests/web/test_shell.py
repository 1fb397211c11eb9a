"""The shell around every page: headers, errors, the gate, what is made once."""

from __future__ import annotations

import re
import stat
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import ModuleType

import pytest
import time_machine
from flask import Blueprint, Flask, abort, request
from flask.typing import ResponseReturnValue
from sqlalchemy import update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from wtforms import IntegerField

from app import clock, create_app
from app import factory as shell
from app.config import Config, kept_secret_key
from app.extensions import db
from app.forms import Form
from app.permissions import current_actor, may, public, the_project
from lifecycle.jobs import STILL, beat
from lifecycle.models import Agency, OutboxMessage, Project
from lifecycle.reaching import LATE
from lifecycle.refusals import IllegalTransition, NotFound, NotPermitted, Refusal, SamePerson, VerdictRefused
from lifecycle.roles import Permission, Role
from lifecycle.rulebook import Verdict
from tests.web.site import Browser, People

bp = Blueprint("sample", __name__, url_prefix="/sample")
_REFUSALS: dict[str, Callable[[], Refusal]] = {
    "403": lambda: NotPermitted(Permission.APPROVE_PAYMENT),
    "404": lambda: NotFound("批次"),
    "409": lambda: IllegalTransition("已批准", "待审批"),
    "409-same": lambda: SamePerson("提请人不能审批本人提请的拨付。"),
    "422": lambda: VerdictRefused(Verdict(())),
    "422-other": lambda: Refusal("现在不能办理。"),
}


@bp.get("/refused/<which>")
@public
def refused(which: str) -> ResponseReturnValue:
    raise _REFUSALS[which]()


@bp.get("/failing/<int:code>")
@public
def failing(code: int) -> ResponseReturnValue:
    abort(code)


@bp.get("/busy/<words>")
@public
def busy(words: str) -> ResponseReturnValue:
    raise OperationalError("UPDATE agency", {}, Exception(words))


@bp.get("/breaking")
@public
def breaking() -> ResponseReturnValue:
    raise ZeroDivisionError


@bp.get("/writing")
@public
def writing() -> ResponseReturnValue:
    db.session.execute(update(Agency).values(name="改名"))
    db.session.commit()
    return "written"


@bp.post("/uploading")
@may(Permission.SEE_PROJECTS)
def uploading() -> ResponseReturnValue:
    return str(len(request.get_data()))


@bp.get("/project/<number>")
@may(Permission.SEE_PROJECTS)
def project(number: str) -> ResponseReturnValue:
    found = the_project(number)
    return {"title": found.title, "agency": current_actor().agency_id}


class _CountForm(Form):
    count = IntegerField("数量")


@bp.get("/form")
@public
def form() -> ResponseReturnValue:
    made = _CountForm(request.args, meta={"csrf": False})
    made.validate()
    return {"errors": made.errors}


@pytest.fixture(autouse=True)
def _with_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the routes above a part of the site."""
    monkeypatch.setattr(shell, "PARTS", (*shell.PARTS, __name__))


@pytest.mark.parametrize("which", sorted(_REFUSALS))
def test_a_refusal_is_answered_with_its_reason_on_a_page_and_in_a_part_of_one(
    client: Browser, which: str
) -> None:
    whole = client.get(f"/sample/refused/{which}")
    part = client.get(f"/sample/refused/{which}", headers={"HX-Request": "true"})
    assert whole.status_code == part.status_code == int(which[:3])
    words = "这一项由审批办理" if which == "403" else _REFUSALS[which]().message
    assert words in whole.text
    assert words in part.text
    assert "<html" in whole.text
    assert "<html" not in part.text


@pytest.mark.parametrize("code", [400, 403, 404, 405, 409, 413, 415, 422, 429, 500, 503])
def test_a_mistake_is_answered_in_chinese_with_its_own_status(client: Browser, code: int) -> None:
    answer = client.get(f"/sample/failing/{code}")
    assert answer.status_code == code
    assert '<html lang="zh-CN">' in answer.text
    assert "回到工作台" in answer.text


def test_a_page_that_does_not_exist_is_answered_in_chinese(client: Browser) -> None:
    answer = client.get("/nowhere")
    assert answer.status_code == 404
    assert "没有找到" in answer.text


def test_a_number_that_no_row_can_have_leads_nowhere_and_breaks_nothing(
    app: Flask, as_role: Callable[[Role], Browser]
) -> None:
    handler, walked = as_role(Role.HANDLER), 0
    for rule in app.url_map.iter_rules():
        if "<int:" in rule.rule and not rule.rule.startswith("/sample"):
            address = re.sub(r"<[^>]+>", "9" * 23, rule.rule)
            for method in {"GET", "POST"} & (rule.methods or set()):
                answer = getattr(handler, method.lower())(address)
                assert answer.status_code in (404, 405), address
                walked += 1
    assert walked > 100
    for address, name in (("/inbox/read", "newest"), ("/money/batches/new", "tranche")):
        assert handler.post(address, data={name: "9" * 23}).status_code < 500


def test_a_broken_page_apologises_and_tells_but_the_number_under_which_the_log_has_it(
    app: Flask, client: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    app.testing = False
    answer = client.get("/sample/breaking")
    assert answer.status_code == 500
    assert "ZeroDivision" not in answer.text
    number = re.search(r"错误编号 (\d{6})", answer.text)
    assert number is not None
    assert f"error {number[1]}" in caplog.text
    full = client.get("/sample/busy/database or disk is full")
    assert full.status_code == 503
    assert "磁盘空间不足" in full.text


def test_reading_cannot_change_anything(client: Browser) -> None:
    with pytest.raises(RuntimeError, match="tried to commit"):
        client.get("/sample/writing")


def test_too_large_an_upload_is_refused(app: Flask, as_role: Callable[[Role], Browser]) -> None:
    app.config["MAX_CONTENT_LENGTH"] = 1000
    assert as_role(Role.PI).post("/sample/uploading", data=b"x" * 1000).text == "1000"
    answer = as_role(Role.PI).post("/sample/uploading", data=b"x" * 1001)
    assert answer.status_code == 413
    assert "文件太大" in answer.text


def test_a_loader_finds_what_the_visitor_may_see(
    as_role: Callable[[Role], Browser], people: People, make_project: Callable[..., Project]
) -> None:
    make_project("KG-1", title="看得见的")
    make_project("KG-2", agency_id=people.agency_b)
    pi = as_role(Role.PI)
    assert pi.get("/sample/project/KG-1").json == {"title": "看得见的", "agency": people.agency_a}
    assert pi.get("/sample/project/KG-2").status_code == 404


def test_a_route_that_declares_nothing_keeps_the_site_from_starting(
    monkeypatch: pytest.MonkeyPatch, migrated_sqlite_url: str, tmp_path: Path
) -> None:
    part = ModuleType("undeclared")
    part.bp = Blueprint("undeclared", __name__)  # type: ignore[attr-defined]
    part.bp.add_url_rule("/open", "open", lambda: "open")
    monkeypatch.setitem(sys.modules, "undeclared", part)
    monkeypatch.setattr(shell, "PARTS", (*shell.PARTS, "undeclared"))
    config = Config(database_url=migrated_sqlite_url, secret_key="k", instance=tmp_path)
    with pytest.raises(LookupError, match=r"undeclared\.open"):
        create_app(config)


def test_every_answer_forbids_what_is_not_ours(client: Browser) -> None:
    for path in ("/sign-in", "/nowhere", "/healthz", "/static/keguan.css", "/admin/people"):
        headers = client.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"


def test_pages_are_not_kept_and_static_files_are_until_they_change(app: Flask, client: Browser) -> None:
    with app.test_request_context():
        address = app.url_for("static", filename="keguan.css")
    assert "?v=" in address
    assert "immutable" in client.get(address).headers["Cache-Control"]
    assert "immutable" not in client.get("/static/keguan.css").headers["Cache-Control"]
    assert client.get("/sign-in").headers["Cache-Control"] == "no-store"


def test_health_tells_whether_the_database_answers_and_the_clock_runs(
    app: Flask, client: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    still = client.get("/healthz")
    assert (still.status_code, still.json["clock"]) == (503, "stopped")  # nothing has ever ticked
    with app.app_context():
        beat(db.session(), clock.now())
        engine = db.engine
    well = {"status": "ok", "database": "ok", "clock": "ok"}
    assert client.get("/healthz").json == {**well, "warnings": []}
    with app.app_context():
        at = clock.now() - LATE - timedelta(minutes=1)
        letter = {
            "address": "li@unit.test",
            "title": "提醒",
            "body": "请办理",
            "next_try_at": at,
            "since": at,
        }
        db.session.add(agency := Agency(name="沙坪坝区科技局"))
        db.session.flush()
        db.session.add(OutboxMessage(agency_id=agency.id, **letter))
        db.session.commit()
    warned = client.get("/healthz")
    (warning,) = warned.json["warnings"]
    assert (warned.status_code, warned.json["status"], warning["warning"]) == (200, "ok", "mail_waiting")
    with app.app_context():
        beat(db.session(), clock.now() - STILL - timedelta(seconds=1))
    assert client.get("/healthz").status_code == 503
    monkeypatch.setattr(engine.dialect, "connect", _unreachable)
    engine.dispose()
    assert client.get("/healthz").status_code == 503


def _unreachable(*_args: object, **_kwargs: object) -> None:
    import sqlite3

    raise sqlite3.OperationalError("unable to open database file")


def test_messages_of_the_forms_library_are_chinese(client: Browser) -> None:
    answer = client.get("/sample/form?count=many").json
    assert answer is not None
    (words,) = answer["errors"]["count"]
    assert words.isascii() is False


def test_the_secret_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    first = kept_secret_key(tmp_path)
    path = tmp_path / "secret-key"
    assert len(first) == 64
    assert kept_secret_key(tmp_path) == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["secret-key"]


def test_the_day_is_that_of_china() -> None:
    with time_machine.travel(datetime(2026, 6, 29, 16, 30, tzinfo=UTC), tick=False):
        assert clock.today() == date(2026, 6, 30)


def test_the_engine_writes_without_losing_anything(session: Session) -> None:
    assert session.connection().exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    assert session.connection().exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_who_waits_too_long_for_somebody_elses_writing_is_told_so(client: Browser) -> None:
    answer = client.get("/sample/busy/database is locked")
    assert answer.status_code == 503
    assert "请一两分钟后再试" in answer.text


def test_a_database_that_fails_otherwise_is_a_mistake(client: Browser) -> None:
    with pytest.raises(OperationalError):
        client.get("/sample/busy/disk full")
