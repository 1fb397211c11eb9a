"""A project's own papers (其他材料): what is added to it and taken off it outside any other act."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from lifecycle.attachments import ShownFile, attach, drop, find_attachment, names_and_digests
from lifecycle.command import Work, command
from lifecycle.filekinds import StoredFile
from lifecycle.models import Project
from lifecycle.refusals import InvalidInput, Refusal
from lifecycle.roles import Permission
from lifecycle.visibility import find_project

MOST_TITLE = 100
"""Characters of what is said of files."""


class NotHers(Refusal):
    """A file is taken away by whoever added it, or by a handler."""


@command("attachment.add", Permission.ADD_PAPERS)
def add_files(work: Work, number: str, files: Sequence[StoredFile], title: str) -> list[int]:
    """Add files to a project's own papers; return the ids of their rows. ``title`` says what they are.

    Raises ``NotFound`` and ``InvalidInput``.
    """
    project = find_project(work.session, work.actor, number)
    if not files:
        raise InvalidInput({"files": "请选择要上传的文件。"})
    if len(title) > MOST_TITLE:
        raise InvalidInput({"title": f"材料说明最多 {MOST_TITLE} 个字。"})
    ids = attach(work, project.id, "project", 0, files, title)
    said = f"{title}：" if title else ""
    work.record(
        f"上传材料 {len(set(ids))} 份：{said}{_listed([file.name for file in files])}",
        project_id=project.id,
        details={"new": {"files": names_and_digests(files), "title": title}},
    )
    return ids


def _listed(names: Sequence[str], most: int = 3) -> str:
    plain = list(dict.fromkeys(names))
    return "、".join(f"“{name}”" for name in plain[:most]) + ("等" if len(plain) > most else "")


class Removed(NamedTuple):
    """What was taken away, and from which project."""

    file: ShownFile
    number: str


@command("attachment.remove", Permission.ADD_PAPERS)
def remove_file(work: Work, attachment_id: int) -> Removed:
    """Take a file off a project's own papers: whoever added it may, and a handler.

    Raises ``NotFound`` and ``NotHers``; what belongs to an act (a report) goes only with that act.
    """
    file = find_attachment(work.session, work.actor, attachment_id)
    if file.removed_on is None and not file.may_be_removed_by(work.actor):
        raise NotHers("这个文件由上传人或经办人移除；随报告、变更等提交的文件，请在相应事项中更换。")
    drop(work, attachment_id)
    number = work.session.get_one(Project, file.project_id).number
    work.record(
        f"移除材料“{file.name}”",
        project_id=file.project_id,
        details={"old": {"files": names_and_digests([file]), "title": file.title}},
    )
    return Removed(file, number)
