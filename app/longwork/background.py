"""Long work in one thread of this process, one piece after another, with its progress for all to see.

How far it is lies in a file, not in the database: while a ledger is taken in, SQLite lets nobody else write.
The file is written again every second, so one that has not been touched for a while tells that whoever was
at it is gone. The threads end with the process; what they were at is then simply not done.
"""

from __future__ import annotations

import json
import logging
import os
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import SimpleQueue
from threading import Event, Lock, Thread
from typing import TypeAlias

log = logging.getLogger(__name__)

BEAT = 1.0
"""Seconds between two signs of life."""

STALE = 30.0
"""Seconds without a sign of life after which work counts as interrupted."""

QUEUED = "前面还有其他任务在处理，排队等候"
STARTING = "马上开始"

Tell: TypeAlias = Callable[[int, int, str], None]
"""Told how much is done, of how much (0: nobody knows), and in words what is being done."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a piece of work is; ``total`` 0 where nobody knows how much there is."""

    done: int = 0
    total: int = 0
    words: str = ""


Work: TypeAlias = Callable[[Tell], None]


class Background:
    """The queue of work and the two threads that see to it, started when there is something to do."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[tuple[Path, Work, Event]] = SimpleQueue()
        self._known: dict[Path, Progress] = {}
        self._pieces: Counter[Path] = Counter()
        self._lock = Lock()
        self._started = False

    def add(self, path: Path, work: Work) -> Event:
        """Queue work whose progress is told in the file ``path``; return what is set at its end."""
        ended = Event()
        with self._lock:
            self._show(path, Progress(words=QUEUED if self._pieces else STARTING))
            self._pieces[path] += 1
            if not self._started:
                self._started = True
                for target in (self._work, self._beat):
                    Thread(target=target, name=f"longwork{target.__name__}", daemon=True).start()
        self._queue.put((path, work, ended))
        return ended

    def _work(self) -> None:
        while True:
            path, work, ended = self._queue.get()
            self._tell(path, Progress(words=STARTING))
            try:
                work(lambda *progress, path=path: self._tell(path, Progress(*progress)))
            except Exception:
                log.exception("work on %s came to nothing", path.name)
            with self._lock:
                self._pieces[path] -= 1
                if not self._pieces[path]:
                    del self._known[path], self._pieces[path]
                    path.unlink(missing_ok=True)
            ended.set()

    def _tell(self, path: Path, progress: Progress) -> None:
        with self._lock:
            self._known[path] = progress

    def _beat(self) -> None:
        while True:
            time.sleep(BEAT)
            with self._lock:
                for path, progress in self._known.items():
                    self._show(path, progress)

    def _show(self, path: Path, progress: Progress) -> None:
        """Write a progress aside and then in place, so that nobody reads half of it."""
        self._known[path] = progress
        draft = path.with_suffix(".draft")
        try:
            draft.write_text(json.dumps(asdict(progress)), "utf-8")
            os.replace(draft, path)
        except OSError:
            log.exception("progress of %s cannot be told", path.name)


def read_progress(path: Path) -> Progress | None:
    """Return how far the work is that tells it in ``path``; ``None`` where nobody is at it any more."""
    try:
        if time.time() - path.stat().st_mtime > STALE:
            return None
        return Progress(**json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None


background = Background()
"""This process's one queue."""
