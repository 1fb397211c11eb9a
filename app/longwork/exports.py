"""Files made of what is in the system: small ones at once, large ones as long work, written the same way."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app.extensions import db
from app.longwork.kinds import Crumb, Kind, Parameters, Task, register
from app.longwork.pages import download, folder, later
from app.permissions import current_actor
from lifecycle.models import Agency
from lifecycle.roles import Actor, Permission

T = TypeVar("T")

_EVERY = 500
"""Rows written between two tellings."""

Count: TypeAlias = Callable[[int], None]
"""Told how many rows have been written."""

Write: TypeAlias = Callable[[Session, Actor, Parameters, Path, Count], int]
"""Writes the file of what the parameters ask, as the actor may see it; returns how many rows are in it."""


@dataclass(frozen=True, slots=True)
class Export:
    """A kind of file: how it is written, of what its rows are, and from how many on it takes long."""

    kind: Kind
    write: Write
    unit: str
    most: int
    """More rows than this are written in the background."""


def export(
    name: str,
    permission: Permission,
    title: str,
    write: Write,
    *,
    unit: str,
    most: int,
    crumbs: Callable[[Parameters], Sequence[Crumb]],
) -> Export:
    """Register a kind of file. The parameters it is asked with bear ``file``, its name, and ``count``."""

    def run(task: Task) -> dict[str, Any]:
        total = task.parameters["count"]
        draft, tell = task.folder.draft(), task.step("生成文件")
        try:
            told = write(
                task.session,
                task.actor,
                task.parameters,
                draft,
                lambda done: tell(min(done, total), total),
            )
            os.replace(draft, task.folder.result(task.key))
        finally:
            draft.unlink(missing_ok=True)
        return {"file": task.parameters["file"], "count": told, "unit": unit}

    kind = Kind(
        name,
        permission,
        "导出",
        f"导出{title}",
        run,
        crumbs,
        promise="导出只读取数据，不改变任何内容。",
        word="可下载",
    )
    return Export(register(kind), write, unit, most)


def hand_out(made: Export, file: str, parameters: Parameters, count: int) -> ResponseReturnValue:
    """Hand out a file of ``count`` rows at once, or where these are many, offer to make it."""
    asked = {**parameters, "file": file, "count": count}
    if count > made.most:
        return later(made.kind, file, asked, f"{count:,} {made.unit}")
    path = folder().draft()
    try:
        made.write(db.session(), current_actor(), asked, path, lambda _done: None)
        content = BytesIO(path.read_bytes())
    finally:
        path.unlink(missing_ok=True)
    return download(content, file)


def counted(rows: Iterable[T], count: Count) -> Iterator[T]:
    """Yield the rows, telling how many have gone by."""
    for done, row in enumerate(rows):
        if done % _EVERY == 0:
            count(done)
        yield row


def agency_of(session: Session, actor: Actor) -> str:
    """Return the name of the agency worked in, as papers bear it."""
    return session.get_one(Agency, actor.agency_id).name
