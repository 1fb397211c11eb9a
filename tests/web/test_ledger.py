"""The ledger page: upload, check, import, findings and downloads, for each role and with broken files."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from pathlib import Path
from threading import Event

import pytest
from flask import Flask
from openpyxl import load_workbook
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app.ledger import work
from app.ledger.background import background
from app.ledger.uploads import KEPT
from lifecycle.database import begin_write
from lifecycle.models import AuditEntry, LedgerUpload, Project, UploadState, UploadStep
from lifecycle.models import Tranche as TrancheRow
from lifecycle.record import Nature, ProjectRecord, Source, Tranche
from lifecycle.roles import GRANTS, Permission, Role
from lifecycle.stages import TrancheState
from reports.ledger.writing import write_ledger
from tests.web.site import Account, Browser, People, a_record

LEDGERS = Path(__file__).parents[1] / "data" / "ledger"
SAMPLE = LEDGERS / "sample.xlsx"
AS_OF = "2026-06-30"
READERS = [role for role in Role if Permission.SEE_LEDGER in GRANTS[role]]
OTHERS = [role for role in Role if Permission.SEE_LEDGER not in GRANTS[role]]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.fixture(autouse=True)
def _at_rest() -> Iterator[None]:
    """No work of a test outlives it: the next one's database would be another."""
    yield
    done = Event()
    background.add(Path(os.devnull).with_name("keguan-test.progress"), lambda _tell: done.set())
    assert done.wait(60)


@pytest.fixture
def handler(as_role: Callable[[Role], Browser]) -> Browser:
    return as_role(Role.HANDLER)


def send(browser: Browser, content: bytes, name: str = "台账.xlsx", as_of: str = AS_OF) -> TestResponse:
    """Upload a file by the form."""
    return browser.post("/ledger/", data={"file": (BytesIO(content), name), "as_of": as_of})


def settle(browser: Browser, address: str) -> TestResponse:
    """Return the page of an upload once nobody is at it any more."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        answer = browser.get(address)
        if 'class="progressing"' not in answer.text:
            return answer
        time.sleep(0.05)
    raise AssertionError("the work did not come to an end")


def checked(browser: Browser, content: bytes, as_of: str = AS_OF) -> tuple[str, TestResponse]:
    """Upload a ledger; return the address of its page and the page after the check."""
    answer = send(browser, content, as_of=as_of)
    assert answer.status_code == 302, answer.text
    return answer.location, settle(browser, answer.location)


def ledger(*records: ProjectRecord, sheets: tuple[str, ...] | None = None) -> bytes:
    """Return a workbook of these records."""
    file = BytesIO()
    write_ledger(records, file, **({} if sheets is None else {"sheets": sheets}))
    return file.getvalue()


def rows_of(answer: TestResponse) -> list[tuple[object, ...]]:
    """Return the rows of a downloaded workbook's first sheet."""
    assert (answer.status_code, answer.mimetype) == (200, XLSX)
    return list(load_workbook(BytesIO(answer.data)).worksheets[0].iter_rows(values_only=True))


def upload_of(session: Session, address: str) -> LedgerUpload:
    session.rollback()
    key = address.rpartition("/")[2]
    return session.scalars(select(LedgerUpload).where(LedgerUpload.key == key)).one()


def count(session: Session, model: type) -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(model)) or 0


@pytest.mark.parametrize("role", READERS)
def test_whoever_sees_the_ledger_reads_and_downloads(
    as_role: Callable[[Role], Browser], make_project: Callable[..., Project], role: Role
) -> None:
    make_project()
    browser = as_role(role)
    page = browser.get("/ledger/")
    assert page.status_code == 200
    assert ("上传并体检" in page.text) is (role is Role.HANDLER)
    assert "当前问题清单" in page.text
    assert "导出台账" in page.text
    assert "下载空白台账" in page.text
    assert browser.get("/ledger/findings").status_code == 200
    for address in ("template.xlsx", "export.xlsx", "findings.xlsx"):
        assert browser.get(f"/ledger/{address}").mimetype == XLSX


