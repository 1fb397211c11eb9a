"""The fonts of papers, and what stands in where a machine lacks one."""

from __future__ import annotations

from io import BytesIO
from zipfile import ZipFile

BODY = "仿宋"
HEADS = "宋体"
LATIN = "Times New Roman"

_FALLBACKS = {
    BODY: "FangSong,FangSong_GB2312,STFangsong,FandolFang,Noto Serif CJK SC",
    HEADS: "SimSun,STSong,Songti SC,Noto Serif CJK SC",
}
_TABLE = "word/fontTable.xml"
_END = "</w:fonts>"


def with_fallbacks(package: bytes) -> bytes:
    """Return a Word file whose table of fonts says what else its fonts are called and may be replaced by."""
    made = BytesIO()
    with ZipFile(BytesIO(package)) as source, ZipFile(made, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            target.writestr(name, _completed(content) if name == _TABLE else content)
    return made.getvalue()


def _completed(table: bytes) -> bytes:
    fonts = "".join(
        f'<w:font w:name="{name}"><w:altName w:val="{others}"/><w:charset w:val="86"/>'
        '<w:family w:val="auto"/><w:pitch w:val="default"/></w:font>'
        for name, others in _FALLBACKS.items()
    )
    return table.decode().replace(_END, f"{fonts}{_END}").encode()
