"""How a piece of long work reads on a page: where it stands, in a word, and how far it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.longwork.background import Progress, read_progress
from app.longwork.folder import Folder
from app.longwork.kinds import KINDS, Crumb, Kind, Parameters
from lifecycle.models import LongWork, WorkState


class ShownWork:
    """One piece of work as it was seen, with how far it is while somebody is at it."""

    def __init__(self, work: LongWork, folder: Folder) -> None:
        self.id = work.id
        self.key = work.key
        self.kind: Kind = KINDS[work.kind]
        self.name = work.name
        self.digest = work.digest
        self.parameters: Parameters = work.parameters
        self.state = work.state
        self.changed_at: datetime = work.changed_at
        self.message = work.message
        self.result: dict[str, Any] = work.result
        going = work.state is WorkState.GOING
        self.progress: Progress | None = read_progress(folder.progress(work.key)) if going else None

    @property
    def is_interrupted(self) -> bool:
        """Whether it is not done, and nobody is at it any more."""
        return self.state is WorkState.GOING and self.progress is None

    @property
    def may_restart(self) -> bool:
        """Whether it may be begun again."""
        return self.is_interrupted or self.state is WorkState.FAILED

    @property
    def is_done(self) -> bool:
        """Whether it came to its end."""
        return self.state is WorkState.DONE

    @property
    def restarts_as(self) -> Kind:
        """The kind with which it begins again."""
        return KINDS[self.kind.restart] if self.kind.restart else self.kind

    @property
    def word(self) -> str:
        """Where it stands, in a word."""
        return self._reads[0]

    @property
    def tone(self) -> str:
        """The tone of that word."""
        return self._reads[1]

    @property
    def _reads(self) -> tuple[str, str]:
        if self.is_interrupted:
            return "已中断", "bad"
        return {
            WorkState.GOING: (f"正在{self.kind.noun}", "going"),
            WorkState.DONE: (self.kind.word, self.kind.tone),
            WorkState.REFUSED: ("未通过", "bad"),
            WorkState.FAILED: ("失败", "bad"),
        }[self.state]

    @property
    def url(self) -> str:
        """Where it is looked at."""
        return self.kind.page(self.key)

    @property
    def crumbs(self) -> Sequence[Crumb]:
        """The way to where such work is begun."""
        return self.kind.crumbs(self.parameters)


def look(session: Session, find: Callable[[], Sequence[LongWork]], folder: Folder) -> Sequence[ShownWork]:
    """Return the work found as it stands.

    Where nobody is at a piece, all are looked at again: it may have ended since they were found.
    """
    shown = [ShownWork(work, folder) for work in find()]
    if any(one.is_interrupted for one in shown):
        session.rollback()
        shown = [ShownWork(work, folder) for work in find()]
    return shown
