"""A file that tells how much of it has been read, for the progress of whatever reads it."""

from __future__ import annotations

from collections.abc import Callable
from io import FileIO
from pathlib import Path


class ToldFile(FileIO):
    """A workbook that tells, in hundredths, how much of it has been read.

    It is looked over once from end to end before it is unpacked, so that only what comes after that counts.
    """

    def __init__(self, path: Path, tell: Callable[[int, int], None]) -> None:
        super().__init__(path)
        self._size = max(path.stat().st_size, 1)
        self._seen = -self._size
        self._tell = tell

    def read(self, size: int | None = -1, /) -> bytes:
        """Read on."""
        piece = super().read(-1 if size is None else size)
        self._seen += len(piece or b"")
        self._tell(min(max(100 * self._seen // self._size, 0), 99), 100)
        return piece
