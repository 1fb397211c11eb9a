"""A project's files on the site: who may see, add and take them off, what is refused, what is handed out."""

from __future__ import annotations

import logging
import re
from html import unescape
from io import BytesIO
from pathlib import Path
from urllib.parse import quote

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage
from werkzeug.http import parse_options_header
from werkzeug.test import TestResponse, encode_multipart

from lifecycle.filekinds import MOST_BYTES
from lifecycle.files import ContentStore
from lifecycle.models import Attachment
from lifecycle.roles import Role
from tests import papers
from tests.plugins.counting import Counting
from tests.web.projects import SEERS, AsRole, Make
from tests.web.site import Browser, People

ADDERS = (Role.HANDLER, Role.PI, Role.UNIT_MANAGER, Role.UNIT_FINANCE, Role.JOINT_UNIT)
NAME = "A&B ‹关键>.pdf"
PAGE = "/projects/KG-1?tab=papers"


@pytest.fixture(autouse=True)
def _project(make_project: Make) -> None:
    make_project("KG-1")


@pytest.fixture
def files(tmp_path: Path) -> ContentStore:
    return ContentStore(tmp_path / "files")


def add(browser: Browser, *files: tuple[bytes, str], **fields: object) -> TestResponse:
    """Send files by the form of the tab."""
    as_browsers_do = [FileStorage(BytesIO(content), name.replace('"', "%22")) for content, name in files]
    boundary, body = encode_multipart({"files": as_browsers_do, **fields})
    kind = f"multipart/form-data; boundary={boundary}"
    return browser.post("/attachments/of/KG-1", data=body, content_type=kind)


def link(browser: Browser) -> str:
    """Return the first download address of the tab."""
    found = re.search(r'href="(/attachments/[^"]+)"', browser.get(PAGE).text)
    assert found
    return unescape(found[1])


def id_in(address: str) -> str:
    """Return the attachment that a download address names."""
    return address.split("/")[2]


def attachments(session: Session) -> int:
    return len(names(session))


def names(session: Session) -> list[str]:
    """Return the names of all attachments as they stand now, whatever the session has seen before."""
    session.rollback()
    return list(session.scalars(select(Attachment.name).order_by(Attachment.id)))


def given_name(answer: TestResponse) -> str | None:
    """Return the name under which a browser saves an answer."""
    return parse_options_header(answer.headers["Content-Disposition"])[1].get("filename")


@pytest.mark.parametrize("role", ADDERS)
def test_what_was_uploaded_is_handed_out_to_all_who_see_the_project_just_as_it_was(
    as_role: AsRole, role: Role
) -> None:
    content = papers.pdf(2)
    answer = add(as_role(role), (content, NAME), title="合同")
    assert (answer.status_code, answer.location) == (302, f"{PAGE}#tabs")
    address = link(as_role(role))
    assert address.endswith(quote(NAME, safe="&"))
    for who in SEERS:
        got = as_role(who).get(address)
        assert (got.status_code, got.data, got.mimetype) == (200, content, "application/pdf"), who
        assert got.headers["Content-Disposition"].startswith("attachment;")
        assert given_name(got) == NAME
        assert got.headers["X-Content-Type-Options"] == "nosniff"
        assert "private" in got.headers["Cache-Control"]
        page = as_role(who).get(PAGE)
        assert "A&amp;B ‹关键&gt;.pdf" in page.text
        assert "合同" in page.text
        assert ("上传到本项目" in page.text) == (who in ADDERS)
    assert as_role(Role.EXPERT).get(address).status_code == 404
    assert as_role(Role.ADMIN).get(address).status_code == 403


@pytest.mark.parametrize("role", SEERS)
def test_another_agency_sees_and_adds_nothing(
    as_role: AsRole, people: People, role: Role, session: Session
) -> None:
    add(as_role(Role.HANDLER), (papers.pdf(), NAME))
    address = link(as_role(Role.HANDLER))
    stranger = as_role(role).as_account(people.b[role])
    assert stranger.get(address).status_code == 404
    assert stranger.post(f"/attachments/{id_in(address)}/remove").status_code in {403, 404}
    assert add(stranger, (papers.pdf(2), "另.pdf")).status_code in {403, 404}
    assert attachments(session) == 1


@pytest.mark.parametrize("role", [Role.PI, Role.UNIT_MANAGER, Role.JOINT_UNIT])
def test_files_of_others_projects_do_not_exist(as_role: AsRole, make_project: Make, role: Role) -> None:
    make_project("KG-2", pi_email="x@x.test", lead_unit="别的单位", joint_unit=None)
    handler = as_role(Role.HANDLER)
    handler.post("/attachments/of/KG-2", data={"files": [(BytesIO(papers.pdf()), "别人.pdf")]})
    found = re.search(r'href="(/attachments/[^"]+)"', handler.get("/projects/KG-2?tab=papers").text)
    assert found
    assert as_role(role).get(found[1]).status_code == 404


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"MZ\x90", "程序.pdf", "“程序.pdf”的内容不是 PDF"),
        (b"<html>", "页.html", "“页.html”不是可以上传的文件类型"),
        (b"", "空.pdf", "“空.pdf”是空文件"),
        (papers.pdf(password="x"), "锁.pdf", "“锁.pdf”设有密码"),
        (b"%PDF-1.7" + b"\0" * MOST_BYTES, "大.pdf", "“大.pdf”超过 20 MB"),
    ],
)
def test_what_is_unfit_is_refused_at_the_field_and_nothing_is_kept(
    as_role: AsRole, session: Session, files: ContentStore, content: bytes, name: str, words: str
) -> None:
    answer = add(as_role(Role.PI), (content, name))
    assert answer.status_code == 422
    assert words in answer.text
    assert "请选择要上传的文件" not in answer.text
    assert attachments(session) == 0
    assert list(files.digests()) == []


