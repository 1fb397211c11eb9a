"""Word papers: whatever people type comes out as they typed it, and a template is what its design draws."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from docx import Document
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError

from reports.papers import rendering
from reports.papers.drawing import drawn
from reports.papers.paper import Column, Paper
from reports.papers.rendering import TEMPLATES, render

NASTY = "A&B ‹关键> {{ 7*7 }} {% if %} {_{ 1 }_} 😀 <b>"


def parts(package: bytes) -> dict[str, bytes]:
    """Return what is in a package, by name."""
    with ZipFile(BytesIO(package)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def words(package: bytes) -> str:
    """Return all text of a Word file, head and tables included."""
    document = Document(BytesIO(package))
    texts = [paragraph.text for paragraph in document.sections[0].header.paragraphs]
    texts += [paragraph.text for paragraph in document.paragraphs]
    texts += [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join(texts)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one small template of every part a paper may have."""
    paper = Paper("通知")
    paper.title("{{ title }}")
    with paper.when("title"), paper.each("line", "lines"):
        paper.text("{{ line }}")
    paper.table([Column("名称", "{{ row.name }}", 8), Column("金额", "{{ row.amount|yuan }}", 7)], "rows")
    paper.signature("{{ title }}")
    made = tmp_path_factory.mktemp("templates")
    (made / "notice.docx").write_bytes(paper.package())
    return made


@pytest.fixture(autouse=True)
def _own_templates(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendering, "TEMPLATES", folder)


def context(text: str) -> Mapping[str, Any]:
    """Return what the small template asks, with ``text`` in every place."""
    return {"agency": text, "title": text, "lines": [text], "rows": [{"name": text, "amount": 123_456}]}


def test_what_is_typed_comes_out_as_it_was_in_every_place() -> None:
    found = words(render("notice", context(NASTY)))
    assert found.count(NASTY) >= 5
    assert "49" not in found
    assert "1,234.56" in found


def test_lines_stay_lines_and_what_a_file_cannot_hold_is_left_out() -> None:
    found = words(render("notice", context("一\r\n二\x00\x07\x0c\x1f\ud800三")))
    assert "一\n二三" in found


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), min_size=1))
def test_any_text_can_be_printed(text: str) -> None:
    assert text in words(render("notice", context(text)))


def test_a_name_that_is_missing_is_an_error_and_no_blank() -> None:
    with pytest.raises(UndefinedError):
        render("notice", {"agency": "区科技局"})


def test_a_paper_takes_plain_values_only() -> None:
    with pytest.raises(TypeError):
        render("notice", {**context("一"), "title": object()})


def test_the_same_content_gives_the_same_bytes() -> None:
    assert render("notice", context(NASTY)) == render("notice", context(NASTY))


def test_a_table_repeats_its_head_on_every_page() -> None:
    assert b"<w:tblHeader/>" in parts(render("notice", context("一")))["word/document.xml"]


def test_every_template_is_what_its_design_draws() -> None:
    kept = {path.stem: parts(path.read_bytes()) for path in TEMPLATES.glob("*.docx")}
    assert kept == {name: parts(package) for name, package in drawn().items()}, "run make papers"