@pytest.mark.parametrize("role", OTHERS)
def test_whoever_does_not_see_the_ledger_is_refused(as_role: Callable[[Role], Browser], role: Role) -> None:
    browser = as_role(role)
    for address in ("", "template.xlsx", "export.xlsx", "findings", "findings.xlsx"):
        assert browser.get(f"/ledger/{address}").status_code == 403


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.HANDLER])
def test_only_handlers_upload_and_import(
    as_role: Callable[[Role], Browser], handler: Browser, session: Session, role: Role
) -> None:
    address, _ = checked(handler, ledger(a_record("KG-1")))
    browser = as_role(role)
    assert send(browser, SAMPLE.read_bytes()).status_code == 403
    for answer in (browser.get(address), browser.post(f"{address}/import"), browser.post(f"{address}/again")):
        assert answer.status_code == 403
    assert count(session, Project) == 0
    assert count(session, LedgerUpload) == 1


def test_the_sample_is_checked_imported_and_listed(handler: Browser, session: Session) -> None:
    address, page = checked(handler, SAMPLE.read_bytes())
    assert "体检结果" in page.text
    assert "共 660 个" in page.text
    assert "导入 300 个项目" in page.text
    assert "新增 <b>300</b> 个项目" in page.text
    assert count(session, Project) == 0
    assert len(rows_of(handler.get(f"{address}/list.xlsx"))) == 660 + 3

    assert handler.post(f"{address}/import").location == address
    page = settle(handler, address)
    assert "台账已导入" in page.text
    assert "新增 <b>300</b> 个项目" in page.text
    assert "共 <b>300</b> 个项目" in handler.get("/projects/").text
    found = handler.get(f"/ledger/findings?as_of={AS_OF}").text
    assert "共 <b>660</b> 个问题" in found
    assert len(rows_of(handler.get(f"/ledger/findings.xlsx?as_of={AS_OF}"))) == 660 + 3
    start = handler.get("/ledger/").text
    assert "新增 300 个项目，更新 0 个，未变 0 个" in start
    assert "已导入" in start


def test_what_was_exported_can_be_imported_again_unchanged(
    handler: Browser, make_project: Callable[..., Project]
) -> None:
    make_project()
    exported = handler.get("/ledger/export.xlsx")
    assert "filename*=UTF-8''" in exported.headers["Content-Disposition"]
    _, page = checked(handler, exported.data)
    assert "新增 <b>0</b> 个项目，更新 <b>0</b> 个，<b>1</b> 个没有变化" in page.text


def test_an_export_leaves_no_file_behind(app: Flask, handler: Browser) -> None:
    assert handler.get("/ledger/export.xlsx").status_code == 200
    assert list(Path(app.instance_path, "uploads").iterdir()) == []


def test_the_check_says_what_an_import_would_change(
    handler: Browser, make_project: Callable[..., Project]
) -> None:
    make_project("KG-1", title="旧名称")
    content = ledger(a_record("KG-1", title="新名称"), a_record("KG-2"), sheets=("项目", "拨付"))
    address, page = checked(handler, content)
    assert "新增 <b>1</b> 个项目，更新 <b>1</b> 个，<b>0</b> 个没有变化" in page.text
    assert "替换上述项目原有的内容：项目、拨付。" in page.text
    assert "原有内容保持不变：参与单位、考核指标、支出" in page.text
    assert "旧名称" in page.text
    assert "新名称" in page.text
    handler.post(f"{address}/import")
    assert "新增 <b>1</b> 个项目，更新 <b>1</b> 个，未变 <b>0</b> 个" in settle(handler, address).text


