"""Small files of every kind that may be attached, made for tests."""

from __future__ import annotations

from io import BytesIO
from zipfile import ZipFile

from openpyxl import Workbook
from pypdf import PdfWriter

PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"
    b"\x00\x00\x00\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\x00\x05\x00\x01\xff\x89\x99=\x1d\x00\x00\x00\x00IEND\xaeB`\x82"
)
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xd9"


def pdf(pages: int = 1, password: str = "", words: str = "") -> bytes:
    """Return a PDF of blank pages; different ``words`` make different files."""
    writer, out = PdfWriter(), BytesIO()
    for _ in range(pages):
        writer.add_blank_page(width=200, height=200)
    writer.add_metadata({"/Title": words})
    if password:
        writer.encrypt(password, algorithm="RC4-128")
    writer.write(out)
    return out.getvalue()


def xlsx() -> bytes:
    """Return an Excel workbook."""
    out = BytesIO()
    Workbook().save(out)
    return out.getvalue()


def docx(
    main: str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
) -> bytes:
    """Return a Word document as far as its package tells; ``main`` is the type it gives its main part."""
    out = BytesIO()
    with ZipFile(out, "w") as package:
        package.writestr(
            "[Content_Types].xml",
            f'<Types><Override PartName="/word/document.xml" ContentType="{main}"/></Types>',
        )
        package.writestr("word/document.xml", "<document/>")
    return out.getvalue()


def archive() -> bytes:
    """Return a plain ZIP archive."""
    out = BytesIO()
    with ZipFile(out, "w") as package:
        package.writestr("word/evil.exe", "MZ")
    return out.getvalue()
