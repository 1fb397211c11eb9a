"""Files that are no workbooks, or mean harm: refused with one polite sentence, fast and in little memory."""

from __future__ import annotations

import io
import struct
import tracemalloc
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_LZMA, ZipFile

import pytest

from reports.ledger.errors import LedgerRefused
from reports.ledger.reading import read_ledger
from reports.ledger.xlsx import package
from tests.unit.ledger.workbooks import (
    PROJECT,
    header_xml,
    raw,
    rows,
    sheet_xml,
    text_cell,
    with_project,
)

MiB = 1 << 20


def refusal(source: bytes | str | Path) -> str:
    """Return the message of the one error of a file that is no workbook."""
    with pytest.raises(LedgerRefused) as caught:
        read_ledger(source)
    (error,) = caught.value.errors
    assert error[:3] == (None, None, None)
    return error.message


def rewritten(content: bytes, name: str, pieces: Iterator[bytes], method: int = ZIP_DEFLATED) -> bytes:
    """Return a workbook with one part replaced or added."""
    stream = io.BytesIO()
    with ZipFile(io.BytesIO(content)) as old, ZipFile(stream, "w", method) as new:
        for info in old.infolist():
            if info.filename != name:
                new.writestr(info.filename, old.read(info))
        with new.open(name, "w", force_zip64=True) as part:
            for piece in pieces:
                part.write(piece)
    return stream.getvalue()


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none.xlsx") == refusal(str(tmp_path))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK",
        "项目编号,项目名称\n1,测试\n".encode(),
        b"PK\x03\x04" + b"\0" * 100,
        b"PK\x05\x06" + b"\0" * 18,
        b"<html><table><tr><td>1</td></tr></table></html>",
    ],
)
def test_what_is_no_zip_is_no_workbook(content: bytes) -> None:
    assert refusal(content) == package.NO_WORKBOOK


def test_old_and_locked_workbooks_are_told_apart_from_rubbish() -> None:
    assert refusal(bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 600) == package.OLD_OR_LOCKED


@pytest.mark.parametrize("root", ["document", "workbook.bin"])
def test_other_packages_are_no_workbooks(root: str) -> None:
    stream = io.BytesIO()
    with ZipFile(stream, "w") as archive:
        archive.writestr("xl/workbook.xml", f"<{root}/>")
    assert refusal(stream.getvalue()) == package.NO_WORKBOOK
    stream = io.BytesIO()
    with ZipFile(stream, "w") as archive:
        archive.writestr("content.xml", "<office/>")
    assert refusal(stream.getvalue()) == package.NO_WORKBOOK


@pytest.mark.parametrize("kept", [0.2, 0.5, 0.9, 0.999])
def test_a_file_cut_short_is_refused(kept: float) -> None:
    content = with_project()
    refusal(content[: int(len(content) * kept)])


def test_a_file_with_a_flipped_bit_anywhere_gives_errors_and_no_traceback() -> None:
    content = bytearray(with_project())
    for place in range(0, len(content), 97):
        content[place] ^= 0x10
        with suppress(LedgerRefused):
            read_ledger(bytes(content))
        content[place] ^= 0x10


def test_a_part_that_unpacks_to_something_else_than_it_says_is_damaged() -> None:
    content = bytearray(with_project())
    place = content.rfind(b"PK\x01\x02")
    while b"sheet1" not in content[place + 46 : place + 90]:
        place = content.rfind(b"PK\x01\x02", 0, place)
    content[place + 24 : place + 28] = struct.pack("<I", 100)
    assert refusal(bytes(content)) == package.DAMAGED


def test_a_locked_part_is_refused() -> None:
    content = bytearray(with_project())
    place = content.find(b"PK\x01\x02")
    content[place + 8] |= 1
    assert refusal(bytes(content)) == package.OLD_OR_LOCKED


def test_ways_of_packing_that_no_office_uses_are_refused() -> None:
    content = rewritten(raw({"项目": ""}), "xl/extra.bin", iter([b"x"]), ZIP_LZMA)
    assert refusal(content) == package.NO_WORKBOOK


def peak_of(content: bytes) -> tuple[str, int]:
    tracemalloc.start()
    try:
        return refusal(content), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("filler", [b" ", b"\0", b"<row><c><v>1</v></c></row>"])
