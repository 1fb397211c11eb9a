"""Handing out workbooks."""

from __future__ import annotations

from io import BytesIO

from flask import send_file
from flask.typing import ResponseReturnValue

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def send_workbook(file: BytesIO, name: str) -> ResponseReturnValue:
    """Hand out a workbook that was written, under that name."""
    file.seek(0)
    return send_file(file, XLSX, as_attachment=True, download_name=name)
