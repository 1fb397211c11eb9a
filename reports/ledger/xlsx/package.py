"""Opens the zip package of an .xlsx file without trusting it.

Whatever a stranger's file claims or hides, looking at it costs little: sizes are checked before anything is
unpacked, parts are read in pieces, and document type declarations (entities, outside references) are refused.
"""

from __future__ import annotations

import posixpath
import zlib
from collections import deque
from collections.abc import Iterator
from typing import IO, NamedTuple
from xml.parsers import expat
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from reports.ledger.errors import NotAWorkbook

MiB = 1 << 20
MOST_FILE = 256 * MiB
MOST_ENTRIES = 10_000
MOST_PART = 1024 * MiB
"""A sheet whose 1,048,576 rows are all formatted takes up to some 700 MiB; more than this nobody typed."""
MOST_TOTAL = 2048 * MiB
MOST_RATIO = 250
"""Sheets shrink to a fiftieth at best; a thousandth is a bomb."""
_RATIO_FROM = 8 * MiB
_PIECE = 256 * 1024
_ENTRY = b"PK\x01\x02"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

NO_WORKBOOK = "文件不是可以读取的 Excel 工作簿（.xlsx），请用 Excel 或 WPS 另存为 .xlsx 后再试"
OLD_OR_LOCKED = "文件是旧版 .xls 或设有打开密码，请取消密码并另存为 .xlsx 后再试"
DAMAGED = "文件已损坏或不完整，请重新保存后再试"
TOO_BIG = "文件展开后过大，不像是台账，请只保留台账内容后再试"


class Relation(NamedTuple):
    """A link from one part of the package to another."""

    id: str
    kind: str
    """The last word of its type: ``worksheet``, ``styles``, ``sharedStrings``."""
    target: str


Tag = tuple[str, dict[str, str]]


class Package:
    """An opened package. Every method raises ``NotAWorkbook`` for what cannot be read."""

    def __init__(self, stream: IO[bytes]) -> None:
        _look_before_opening(stream)
        try:
            self._zip = ZipFile(stream)
        except (BadZipFile, OSError, ValueError, NotImplementedError, EOFError) as error:
            raise NotAWorkbook(NO_WORKBOOK) from error
        self._parts = {_normal(info.filename): info for info in self._zip.infolist()}
        _check_sizes(self._zip.infolist())

    def __contains__(self, part: str) -> bool:
        return _normal(part) in self._parts

    def size(self, part: str) -> int:
        """Return the unpacked size of a part in bytes; 0 where there is none."""
        info = self._parts.get(_normal(part))
        return info.file_size if info else 0

    def pieces(self, part: str) -> Iterator[bytes]:
        """Yield a part's bytes a piece at a time."""
        info = self._parts.get(_normal(part))
        if info is None:
            raise NotAWorkbook(DAMAGED)
        try:
            with self._zip.open(info) as stream:
                while piece := stream.read(_PIECE):
                    yield piece
        except (BadZipFile, OSError, EOFError, RuntimeError, NotImplementedError, zlib.error) as error:
            raise NotAWorkbook(DAMAGED) from error

    def tags(self, part: str) -> Iterator[Tag]:
        """Yield the opening tags of a part with their attributes, names without prefixes."""
        found: deque[Tag] = deque()

        def start(name: str, attributes: dict[str, str]) -> None:
            found.append((local(name), {local(key): value for key, value in attributes.items()}))

        parser = new_parser()
        parser.StartElementHandler = start
        for piece in self.pieces(part):
            parse(parser, piece)
            while found:
                yield found.popleft()
        parse(parser, b"", last=True)

    def relations(self, part: str) -> list[Relation]:
        """Return the links of a part (``""``: of the package) to other parts of the package."""
        folder, name = posixpath.split(part)
        source = posixpath.join(folder, "_rels", f"{name}.rels")
        if source not in self:
            return []
        return [
            Relation(
                attributes.get("Id", ""),
                attributes.get("Type", "").rpartition("/")[2],
                _normal(posixpath.join("/", folder, attributes.get("Target", ""))),
            )
            for name, attributes in self.tags(source)
            if name == "Relationship" and attributes.get("TargetMode") != "External"
        ]


def local(name: str) -> str:
    """Return a tag's or attribute's name without its prefix."""
    return name.rpartition(":")[2]


def new_parser() -> expat.XMLParserType:
    """Return a parser that refuses document type declarations."""

    def refuse(*_: object) -> None:
        raise NotAWorkbook(DAMAGED)

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = refuse
    return parser


def parse(parser: expat.XMLParserType, piece: bytes, *, last: bool = False) -> None:
    """Feed the parser; raises ``NotAWorkbook`` for what is not well-formed."""
    try:
        parser.Parse(piece, last)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise NotAWorkbook(DAMAGED) from error


def _normal(name: str) -> str:
    return posixpath.normpath("/" + name.replace("\\", "/")).lstrip("/").lower()


def _look_before_opening(stream: IO[bytes]) -> None:
    """Refuse what is no zip, or a zip whose mere table of contents would be a burden."""
    start = stream.read(len(_OLE))
    if start == _OLE:
        raise NotAWorkbook(OLD_OR_LOCKED)
    if not start.startswith(b"PK"):
        raise NotAWorkbook(NO_WORKBOOK)
    size, entries, tail = len(start), 0, start
    while piece := stream.read(MiB):
        size += len(piece)
        entries += (tail[-3:] + piece).count(_ENTRY)
        tail = piece
        if size > MOST_FILE or entries > MOST_ENTRIES:
            raise NotAWorkbook(TOO_BIG)
    stream.seek(0)


def _check_sizes(entries: list[ZipInfo]) -> None:
    """Refuse by the declared sizes; unpacking stops at what is declared, so lies do not help."""
    if sum(entry.file_size for entry in entries) > MOST_TOTAL:
        raise NotAWorkbook(TOO_BIG)
    for entry in entries:
        if entry.file_size > MOST_PART:
            raise NotAWorkbook(TOO_BIG)
        if entry.file_size > _RATIO_FROM and entry.file_size > MOST_RATIO * entry.compress_size:
            raise NotAWorkbook(TOO_BIG)
        if entry.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
            raise NotAWorkbook(NO_WORKBOOK)
        if entry.flag_bits & 1:
            raise NotAWorkbook(OLD_OR_LOCKED)
