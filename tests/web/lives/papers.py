"""Small files to be uploaded."""

from __future__ import annotations

from io import BytesIO

from pypdf import PdfWriter


def scan(name: str) -> tuple[BytesIO, str]:
    """Return a scan of one page by that name."""
    writer, file = PdfWriter(), BytesIO()
    writer.add_blank_page(595, 842)
    writer.add_metadata({"/Title": name})
    writer.write(file)
    file.seek(0)
    return file, name
