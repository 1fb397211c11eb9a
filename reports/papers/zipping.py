"""A Word file's package that is always the same bytes for the same content."""

from __future__ import annotations

from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

_ANY_DAY = (1980, 1, 1, 0, 0, 0)
"""What zip files say where they say nothing."""


def fixed(package: bytes) -> bytes:
    """Return the package with its parts in the order they came, all bearing one time."""
    made = BytesIO()
    with ZipFile(BytesIO(package)) as source, ZipFile(made, "w", ZIP_DEFLATED) as target:
        for name in source.namelist():
            info = ZipInfo(name, _ANY_DAY)
            info.compress_type = ZIP_DEFLATED
            info.create_system = 3  # the same wherever it is made
            info.external_attr = 0o100644 << 16
            target.writestr(info, source.read(name))
    return made.getvalue()
