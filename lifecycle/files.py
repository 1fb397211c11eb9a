"""Files kept by what is in them: the name is the SHA-256 of the content, so a file is never overwritten."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import IO, NamedTuple

from lifecycle.refusals import Refusal

_PIECE = 1 << 20
_DIGEST = re.compile(r"[0-9a-f]{64}")


class TooLarge(Exception):
    """There are more bytes than may be kept."""


class FileLost(Refusal):
    """What was put into the store is not to be had from it. ``what`` says in a word what became of it."""

    what = ""

    def __init__(self) -> None:
        super().__init__(f"这个文件在文件库中{self.what}，暂时无法下载，请联系系统管理员从备份中恢复。")


class FileMissing(FileLost):
    """The store does not hold the file."""

    what = "缺失"


class FileDamaged(FileLost):
    """What the store holds under a digest is not what was put there."""

    what = "已损坏"


class Kept(NamedTuple):
    """What came of keeping a stream. ``size`` is in bytes."""

    sha256: str
    size: int


def keep_stream(
    stream: IO[bytes], draft: Path, place: Callable[[str], Path], most_bytes: int | None = None
) -> Kept:
    """Keep what a stream holds at ``place(its SHA-256)``; what lies there already stays as it is.

    It is written to ``draft`` first and has reached the disk before it gets its name, so that what lies under
    a digest is whole whatever happens meanwhile. Of two at once the first is kept. Raises ``TooLarge``.
    """
    digest, size = sha256(), 0
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            for piece in _pieces(stream):
                size += len(piece)
                if most_bytes is not None and size > most_bytes:
                    raise TooLarge
                digest.update(piece)
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        path = place(digest.hexdigest())
        with suppress(FileExistsError):
            os.link(draft, path)  # unlike a rename, never onto what is there
            _sync_folder(path.parent)
    finally:
        draft.unlink(missing_ok=True)
    return Kept(digest.hexdigest(), size)


class ContentStore:
    """A folder of files by content, ``ab/abcdef…``, into which only the server's own user may look."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder

    def path(self, digest: str) -> Path:
        """Return where the file of that SHA-256 lies, if it is kept. Raises ``ValueError`` for no digest."""
        if not _DIGEST.fullmatch(digest):
            raise ValueError("not a SHA-256 in lower case")
        return self._folder / digest[:2] / digest

    def keep(self, stream: IO[bytes], most_bytes: int) -> Kept:
        """Keep what a stream holds. Raises ``TooLarge`` for more than ``most_bytes``."""
        draft = self._folder / f"{secrets.token_hex(8)}.draft"
        return keep_stream(stream, draft, self._place, most_bytes)

    def _place(self, digest: str) -> Path:
        path = self.path(digest)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        if path.exists() and not self._is_sound(digest):
            path.unlink()  # what is there is not what its name says; the true content comes in its place
        return path

    def open(self, digest: str) -> IO[bytes]:
        """Open a kept file for reading. Raises ``FileMissing``."""
        try:
            return self.path(digest).open("rb")
        except FileNotFoundError:
            raise FileMissing from None

    def verify(self, digest: str) -> None:
        """Make sure that the file is there and is what its name says: ``FileMissing`` or ``FileDamaged``."""
        if not self._is_sound(digest):
            raise FileDamaged

    def _is_sound(self, digest: str) -> bool:
        found = sha256()
        with self.open(digest) as file:
            for piece in _pieces(file):
                found.update(piece)
        return found.hexdigest() == digest

    def digests(self) -> Iterator[str]:
        """Yield the digest of every file kept."""
        for path in self._folder.glob("??/*"):
            if _DIGEST.fullmatch(path.name):
                yield path.name


def _pieces(stream: IO[bytes]) -> Iterator[bytes]:
    while piece := stream.read(_PIECE):
        yield piece


def _sync_folder(folder: Path) -> None:
    """Let a new name reach the disk too; where folders cannot be opened (Windows) there is nothing to do."""
    with suppress(PermissionError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