def test_more_files_than_one_act_may_have_are_refused_by_name(as_role: AsRole, session: Session) -> None:
    many = [(papers.pdf(words=str(number)), f"{number}.pdf") for number in range(21)]
    answer = add(as_role(Role.PI), *many)
    assert answer.status_code == 422
    assert "“20.pdf”没有保存：一次最多上传 20 个文件" in answer.text
    assert attachments(session) == 0
    assert add(as_role(Role.PI), *many[:20]).status_code == 302
    assert attachments(session) == 20


def test_a_form_without_a_file_asks_for_one(as_role: AsRole) -> None:
    answer = add(as_role(Role.PI), title="合同")
    assert answer.status_code == 422
    assert "请选择要上传的文件。" in answer.text


def test_a_file_that_came_with_a_form_shown_again_need_not_be_chosen_again(
    as_role: AsRole, session: Session
) -> None:
    pi = as_role(Role.PI)
    again = add(pi, (papers.pdf(), NAME), (b"MZ", "坏.exe"), title="合同")
    assert again.status_code == 422
    assert "已上传：A&amp;B ‹关键&gt;.pdf（1 KB）" in again.text
    sent = {"files": [carried(again), (BytesIO(papers.PNG), "图.png")], "title": "合同"}
    assert pi.post("/attachments/of/KG-1", data=sent).status_code == 302
    assert names(session) == [NAME, "图.png"]


def test_what_a_form_carries_cannot_be_forged_or_passed_on(as_role: AsRole, session: Session) -> None:
    note = carried(add(as_role(Role.PI), (papers.pdf(), NAME), (b"MZ", "坏.exe")))
    for role, sent in ((Role.HANDLER, note), (Role.PI, f"{note}x"), (Role.PI, "假的")):
        assert as_role(role).post("/attachments/of/KG-1", data={"files": [sent]}).status_code == 422
    assert attachments(session) == 0


def carried(answer: TestResponse) -> str:
    """Return the note by which a form that is shown again carries a file."""
    found = re.search(r'type="checkbox" [^>]*value="([^"]+)" checked', answer.text)
    assert found
    return found[1]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ('他说"好".pdf', '他说"好".pdf'),
        ("制\t表\x7f.pdf", "制表.pdf"),
        ("换%0D%0A行.pdf", "换%0D%0A行.pdf"),
        ("../../报告 (1).pdf", "报告 (1).pdf"),
        ("100%?#&=;'.pdf", "100%?#&=;'.pdf"),
        ("﷽ emoji 😀.pdf", "﷽ emoji 😀.pdf"),
        ("长" * 200 + ".pdf", "长" * 116 + ".pdf"),
    ],
)
def test_a_name_comes_back_as_it_went_in(as_role: AsRole, session: Session, sent: str, kept: str) -> None:
    handler = as_role(Role.HANDLER)
    assert add(handler, (papers.pdf(), sent)).status_code == 302
    assert names(session) == [kept]
    got = handler.get(link(handler))
    assert got.status_code == 200
    assert given_name(got) == kept
    assert handler.get(f"/attachments/{session.scalars(select(Attachment.id)).one()}").data == got.data


def test_what_was_taken_off_stays_for_the_bureau(as_role: AsRole) -> None:
    add(as_role(Role.PI), (papers.pdf(), NAME))
    address = link(as_role(Role.PI))
    number = id_in(address)
    refused = as_role(Role.UNIT_MANAGER).post(f"/attachments/{number}/remove")
    assert refused.status_code == 422
    assert "由上传人或经办人移除" in refused.text
    assert as_role(Role.PI).post(f"/attachments/{number}/remove").status_code == 302
    assert as_role(Role.PI).get(address).status_code == 404
    assert "‹关键" not in as_role(Role.PI).get(PAGE).text.replace("已移除“A&amp;B ‹关键&gt;.pdf”", "")
    assert as_role(Role.AUDITOR).get(address).status_code == 200
    page = as_role(Role.AUDITOR).get(PAGE).text
    assert "已移除" in page
    assert "张a.pi" in page


@pytest.mark.parametrize(("damage", "words"), [("missing", "缺失"), ("damaged", "已损坏")])
def test_a_file_that_is_lost_is_said_to_be_and_logged(
    as_role: AsRole,
    session: Session,
    files: ContentStore,
    caplog: pytest.LogCaptureFixture,
    damage: str,
    words: str,
) -> None:
    add(as_role(Role.PI), (papers.pdf(), NAME))
    address = link(as_role(Role.PI))
    session.rollback()
    path = files.path(session.scalars(select(Attachment.sha256)).one())
    path.unlink() if damage == "missing" else path.write_bytes(b"other")
    with caplog.at_level(logging.ERROR):
        answer = as_role(Role.HANDLER).get(address)
    assert answer.status_code == 404
    assert f"这个文件在文件库中{words}" in answer.text
    assert "FileMissing" in caplog.text or "FileDamaged" in caplog.text
    add(as_role(Role.HANDLER), (papers.pdf(), NAME))
    assert as_role(Role.HANDLER).get(address).data == papers.pdf()


def test_the_tab_asks_the_database_little_however_many_files_there_are(
    as_role: AsRole, query_count: Counting
) -> None:
    handler = as_role(Role.HANDLER)
    add(handler, *[(papers.pdf(words=str(number)), f"{number}.pdf") for number in range(15)])
    with query_count() as statements:
        assert handler.get(PAGE).status_code == 200
    assert len(statements) <= 12, statements
