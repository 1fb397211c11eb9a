"""A zip file that lists the checksum of everything in it, and whose bytes depend on its content alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from typing import IO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from lifecycle.calendar import SHANGHAI

SUMS = "SHA256SUMS"
_PIECE = 1 << 20


class SummedZip:
    """Writes the files of a bundle one after another; ``close`` adds the list of sums."""

    def __init__(self, target: IO[bytes], made: datetime) -> None:
        self._zip = ZipFile(target, "w", ZIP_DEFLATED)
        self._made = made.astimezone(SHANGHAI).timetuple()[:6]
        self._sums: dict[str, str] = {}

    def add(self, path: str, content: bytes) -> None:
        """Add a file."""
        with self.opened(path) as file:
            file.write(content)

    def copy(self, path: str, source: IO[bytes]) -> None:
        """Add a file of what can be read from ``source``, a piece at a time."""
        with self.opened(path) as file:
            while piece := source.read(_PIECE):
                file.write(piece)

    @contextmanager
    def opened(self, path: str) -> Iterator[SummedFile]:
        """Lend a file to be written; only one at a time is open."""
        with self._zip.open(self._info(path), "w", force_zip64=True) as inner:
            file = SummedFile(inner)
            yield file
        self._sums[path] = file.sum

    def close(self) -> None:
        """Add the list of sums, as ``sha256sum -c`` reads it, and end the zip file."""
        listed = "".join(f"{self._sums[path]}  {path}\n" for path in sorted(self._sums))
        self._zip.writestr(self._info(SUMS), listed.encode())
        self._zip.close()

    def _info(self, path: str) -> ZipInfo:
        info = ZipInfo(path, self._made)
        info.compress_type = ZIP_DEFLATED
        info.create_system = 3  # the same wherever it is made
        info.external_attr = 0o100644 << 16
        return info


class SummedFile:
    """A file being written, and the SHA-256 of what was written so far."""

    def __init__(self, inner: IO[bytes]) -> None:
        self._inner = inner
        self._digest = sha256()

    def write(self, content: bytes) -> None:
        """Write some more."""
        self._digest.update(content)
        self._inner.write(content)

    @property
    def sum(self) -> str:
        """The SHA-256 in hex."""
        return self._digest.hexdigest()
