"""What may be attached is told by its content, and a name is kept as it was."""

from __future__ import annotations

import unicodedata
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.filekinds import (
    ANY,
    EXCEL,
    JPEG,
    MOST_NAME,
    PDF,
    PDF_ONLY,
    PNG,
    SCAN,
    WORD,
    Kind,
    Unfit,
    clean_name,
    inspect,
)
from tests import papers


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("A&B ‹关键>.pdf", papers.pdf(), PDF),
        ("扫描.PDF", papers.pdf(3), PDF),
        ("照片.jpg", papers.JPEG, JPEG),
        ("照片.jpeg", papers.JPEG, JPEG),
        ("图.png", papers.PNG, PNG),
        ("报告.docx", papers.docx(), WORD),
        ("决算.xlsx", papers.xlsx(), EXCEL),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_a_file_is_is_told_by_its_content(name: str, content: bytes, kind: Kind) -> None:
    stream = BytesIO(content)
    assert inspect(stream, name) == kind
    assert stream.read() == content, "the stream is ready to be kept"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("程序.pdf", b"MZ\x90\x00" + papers.pdf(), "不是 PDF"),
        ("页面.pdf", b"<html><script>alert(1)</script></html>", "不是 PDF"),
        ("页面.html", b"<html></html>", "不是可以上传的文件类型"),
        ("图.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "不是可以上传的文件类型"),
        ("程序.exe", b"MZ", "不是可以上传的文件类型"),
        ("旧版.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "不是可以上传的文件类型"),
        ("旧版.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "旧版格式或设有密码"),
        ("压缩.zip", papers.archive(), "不是可以上传的文件类型"),
        ("压缩.docx", papers.archive(), "不是 Word"),
        ("表.docx", papers.xlsx(), "不是 Word"),
        ("文.xlsx", papers.docx(), "不是 Excel"),
        ("宏.docx", papers.docx("application/vnd.ms-word.document.macroEnabled.main+xml"), "不是 Word"),
        ("半个.docx", papers.docx()[:60], "已损坏"),
        ("图.pdf", papers.PNG, "不是 PDF"),
        ("图.png", papers.JPEG, "不是 PNG"),
        ("锁.pdf", papers.pdf(password="x"), "设有密码"),
        ("半个.pdf", b"%PDF-1.7\n%broken", "可能已损坏"),
        ("空白.pdf", papers.pdf(0), "没有任何页面"),
        ("空.pdf", b"", "是空文件"),
        ("没有后缀", papers.pdf(), "不是可以上传的文件类型"),
        ("pdf", papers.pdf(), "不是可以上传的文件类型"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_everything_else_is_refused_by_name_and_reason(name: str, content: bytes, words: str) -> None:
    with pytest.raises(Unfit) as refused:
        inspect(BytesIO(content), name, ANY)
    assert f"“{name}”" in refused.value.message
    assert words in refused.value.message


@pytest.mark.parametrize("kinds", [SCAN, PDF_ONLY])
def test_a_use_takes_only_its_kinds(kinds: tuple[Kind, ...]) -> None:
    with pytest.raises(Unfit, match="请上传 PDF"):
        inspect(BytesIO(papers.docx()), "报告.docx", kinds)


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("A&B ‹关键>.pdf", "A&B ‹关键>.pdf"),
        ('他说"好".pdf', '他说"好".pdf'),
        (r"C:\用户\桌面\报告.pdf", "报告.pdf"),
        ("../../etc/报告.pdf", "报告.pdf"),
        ("换\r\n行.pdf", "换行.pdf"),
        ("反\u202efdp.exe.pdf", "反fdp.exe.pdf"),
        ("a\0b.pdf", "ab.pdf"),
        (" 报告.pdf ", "报告.pdf"),
        ("长" * 300 + ".pdf", "长" * 116 + ".pdf"),
        ("a." + "b" * 300, "a." + "b" * 118),
    ],
)
def test_a_name_is_kept_without_folders_and_what_cannot_be_seen(given_name: str, kept: str) -> None:
    assert clean_name(given_name) == kept


@given(st.text(max_size=300))
def test_a_kept_name_is_always_one_that_can_be_kept(name: str) -> None:
    kept = clean_name(name)
    assert len(kept) <= MOST_NAME
    assert "/" not in kept
    assert "\\" not in kept
    assert not {unicodedata.category(char) for char in kept} & {"Cc", "Cs", "Zl", "Zp"}
    assert clean_name(kept).strip() == kept.strip()


@given(
    st.text(
        st.characters(categories=["L", "N", "P", "S"], exclude_characters="/\\"), min_size=1, max_size=115
    ),
    st.sampled_from(["pdf", "docx", "PNG"]),
)
def test_an_ordinary_name_is_kept_exactly(stem: str, suffix: str) -> None:
    assert clean_name(f"{stem}.{suffix}") == f"{stem}.{suffix}"


@given(st.text(st.characters(categories=["L"]), min_size=121, max_size=400))
def test_a_long_name_keeps_its_suffix(stem: str) -> None:
    kept = clean_name(f"{stem}.xlsx")
    assert len(kept) == MOST_NAME
    assert kept.endswith(".xlsx")


@given(st.binary(max_size=2000), st.sampled_from(["a.pdf", "a.jpg", "a.png", "a.docx", "a.xlsx"]))
def test_nothing_makes_the_look_inside_stumble(content: bytes, name: str) -> None:
    prefix = {"a.pdf": b"%PDF-1.7\n", "a.docx": b"PK\x03\x04", "a.xlsx": b"PK\x03\x04"}.get(name, b"")
    try:
        inspect(BytesIO(prefix + content), name)
    except Unfit:
        return
    assert name in {"a.jpg", "a.png"}, "random bytes are no document"
