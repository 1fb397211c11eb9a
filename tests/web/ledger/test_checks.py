"""What the check of a ledger says, and what its import then does."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

from openpyxl import load_workbook
from sqlalchemy import update
from sqlalchemy.orm import Session

from lifecycle.database import begin_write
from lifecycle.models import Project
from lifecycle.models import Tranche as TrancheRow
from lifecycle.record import Source, Tranche
from lifecycle.stages import TrancheState
from tests.web.ledger.uploading import (
    AS_OF,
    LEDGERS,
    SAMPLE,
    checked,
    count,
    ledger,
    rows_of,
    upload_of,
)
from tests.web.site import Browser, a_record
from tests.web.working import settle


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
    assert "没有符合条件的问题" in handler.get(f"{address}?text=没有这样的字").text


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
    assert upload_of(session, address).kind == "ledger.check"
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
    assert "已在系统中办理（第 1 期（区（县）级财政）待审批）" in page.text
