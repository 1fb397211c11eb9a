"""The task agreement on paper: complete and clean for every programme, whoever signs it."""

from __future__ import annotations

import shutil
import subprocess
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from pypdf import PdfReader

from lifecycle.agreement_terms import parties_of
from lifecycle.record import (
    BudgetLine,
    BudgetUse,
    Direction,
    Indicator,
    IndicatorCategory,
    Milestone,
    Partner,
    ProjectRecord,
    Source,
    Tranche,
)
from lifecycle.rulebook import rulebook
from lifecycle.terms import terms_of
from reports.papers.agreement import agreement_paper
from reports.papers.clauses import clauses_for
from tests.plugins.needs import missing
from tests.web.site import a_record

NASTY = "A&B ‹关键> {{ 7*7 }}"
TECHNICAL = IndicatorCategory.TECHNICAL
AGENCY = "沙坪坝区科技局"


def project(**fields: Any) -> ProjectRecord:
    """Return a project with something in every part, its names as odd as they come."""
    usual: dict[str, Any] = {
        "title": NASTY,
        "lead_unit": NASTY,
        "pi_name": NASTY,
        "signed_on": None,
        "own": 0,
        "partners": (Partner(NASTY, None, "四川省", 5_000_000, date(2026, 1, 1), date(2027, 12, 31)),),
        "indicators": (Indicator(NASTY, TECHNICAL, Direction.AT_LEAST, "项", "1", NASTY, None, None, None),),
        "milestones": (Milestone(1, NASTY, date(2026, 6, 30), None, None, None),),
        "budget": (BudgetLine(Source.DISTRICT, BudgetUse.LABOUR, 20_000_000),),
        "tranches": (Tranche(1, Source.DISTRICT, 20_000_000, None, 0, None),),
    }
    return a_record("KG-1", **(usual | fields))


def paper(record: ProjectRecord, **more: Any) -> bytes:
    """Return the paper of what the record says."""
    parties = parties_of(record)
    return agreement_paper(record, terms_of(record), parties, agency=AGENCY, version=1, **more)


def text_of(package: bytes) -> str:
    """Return everything that stands on a paper."""
    document = Document(BytesIO(package))
    texts = [paragraph.text for paragraph in document.paragraphs]
    texts += [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join(texts)


@pytest.mark.parametrize("programme", rulebook().programmes)
@pytest.mark.parametrize("fields", [{}, {"joint_unit": None}, {"self_established": True}], ids=str)
def test_every_programme_has_its_parties_and_clauses(programme: str, fields: dict[str, Any]) -> None:
    record = project(programme=programme, **fields)
    found = text_of(paper(record))
    for party in parties_of(record):
        assert f"（{party}）" in found
    assert len(clauses_for(record)) >= 5
    for clause in clauses_for(record):
        assert clause.text in found
    for left_over in ("{%", "None", "{{ row"):
        assert left_over not in found
    assert found.count(NASTY) >= 7
    assert "人民币贰拾万元整" in found


def test_clauses_differ_where_the_law_does() -> None:
    joint, alone = project(), project(joint_unit=None)
    own, enterprise = project(self_established=True), project(programme="企业科技攻关联合行动计划")
    said = [{clause.text for clause in clauses_for(one)} for one in (joint, alone, own, enterprise)]
    assert len({frozenset(one) for one in said}) == 4
    assert not any("80%" in text for text in said[2])


def test_a_draft_says_so_and_what_binds_does_not() -> None:
    assert "草案" in text_of(paper(project(), mark="草案"))
    assert "草案" not in text_of(paper(project()))


def test_an_office_program_opens_it_and_counts_its_pages(tmp_path: Path) -> None:
    office = shutil.which("soffice")
    if office is None:
        missing("no LibreOffice found; install libreoffice-writer-nogui")
    file = tmp_path / "paper.docx"
    file.write_bytes(paper(project(), mark="草案"))
    words = [office, f"-env:UserInstallation=file://{tmp_path}/office", "--headless", "--convert-to", "pdf"]
    words += ["--outdir", str(tmp_path), str(file)]
    subprocess.run(words, check=True, capture_output=True, timeout=180)
    pages = [page.extract_text() for page in PdfReader(tmp_path / "paper.pdf").pages]
    assert 3 <= len(pages) <= 8
    for number, page in enumerate(pages, 1):
        plain = "".join(page.split())
        assert AGENCY in plain
        assert f"第{number}页共{len(pages)}页" in plain
    assert "签字" in pages[-1]
