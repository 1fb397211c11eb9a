"""A workbook's package that is always the same bytes for the same content."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from io import BytesIO
from os import PathLike
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo


class Package(ZipFile):
    """What openpyxl writes a workbook into: its parts all bear one time, and its one sheet is completed."""

    def __init__(self, file: BytesIO, made: datetime, completed: Callable[[bytes], bytes]) -> None:
        super().__init__(file, "w", ZIP_DEFLATED)
        self._made = made
        self._completed = completed

    def writestr(self, zinfo_or_arcname: str | ZipInfo, data: Any, *_: Any, **__: Any) -> None:
        """Add a part, at the fixed time."""
        name = zinfo_or_arcname if isinstance(zinfo_or_arcname, str) else zinfo_or_arcname.filename
        info = ZipInfo(name, self._made.timetuple()[:6])
        info.compress_type = ZIP_DEFLATED
        super().writestr(info, data)

    def write(
        self, filename: str | PathLike[str], arcname: str | PathLike[str] | None = None, *_: Any, **__: Any
    ) -> None:
        """Add the sheet, completed; of all parts only sheets come as files."""
        self.writestr(str(arcname), self._completed(Path(filename).read_bytes()))
