"""Whose an upload is, what is refused at once, and how its work goes on, ends or begins again."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.ledger import work
from app.longwork.folder import KEPT
from app.longwork.kinds import Kind
from lifecycle.database import begin_write
from lifecycle.models import AuditEntry, LongWork, Project, WorkState
from lifecycle.roles import Role
from tests.web.ledger.uploading import (
    SAMPLE,
    checked,
    count,
    ledger,
    send,
    upload_of,
)
from tests.web.site import Account, Browser, People, a_record
from tests.web.working import settle


def again(address: str) -> str:
    """Return where the work of an upload begins again."""
    return f"/tasks/{address.rpartition('/')[2]}/again"


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.HANDLER])
def test_only_handlers_upload_and_import(
    as_role: Callable[[Role], Browser], handler: Browser, session: Session, role: Role
) -> None:
    address, _ = checked(handler, ledger(a_record("KG-1")))
    browser = as_role(role)
    assert send(browser, SAMPLE.read_bytes()).status_code == 403
    for answer in (browser.get(address), browser.post(f"{address}/import")):
        assert answer.status_code == 403
    assert browser.post(again(address)).status_code == 404
    assert count(session, Project) == 0
    assert count(session, LongWork) == 1


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"", "空.xlsx", "这个文件是空的"),
        (b"a,b\n1,2\n", "台账.csv", "只能上传 .xlsx 文件"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "旧版.xls", "只能上传 .xlsx 文件"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "加密.xlsx", "设有打开密码"),
        (b"not a workbook at all", "改名.xlsx", "不是可以读取的 Excel 工作簿"),
    ],
)
def test_what_is_no_ledger_is_refused_at_the_field(
    handler: Browser, session: Session, content: bytes, name: str, words: str
) -> None:
    answer = send(handler, content, name)
    assert answer.status_code == 422
    assert words in answer.text
    assert "请检查以下内容" in answer.text
    assert count(session, LongWork) == 0


def test_an_upload_without_a_file_or_a_day_says_so(handler: Browser) -> None:
    answer = handler.post("/ledger/", data={"as_of": ""})
    assert answer.status_code == 422
    assert "请选择要上传的台账文件" in answer.text
    assert "请填写体检日期" in answer.text


def test_too_large_a_file_is_refused_on_a_page(handler: Browser, session: Session) -> None:
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.xlsx"\r\n\r\n'
    body = head + bytes(64 << 20) + b"\r\n--x--\r\n"
    answer = handler.post("/ledger/", data=body, content_type="multipart/form-data; boundary=x")
    assert answer.status_code == 413
    assert "文件太大" in answer.text
    assert count(session, LongWork) == 0


def test_a_strange_file_name_is_kept_as_plain_text(handler: Browser, session: Session) -> None:
    answer = send(handler, ledger(a_record("KG-1")), "<b>台\x01账" + "长" * 300 + ".xlsx")
    page = settle(handler, answer.location)
    name = upload_of(session, answer.location).name
    assert (name[:5], name[-5:], len(name)) == ("<b>台账", ".xlsx", 120)
    assert "&lt;b&gt;台账" in page.text


def test_an_upload_is_its_persons_alone(
    app: Flask, handler: Browser, people: People, session: Session
) -> None:
    address, _ = checked(handler, ledger(a_record("KG-1")))

    def visits(who: Account, agency_id: int | None = None) -> set[int]:
        browser = app.test_client()
        assert isinstance(browser, Browser)
        browser.as_account(who, agency_id)
        return {
            browser.get(address).status_code,
            browser.get(f"{address}/list.xlsx").status_code,
            browser.post(f"{address}/import").status_code,
            browser.post(again(address)).status_code,
        }

    assert visits(people.both, people.agency_a) == {404}  # a colleague, handler in the same agency
    assert visits(people.b[Role.HANDLER]) == {404}
    assert upload_of(session, address).kind == "ledger.check"


def test_pressing_twice_uploads_once_and_imports_once(
    handler: Browser, session: Session, ahead: Event
) -> None:
    content = ledger(a_record("KG-1"))
    first, second = send(handler, content), send(handler, content)
    waiting = handler.get(first.location)
    assert "排队等候" in waiting.text
    assert '<meta http-equiv="refresh"' in waiting.text
    ahead.set()
    assert first.location == second.location
    settle(handler, first.location)
    assert {handler.post(f"{first.location}/import").status_code for _ in range(3)} == {302}
    assert "台账已导入" in settle(handler, first.location).text
    assert handler.post(f"{first.location}/import").status_code == 302
    settle(handler, first.location)
    session.rollback()
    imports = session.scalars(select(AuditEntry).where(AuditEntry.action == "ledger.import")).all()
    assert len(imports) == 1
    assert count(session, Project) == 1


def test_the_progress_alone_is_sent_to_htmx_and_then_the_way_on(handler: Browser, ahead: Event) -> None:
    address = send(handler, ledger(a_record("KG-1"))).location
    part = handler.get(address, headers={"HX-Request": "true"})
    assert part.text.lstrip().startswith('<div class="progressing"')
    assert f'hx-get="{address}"' in part.text
    ahead.set()
    settle(handler, address)
    part = handler.get(address, headers={"HX-Request": "true"})
    assert (part.status_code, part.headers["HX-Redirect"]) == (204, address)


@pytest.mark.parametrize("step", [work.CHECK, work.IMPORT])
def test_work_a_stopped_server_left_is_shown_and_can_begin_again(
    app: Flask, handler: Browser, session: Session, step: Kind
) -> None:
    address, _ = checked(handler, ledger(a_record("KG-1")))
    upload = upload_of(session, address)
    upload_id = upload.id
    begin_write(session)
    kept = session.get_one(LongWork, upload_id)
    kept.kind, kept.state = step.name, WorkState.GOING
    session.commit()
    progress = Path(app.instance_path, "uploads", f"{address.rpartition('/')[2]}.progress")
    progress.write_text('{"done": 1, "total": 2, "words": "半途"}')
    assert "半途" in handler.get(address).text
    long_ago = time.time() - 60
    os.utime(progress, (long_ago, long_ago))
    page = handler.get(address)
    assert "已中断" in page.text
    assert "重新开始" in page.text
    assert "已中断" in handler.get("/ledger/").text
    assert count(session, Project) == 0
    assert handler.post(again(address)).location == address
    page = settle(handler, address)
    assert ("体检结果" if step is work.CHECK else "台账已导入") in page.text
    assert count(session, Project) == (step is work.IMPORT)


def test_what_nobody_foresaw_is_said_politely_and_can_be_tried_again(
    handler: Browser, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: object, **_more: object) -> None:
        raise ValueError("secret detail")

    address, _ = checked(handler, ledger(a_record("KG-1")))
    with monkeypatch.context() as patched:
        patched.setattr(work, "import_ledger", broken)
        handler.post(f"{address}/import")
        page = settle(handler, address)
    assert "导入没有完成" in page.text
    assert "没有保存任何内容" in page.text
    assert "secret" not in page.text
    assert count(session, Project) == 0
    handler.post(again(address))
    assert "台账已导入" in settle(handler, address).text


def test_old_uploads_are_cleared_away(app: Flask, handler: Browser, session: Session) -> None:
    address, _ = checked(handler, ledger(a_record("KG-1")))
    old = upload_of(session, address)
    names = {old.digest, old.key}
    begin_write(session)
    session.get_one(LongWork, old.id).changed_at = datetime.now(UTC) - KEPT - timedelta(minutes=1)
    session.commit()
    folder = Path(app.instance_path, "uploads")
    for path in folder.iterdir():
        os.utime(path, (0, 0))
    new, _ = checked(handler, ledger(a_record("KG-2")))
    assert handler.get(address).status_code == 404
    assert names.isdisjoint(path.stem for path in folder.iterdir())
    assert handler.get(new).status_code == 200


def test_a_file_cleared_away_is_asked_for_again(app: Flask, handler: Browser, session: Session) -> None:
    address, _ = checked(handler, ledger(a_record("KG-1")))
    Path(app.instance_path, "uploads", f"{upload_of(session, address).digest}.xlsx").unlink()
    handler.post(f"{address}/import")
    assert "上传的文件已经清理，请重新上传" in settle(handler, address).text
