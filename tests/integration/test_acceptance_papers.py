"""What offices sign of an acceptance: complete, with amounts in figures and words, whatever is in it."""

from __future__ import annotations

import shutil
import subprocess
from io import BytesIO
from pathlib import Path

import pytest
from docx import Document
from pypdf import PdfReader
from sqlalchemy.orm import Session

from lifecycle.acceptance.cases import Found, find_case
from lifecycle.acceptance.listing import AwaitingChange, awaiting_conference
from lifecycle.acceptance.own import OwnConclusion, conclude_oneself, confirm_filing
from lifecycle.acceptance.reviewing import panel_of_case
from lifecycle.record import ChangeKind, Conclusion
from lifecycle.roles import Role
from reports.acceptance_papers import certificate_paper, conference_paper, opinion_paper, receipt_paper
from tests.integration.accepting import DAY, NASTY, Accepting, a_file, accepting
from tests.integration.paying import a_bureau
from tests.plugins.needs import missing

BUREAU = "沙坪坝区科学技术局"


@pytest.fixture
def it(session: Session) -> Accepting:
    return accepting(a_bureau(session))


def found(it: Accepting, case_id: int) -> Found:
    it.bureau.session.rollback()
    return find_case(it.bureau.session, it.actor(Role.HANDLER), case_id)


def words(paper: bytes) -> str:
    """Return all the text of a Word file."""
    document = Document(BytesIO(paper))
    cells = (cell.text for table in document.tables for row in table.rows for cell in row.cells)
    return "\n".join([*(one.text for one in document.paragraphs), *cells])


def opinion(it: Accepting, way: str = "major-joint") -> bytes:
    case = found(it, it.proposed(way, title=f"智慧运维{NASTY}"))
    panel = panel_of_case(it.bureau.session, case)
    assert panel
    return opinion_paper(case, panel, agency=BUREAU)


def test_the_opinion_form_carries_every_expert_and_the_account(it: Accepting) -> None:
    text = words(opinion(it))
    for wanted in (NASTY, "100,000.00", "80,000.00", "沙坪坝区人民医院（盖章）", "同意通过验收。", "88.0分"):
        assert wanted in text
    for one in it.experts:
        assert f"{one.name}（" in text
    assert "{{" not in text
    assert "{%" not in text


def test_the_certificate_has_its_number_and_the_money_in_words(it: Accepting) -> None:
    text = words(certificate_paper(found(it, it.concluded("major", title=f"智慧运维{NASTY}")), agency=BUREAU))
    for wanted in (
        NASTY,
        "编号：2027-0001",
        "200,000.00元（贰拾万元整）",
        "部门联席会议于2027年11月15日审议",
    ):
        assert wanted in text


def test_a_project_without_authorities_names_none_on_its_certificate(it: Accepting) -> None:
    assert "联席会议" not in words(certificate_paper(found(it, it.concluded()), agency=BUREAU))


def test_the_list_for_the_conference_has_acceptances_and_changes(it: Accepting) -> None:
    it.proposed("major", title=f"智慧运维{NASTY}")
    cases, changes = awaiting_conference(it.bureau.session, it.actor(Role.HANDLER))
    assert (len(cases), changes) == (1, [])
    change = AwaitingChange(1, "沙-9", "另一项目", "渝州大学", ChangeKind.PI, "李工", NASTY, "工作调动", None)
    text = words(conference_paper(cases, [change], agency=BUREAU, today=DAY, basis="第三十二条"))
    for wanted in (f"智慧运维{NASTY}", "项目负责人：李工→A&B ‹关键>", "共2项", "第三十二条"):
        assert wanted in text


def test_another_agencys_projects_do_not_come_before_this_conference(it: Accepting) -> None:
    it.proposed("major")
    stranger = it.bureau.people.b[Role.HANDLER].actor
    assert awaiting_conference(it.bureau.session, stranger) == ([], [])


def receipt(it: Accepting, number: str = "沙-1", name: str = f"验收意见{NASTY}.pdf") -> bytes:
    """Return the receipt of a new self-established project for one paper."""
    case_id = it.confirmed("self", number)
    own = OwnConclusion(Conclusion.PASSED, DAY, "同意通过。")
    conclude_oneself(it.bureau.session, it.actor(Role.UNIT_MANAGER), case_id, own, [a_file(name)], DAY)
    confirm_filing(it.bureau.session, it.actor(Role.HANDLER), case_id, DAY, DAY)
    return receipt_paper(found(it, case_id), [name], agency=BUREAU)


def test_the_receipt_lists_the_papers_with_the_article(it: Accepting) -> None:
    text = words(receipt(it))
    for wanted in (f"验收意见{NASTY}.pdf", "2027年11月15日收到", "沙科局发〔2023〕41号 第三十二条"):
        assert wanted in text


def test_libreoffice_opens_them_as_pages(it: Accepting, tmp_path: Path) -> None:
    program = shutil.which("soffice")
    if program is None:
        missing("no LibreOffice found; install libreoffice-writer-nogui")
    papers = {"opinion": opinion(it), "receipt": receipt(it, "沙-2")}
    for name, paper in papers.items():
        (tmp_path / f"{name}.docx").write_bytes(paper)
    words = [program, f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", "pdf"]
    files = [str(tmp_path / f"{name}.docx") for name in papers]
    subprocess.run([*words, "--outdir", str(tmp_path), *files], check=True, capture_output=True, timeout=120)
    pages = {name: len(PdfReader(tmp_path / f"{name}.pdf").pages) for name in papers}
    assert pages == {"opinion": 2, "receipt": 1}