@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/strings.xml", "xl/media/image1.png"])
def test_a_bomb_is_refused_by_its_size_before_anything_is_unpacked(filler: bytes, part: str) -> None:
    block = filler * (MiB // len(filler))
    bomb = rewritten(raw({"项目": ""}), part, iter([block] * 64))
    message, peak = peak_of(bomb)
    assert message == package.TOO_BIG
    assert peak < 4 * MiB


def test_sizes_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    content = with_project()
    with ZipFile(io.BytesIO(content)) as archive:
        total = sum(info.file_size for info in archive.infolist())
    monkeypatch.setattr(package, "MOST_TOTAL", total)
    assert read_ledger(content).records
    monkeypatch.setattr(package, "MOST_TOTAL", total - 1)
    assert refusal(content) == package.TOO_BIG


def test_a_zip_of_very_many_parts_is_refused_by_its_table_of_contents() -> None:
    stream = io.BytesIO()
    with ZipFile(stream, "w") as archive:
        for number in range(package.MOST_ENTRIES + 1):
            archive.writestr(f"{number}", b"")
    assert refusal(stream.getvalue()) == package.TOO_BIG


def test_a_file_too_large_for_a_ledger_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "MOST_FILE", 1000)
    assert refusal(with_project()) == package.TOO_BIG


ENTITIES = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
LAUGHS = f'<!DOCTYPE x [<!ENTITY l0 "ha">{ENTITIES}]>'
OUTSIDE = '<!DOCTYPE x SYSTEM "file:///etc/passwd">'


@pytest.mark.parametrize("declared", [LAUGHS, OUTSIDE])
def test_document_types_are_refused_in_every_part(declared: str) -> None:
    laughing = sheet_xml('<row r="1"><c r="A1" t="str"><v>&l9;</v></c></row>').replace(
        "<worksheet", "<worksheet", 1
    )
    assert refusal(raw({"项目": declared + laughing})) == package.DAMAGED
    valid = raw({"项目": header_xml("项目")}, strings=["<t>甲</t>"])
    for part in ("xl/workbook.xml", "xl/strings.xml", "xl/styles.xml", "_rels/.rels"):
        with ZipFile(io.BytesIO(valid)) as archive:
            old = archive.read(part)
        assert refusal(rewritten(valid, part, iter([declared.encode() + old]))) == package.DAMAGED


def test_text_that_fills_the_memory_is_refused() -> None:
    def sheet() -> Iterator[bytes]:
        yield f'<worksheet><sheetData>{header_xml("项目")}<row r="2"><c r="A2" t="str"><v>'.encode()
        for number in range(200_000):
            yield f"{number * 2654435761 % 2**32:08x}".encode()
        yield b"</v></c></row></sheetData></worksheet>"

    message, peak = peak_of(rewritten(raw({"项目": ""}), "xl/worksheets/sheet1.xml", sheet()))
    assert message == package.TOO_BIG
    assert peak < 20 * MiB


def test_sheets_outside_the_file_are_not_fetched() -> None:
    content = raw({"项目": header_xml("项目")})
    with ZipFile(io.BytesIO(content)) as archive:
        links = archive.read("xl/_rels/workbook.xml.rels").decode()
    outside = links.replace('Target="worksheets/sheet1.xml"', 'Target="http://x/1.xml" TargetMode="External"')
    with pytest.raises(LedgerRefused) as caught:
        read_ledger(rewritten(content, "xl/_rels/workbook.xml.rels", iter([outside.encode()])))
    assert [error[:3] for error in caught.value.errors] == [("项目", None, None)]


def test_a_sheet_whose_part_is_missing_makes_the_file_damaged() -> None:
    stream = io.BytesIO()
    with ZipFile(io.BytesIO(raw({"项目": ""}))) as old, ZipFile(stream, "w") as new:
        for info in old.infolist():
            if "sheet1" not in info.filename:
                new.writestr(info.filename, old.read(info))
    assert refusal(stream.getvalue()) == package.DAMAGED


def test_every_row_of_a_sheet_may_be_formatted() -> None:
    """1,048,576 rows with a style each, as Excel keeps a sheet someone coloured as a whole."""
    cells = zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", rows("项目", PROJECT)[1], strict=False)
    filled = "".join(text_cell(letter, 2, str(value)) for letter, value in cells if value)

    def sheet() -> Iterator[bytes]:
        yield f'<worksheet><sheetData>{header_xml("项目")}<row r="2">{filled}</row>'.encode()
        for start in range(3, 1_048_577, 4096):
            numbers = range(start, min(start + 4096, 1_048_577))
            formatted = (
                f'<row r="{n}" s="1" customFormat="1"><c r="A{n}" s="1"/><c r="B{n}" s="1"/></row>'
                for n in numbers
            )
            yield "".join(formatted).encode()
        yield b"</sheetData></worksheet>"

    content = rewritten(raw({"项目": ""}), "xl/worksheets/sheet1.xml", sheet())
    assert [record.number for record in read_ledger(content).records] == [PROJECT["项目编号"]]