def test_the_findings_of_a_check_can_be_filtered(handler: Browser) -> None:
    address, _ = checked(handler, SAMPLE.read_bytes())
    usual = handler.get(f"{address}?strength=usual&size=100").text
    assert "强度：<b>一般</b>" in usual
    assert "strength-must" not in usual.partition('id="list"')[2]
    rule = handler.get(f"{address}?rule=spb-4-amount").text.partition('id="list"')[2]
    numbers = rows_of(handler.get(f"{address}/list.xlsx?rule=spb-4-amount"))
    assert f"共 <b>{len(numbers) - 3}</b> 个问题" in rule
    assert "没有符合条件的问题" in handler.get(f"{address}?q=没有这样的字").text


def test_the_findings_list_is_filtered_paged_and_of_a_day(
    handler: Browser, make_project: Callable[..., Project]
) -> None:
    make_project("KG-1", title="甲项目", start=date(2020, 1, 1), district=100_000_000)
    make_project("KG-2", title="乙项目", district=100_000_000, nature=Nature.TRANSFORMATION)
    everything = rows_of(handler.get(f"/ledger/findings.xlsx?as_of={AS_OF}"))[3:]
    assert {row[0] for row in everything} == {"KG-1", "KG-2"}
    assert {row[0] for row in rows_of(handler.get("/ledger/findings.xlsx?q=甲项目"))[3:]} == {"KG-1"}
    usual = rows_of(handler.get(f"/ledger/findings.xlsx?as_of={AS_OF}&strength=usual"))[3:]
    assert {row[3] for row in usual} == {"一般"}
    assert len(usual) < len(everything)
    assert rows_of(handler.get("/ledger/findings.xlsx?programme=川渝科技创新合作计划（2024）"))[3:] == []
    early = rows_of(handler.get("/ledger/findings.xlsx?as_of=2026-01-01"))[3:]
    assert len(early) < len(everything)
    page = handler.get(f"/ledger/findings?as_of={AS_OF}&page=99&size=20").text
    assert f"共 <b>{len(everything)}</b> 个问题" in page
    assert "/projects/KG-1?tab=compliance" in page


@pytest.mark.parametrize(
    "asked", ["as_of=x&strength=y&page=-1&size=0&rule=z", "as_of=0001-01-01", "q=%00%25"]
)
def test_an_address_that_asks_nonsense_gets_an_answer(handler: Browser, asked: str) -> None:
    assert handler.get(f"/ledger/findings?{asked}").status_code == 200
    assert handler.get(f"/ledger/findings.xlsx?{asked}").status_code == 200


def test_a_refused_workbook_names_its_cells_and_saves_nothing(handler: Browser, session: Session) -> None:
    address, page = checked(handler, (LEDGERS / "broken" / "several.xlsx").read_bytes())
    assert "台账未通过" in page.text
    assert "有 <b>4</b> 处需要改正，没有保存任何内容" in page.text
    assert "项目 3 处，拨付 1 处。" in page.text
    named = [row[:3] for row in rows_of(handler.get(f"{address}/list.xlsx"))[3:]]
    assert named == [
        ("项目", 2, "实施开始"),
        ("项目", 3, "计划类别"),
        ("项目", 4, "自筹资金"),
        ("拨付", 2, "期次"),
    ]
    assert "改好后重新上传" in page.text
    assert 'type="file"' in page.text
    assert handler.post(f"{address}/import").status_code == 302
    assert upload_of(session, address).step is UploadStep.CHECK
    assert count(session, Project) == 0


def test_many_wrong_cells_come_page_by_page(handler: Browser) -> None:
    records = [a_record(f"KG-{number}", pi_name="") for number in range(450)]
    address, page = checked(handler, ledger(*records))
    assert "有 <b>450</b> 处需要改正" in page.text
    assert "450 处，本页 200 处" in page.text
    assert "本页 50 处" in handler.get(f"{address}?page=3").text
    assert len(rows_of(handler.get(f"{address}/list.xlsx"))) == 450 + 3


def test_what_was_passed_over_is_named(handler: Browser) -> None:
    book = load_workbook(BytesIO(ledger(a_record("KG-1"))))
    book.create_sheet("备忘").append(["随手记"])
    book["项目"].cell(1, book["项目"].max_column + 1, "内部编号")
    file = BytesIO()
    book.save(file)
    _, page = checked(handler, file.getvalue())
    assert "没有读取：工作表“备忘”、工作表“项目”的“内部编号”列" in page.text


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
    assert count(session, LedgerUpload) == 0


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
    assert count(session, LedgerUpload) == 0


