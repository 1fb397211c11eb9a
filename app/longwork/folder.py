"""The folder of long work: workbooks by what is in them, and what came of each piece of work, by its key."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Container
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import IO

from lifecycle.files import keep_stream

KEPT = timedelta(hours=24)
"""How long a piece of work waits for whoever asked for it before it is cleared away."""


class Folder:
    """Where the files lie. Only the server's own user may look into it: ledgers name bank accounts."""

    def __init__(self, path: Path) -> None:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path = path

    def workbook(self, digest: str) -> Path:
        """Return where the workbook of that digest lies."""
        return self._path / f"{digest}.xlsx"

    def rows(self, key: str) -> Path:
        """Return where the long list that a piece of work made lies, one entry a line."""
        return self._path / f"{key}.rows"

    def progress(self, key: str) -> Path:
        """Return where a piece of work tells how far it is."""
        return self._path / f"{key}.progress"

    def result(self, key: str) -> Path:
        """Return where the file lies that a piece of work was to make."""
        return self._path / f"{key}.result"

    def draft(self) -> Path:
        """Return a path nobody else has, for a file that is wanted for a moment only."""
        return self._path / f"{secrets.token_hex(8)}.draft"

    def keep(self, stream: IO[bytes]) -> str:
        """Keep what a stream holds under its SHA-256, which is returned."""
        return keep_stream(stream, self.draft(), self._place).sha256

    def _place(self, digest: str) -> Path:
        path = self.workbook(digest)
        with suppress(FileNotFoundError):
            os.utime(path)  # kept already, and now wanted for as long again
        return path

    def clear(self, wanted: Container[str]) -> int:
        """Remove old files but those of the wanted digests and keys; return how many.

        Several processes may do so at once: what another has removed first is no mistake.
        """
        before, count = time.time() - KEPT.total_seconds(), 0
        for path in self._path.iterdir():
            with suppress(FileNotFoundError):
                if path.stem not in wanted and path.stat().st_mtime < before:
                    path.unlink()
                    count += 1
        return count
