"""The two ways of reading rows, by one regular expression and by a parser, never differ."""

from __future__ import annotations

from collections.abc import Iterator
from unittest.mock import patch
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.utils import get_column_letter

from reports.ledger.errors import NotAWorkbook
from reports.ledger.xlsx.formats import Shows
from reports.ledger.xlsx.package import parse
from reports.ledger.xlsx.sheet import read_rows
from reports.ledger.xlsx.shortcut import read_whole_rows
from reports.ledger.xlsx.values import Row, Tables, Values
from tests.unit.ledger.workbooks import sheet_xml

TABLES = Tables(["甲", "乙"], {"1": Shows.DATE, "2": Shows.DURATION}, from_1904=False)
TEXT = st.text(st.characters(exclude_categories=["C"]), max_size=8)
CONTENT = st.one_of(
    st.sampled_from(["", "<v></v>", "<v/>", "<v />", "<f>1+1</f>", "<f>1</f><v>2</v>"]),
    st.sampled_from(["<v>1</v>", "<v>0</v>", "<v>45000.5</v>", "<v>1e400</v>", "<v> 2 </v>", "<v>&#49;</v>"]),
    TEXT.map(lambda text: f"<is><t>{escape(text)}</t></is>"),
    TEXT.map(lambda text: f'<is><t xml:space="preserve"> {escape(text)} </t></is>'),
    TEXT.map(lambda text: f"<is><r><t>{escape(text)}</t></r><rPh><t>x</t></rPh></is>"),
)
TYPE = st.sampled_from(["", ' t="n"', ' t="s"', ' t="str"', ' t="inlineStr"', ' t="b"', ' t="e"', ' t="d"'])
STYLE = st.sampled_from(["", ' s="0"', ' s="1"', ' s="2"', ' s="9"'])
ROW_MORE = st.sampled_from(["", ' spans="1:3"', ' s="1" customFormat="1"'])


@st.composite
def sheets(draw: st.DrawFn) -> str:
    """Return the rows of a sheet, mostly written the common way."""
    number, parts = 0, []
    for _ in range(draw(st.integers(0, 12))):
        number += draw(st.integers(1, 3))
        said = f' r="{number}"' if draw(st.integers(0, 9)) else ""
        columns = draw(st.lists(st.integers(1, 30), max_size=5, unique=True))
        cells = [
            f'<c r="{get_column_letter(column)}{number}"{draw(STYLE)}{draw(TYPE)}>{draw(CONTENT)}</c>'
            for column in (columns if draw(st.booleans()) else sorted(columns))
        ]
        parts.append(f"<row{said}{draw(ROW_MORE)}>{''.join(cells)}</row>".replace("></c>", "/>"))
    return "".join(parts)


def both_ways(xml: str, size: int) -> tuple[object, object]:
    def result() -> object:
        encoded = sheet_xml(xml).encode()
        pieces = (encoded[place : place + size] for place in range(0, len(encoded), size))
        try:
            return list(read_rows(pieces, TABLES))
        except NotAWorkbook:
            return "refused"

    with patch("reports.ledger.xlsx.sheet.read_whole_rows", return_value=None):
        by_parser = result()
    return result(), by_parser


@given(sheets(), st.integers(40, 400))
def test_both_ways_read_the_same(xml: str, size: int) -> None:
    by_either, by_parser = both_ways(xml, size)
    assert by_either == by_parser


@given(sheets(), st.integers(40, 400))
def test_cells_come_from_left_to_right_and_rows_from_top_to_bottom(xml: str, size: int) -> None:
    found, _ = both_ways(xml, size)
    if isinstance(found, list):
        assert [number for number, _ in found] == sorted({number for number, _ in found})
        assert all(list(row) == sorted(row) for _, row in found)


def whole(xml: str) -> list[tuple[int, Row]] | None:
    return read_whole_rows(xml.encode(), Values(TABLES))


def test_the_common_way_is_taken() -> None:
    xml = (
        '<row r="2" spans="1:2"><c r="A2" s="1"><v>45000</v></c>'
        '<c r="B2" t="s"><v>1</v></c><c r="C2" s="3"/></row>'
        '<row r="3"></row><row r="4"/><row r="5" ht="15"><c r="B5" t="inlineStr"><is><t>文</t></is></c></row>'
        '<row r="6" s="1"/>'
    )
    found = whole(xml)
    assert found is not None
    assert [number for number, _ in found] == [2, 5]
    assert found[1][1] == {1: "文"}


@pytest.mark.parametrize(
    "xml",
    [
        '<row r="1"><c r="A1"><f>1</f><v>1</v></c></row>',
        '<row r="1"><c r="A1"><v>&#49;</v></c></row>',
        '<row r="1"><c><v>1</v></c></row>',
        '<row><c r="A1"><v>1</v></c></row>',
        '<row r="1"><!-- <c r="A1"><v>1</v></c> --></row>',
        '<row r="1"><c r="A1"><v>1</v></c><extra/></row>',
        '<row r="1"><c r="A1" cm="1"><v>1</v></c></row>',
        '<row r="1"><c r="A1"><v>1</v></c></row><row r="2">',
    ],
)
def test_at_any_doubt_the_parser_is_left_to_read(xml: str) -> None:
    assert whole(xml) is None


def test_a_row_longer_than_memory_should_hold_is_read_in_pieces() -> None:
    cells = "".join(f'<c r="{get_column_letter(n)}1"><v>{n}</v></c>' for n in range(1, 2000))
    with patch("reports.ledger.xlsx.sheet.LONGEST_ROW", 1000):
        (row,), by_parser = both_ways(f'<row r="1">{cells}</row>', 300)  # type: ignore[misc]
    assert [row] == by_parser
    assert len(row[1]) == 1999


def test_formatted_rows_without_content_never_reach_the_parser() -> None:
    def pieces() -> Iterator[bytes]:
        yield sheet_xml('<row r="1"><c r="A1"><v>1</v></c></row>').encode().partition(b"</sheetData")[0]
        for start in range(2, 50_000, 1000):
            cells = (f'<row r="{n}"><c r="A{n}" s="1"/></row>' for n in range(start, start + 1000))
            yield "".join(cells).encode()
        yield b"<row><c><v>2</v></c></row></sheetData></worksheet>"

    with patch("reports.ledger.xlsx.sheet.parse", wraps=parse) as parsed:
        assert list(read_rows(pieces(), TABLES)) == [(1, {0: 1.0}), (50_002, {0: 2.0})]
    assert sum(len(call.args[1]) for call in parsed.call_args_list) < 50_000