def test_a_strange_file_name_is_kept_as_plain_text(handler: Browser, session: Session) -> None:
    answer = send(handler, ledger(a_record("KG-1")), "<b>台\x01账" + "长" * 300 + ".xlsx")
    page = settle(handler, answer.location)
    name = upload_of(session, answer.location).file_name
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
            browser.post(f"{address}/again").status_code,
        }

    assert visits(people.both, people.agency_a) == {404}  # a colleague, handler in the same agency
    assert visits(people.b[Role.HANDLER]) == {404}
    assert upload_of(session, address).step is UploadStep.CHECK


def test_pressing_twice_uploads_once_and_imports_once(handler: Browser, session: Session) -> None:
    content = ledger(a_record("KG-1"))
    held = Event()
    background.add(Path("/tmp/keguan-held.progress"), lambda _tell: held.wait(30) and None)
    first, second = send(handler, content), send(handler, content)
    waiting = handler.get(first.location)
    assert "排队等候" in waiting.text
    assert '<meta http-equiv="refresh"' in waiting.text
    held.set()
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


def test_the_progress_alone_is_sent_to_htmx_and_then_the_way_on(handler: Browser) -> None:
    held = Event()
    background.add(Path("/tmp/keguan-held.progress"), lambda _tell: held.wait(30) and None)
    address = send(handler, ledger(a_record("KG-1"))).location
    part = handler.get(address, headers={"HX-Request": "true"})
    assert part.text.lstrip().startswith('<div class="progressing"')
    assert f'hx-get="{address}"' in part.text
    held.set()
    settle(handler, address)
    part = handler.get(address, headers={"HX-Request": "true"})
    assert (part.status_code, part.headers["HX-Redirect"]) == (204, address)


@pytest.mark.parametrize("step", UploadStep)
def test_work_a_stopped_server_left_is_shown_and_can_begin_again(
    app: Flask, handler: Browser, session: Session, step: UploadStep
) -> None:
    address, _ = checked(handler, ledger(a_record("KG-1")))
    upload = upload_of(session, address)
    upload_id = upload.id
    begin_write(session)
    kept = session.get_one(LedgerUpload, upload_id)
    kept.step, kept.state = step, UploadState.GOING
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
    assert handler.post(f"{address}/again").location == address
    page = settle(handler, address)
    assert ("体检结果" if step is UploadStep.CHECK else "台账已导入") in page.text
    assert count(session, Project) == (step is UploadStep.IMPORT)


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
    handler.post(f"{address}/again")
    assert "台账已导入" in settle(handler, address).text


def test_an_import_that_would_undo_a_payment_here_is_refused(
    handler: Browser, session: Session, make_project: Callable[..., Project]
) -> None:
    content = ledger(a_record("KG-1", tranches=(Tranche(1, Source.DISTRICT, 10_000_000, None, 0, None),)))
    project_id = make_project("KG-1").id
    address, page = checked(handler, content)
    assert "更新 <b>1</b> 个" in page.text
    begin_write(session)
    session.execute(
        update(TrancheRow).where(TrancheRow.project_id == project_id).values(state=TrancheState.PROPOSED)
    )
    session.commit()
    handler.post(f"{address}/import")
    page = settle(handler, address)
    assert "台账未通过" in page.text
    assert "正在系统中办理拨付" in page.text


def test_old_uploads_are_cleared_away(app: Flask, handler: Browser, session: Session) -> None:
    address, _ = checked(handler, ledger(a_record("KG-1")))
    old = upload_of(session, address)
    names = {old.digest, old.key}
    begin_write(session)
    session.get_one(LedgerUpload, old.id).changed_at = datetime.now(UTC) - KEPT - timedelta(minutes=1)
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
