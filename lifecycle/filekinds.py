"""What may be attached: kinds of file told by their content, the limits, and names that can be kept."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import IO
from zipfile import BadZipFile, ZipFile

import filetype
from pypdf import PdfReader

from lifecycle.refusals import Refusal

MOST_BYTES = 20 * 1024 * 1024
"""Bytes of one file."""

MOST_FILES = 20
"""Files of one act."""

MOST_NAME = 120
"""Characters of a name that are kept, the suffix among them."""

_MOST_LISTED = 1 << 20
"""Bytes that are read of the list of what an Office file holds; a few thousand are usual."""

_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


class Unfit(Refusal):
    """A file cannot be attached. The message names the file and says what to do."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"“{name}”{why}")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file that may be attached."""

    label: str
    media_type: str
    suffixes: tuple[str, ...]
    """Without the dot, in lower case."""


_OFFICE = "application/vnd.openxmlformats-officedocument"

PDF = Kind("PDF", "application/pdf", ("pdf",))
JPEG = Kind("JPG 图片", "image/jpeg", ("jpg", "jpeg"))
PNG = Kind("PNG 图片", "image/png", ("png",))
WORD = Kind("Word（.docx）", f"{_OFFICE}.wordprocessingml.document", ("docx",))
EXCEL = Kind("Excel（.xlsx）", f"{_OFFICE}.spreadsheetml.sheet", ("xlsx",))

ANY = (PDF, JPEG, PNG, WORD, EXCEL)
"""Whatever supports a statement: papers, pictures, tables."""

SCAN = (PDF, JPEG, PNG)
"""What shows signatures and seals."""

PDF_ONLY = (PDF,)

_BY_SUFFIX = {suffix: kind for kind in ANY for suffix in kind.suffixes}


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that lies in the store. ``size`` is in bytes."""

    sha256: str
    name: str
    media_type: str
    size: int


def labels(kinds: tuple[Kind, ...]) -> str:
    """Return the kinds in words: "PDF、JPG 图片或 PNG 图片"."""
    *others, last = [kind.label for kind in kinds]
    return f"{'、'.join(others)}或 {last}" if others else last


def clean_name(name: str) -> str:
    """Return a file's name as it is kept: without folders and what cannot be seen.

    A name longer than ``MOST_NAME`` is cut before its suffix; all else stays as it was, whatever the script.
    """
    base = name.replace("\\", "/").rpartition("/")[2]
    plain = "".join(char for char in base if _is_seen(char)).strip()
    if len(plain) <= MOST_NAME:
        return plain
    stem, dot, suffix = plain.rpartition(".")
    if not dot or len(suffix) >= MOST_NAME - 1:
        return plain[:MOST_NAME]
    return f"{stem[: MOST_NAME - len(suffix) - 1]}.{suffix}"


def _is_seen(char: str) -> bool:
    """Whether a character may stand in a name: no control, no line end, nothing that turns text around."""
    turns = unicodedata.bidirectional(char) in {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    return not turns and unicodedata.category(char) not in {"Cc", "Cs", "Zl", "Zp"}


def kind_by_name(name: str, kinds: tuple[Kind, ...]) -> Kind:
    """Return what a file says it is by its suffix. Raises ``Unfit`` where that is none of ``kinds``."""
    kind = _BY_SUFFIX.get(name.rpartition(".")[2].lower()) if "." in name else None
    if kind is None or kind not in kinds:
        raise Unfit(name, f"不是可以上传的文件类型，请上传 {labels(kinds)}。")
    return kind


def inspect(stream: IO[bytes], name: str, kinds: tuple[Kind, ...] = ANY) -> Kind:
    """Return what a file is, by its name and by what is in it, which must agree; ``stream`` can seek.

    Raises ``Unfit`` for what is empty, broken, locked, or something else than its name says.
    """
    kind = kind_by_name(name, kinds)
    stream.seek(0)
    head = stream.read(8192)
    if not head:
        raise Unfit(name, "是空文件，请重新选择。")
    if kind in (WORD, EXCEL):
        _look_into_office(stream, head, name, kind)
    elif filetype.guess_mime(head) != kind.media_type:
        raise Unfit(name, f"的内容不是 {kind.label}，与文件名不符，请检查后重新选择。")
    elif kind is PDF:
        _look_into_pdf(stream, name)
    stream.seek(0)
    return kind


def _look_into_pdf(stream: IO[bytes], name: str) -> None:
    stream.seek(0)
    try:
        reader = PdfReader(stream)
        locked = reader.is_encrypted
        pages = 0 if locked else len(reader.pages)
    except Exception:  # whatever a broken file makes the reader stumble over
        raise Unfit(name, "无法打开，可能已损坏，请重新扫描或另存为 PDF 后再上传。") from None
    if locked:
        raise Unfit(name, "设有密码或使用限制，请取消后再上传。")
    if not pages:
        raise Unfit(name, "没有任何页面，请重新扫描或另存为 PDF 后再上传。")


def _look_into_office(stream: IO[bytes], head: bytes, name: str, kind: Kind) -> None:
    if head.startswith(_OLD_OFFICE):
        raise Unfit(name, f"是旧版格式或设有密码，请取消密码，另存为 {kind.label} 后再上传。")
    stream.seek(0)
    try:
        if not head.startswith(b"PK\x03\x04"):
            raise BadZipFile
        with ZipFile(stream) as package, package.open("[Content_Types].xml") as listed:
            contents = listed.read(_MOST_LISTED)
            folder = "word/" if kind is WORD else "xl/"
            fits = any(entry.startswith(folder) for entry in package.namelist())
    except Exception:  # whatever a broken archive makes the reader stumble over
        raise Unfit(name, f"的内容不是 {kind.label}，或者文件已损坏，请另存后再上传。") from None
    if not fits or f"{kind.media_type}.main+xml".encode() not in contents:
        raise Unfit(name, f"的内容不是 {kind.label}，与文件名不符，请检查后重新选择。")
