"""The files of a project: attached within the commands they belong to, listed, and taken away.

What is attached lies in the store already (see ``lifecycle.files``); here are its rows. A row is never
deleted and its file never overwritten.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, false, select, true, type_coerce
from sqlalchemy.orm import Session, aliased
from sqlalchemy.types import Boolean

from lifecycle.calendar import SHANGHAI
from lifecycle.command import Work
from lifecycle.filekinds import ANY, MOST_FILES, PDF_ONLY, SCAN, StoredFile
from lifecycle.models import (
    Attachment,
    Inspection,
    InspectionState,
    MemberState,
    Panel,
    PanelMember,
    PanelState,
    PanelSubject,
    Project,
    User,
)
from lifecycle.refusals import InvalidInput, NotFound
from lifecycle.roles import Actor, Permission, Role
from lifecycle.visibility import visible

__all__ = [
    "ANY",
    "PDF_ONLY",
    "SCAN",
    "SUBJECTS",
    "ShownFile",
    "StoredFile",
    "attach",
    "attachments_of",
    "drop",
    "find_attachment",
    "may_expert_see",
    "names_and_digests",
]

SUBJECTS: Mapping[str, str] = {
    "agreement": "任务书",
    "signature": "签署页",
    "report": "报告",
    "change": "变更",
    "inspection": "检查",
    "measure": "整改和处理",
    "integrity": "科研诚信",
    "acceptance": "验收",
    "review": "专家评议",
    "clearing": "财务清算",
    "notice": "文书回执",
    "spending": "支出凭证",
    "receipt": "到账凭证",
    "account": "专账管理",
    "payee": "收款账户",
    "stage_account": "阶段账目",
    "project": "其他材料",
}
"""What a file may belong to, in the order in which a project's files are shown."""

_WHAT = "这个文件"

_AGREED = frozenset({"agreement", "signature"})
"""The files of the agreement: every expert needs them."""

_REVIEWED: Mapping[PanelSubject, str] = {
    PanelSubject.STAGE: "report",
    PanelSubject.ACCEPTANCE: "acceptance",
}
"""What a panel is about → the kind of file that belongs to it."""


@dataclass(frozen=True, slots=True)
class ShownFile:
    """An attachment as it is shown. ``size`` is in bytes."""

    id: int
    project_id: int
    kind: str
    subject_id: int
    title: str
    name: str
    media_type: str
    size: int
    sha256: str
    uploaded_at: datetime
    uploaded_by_id: int | None
    uploaded_by: str
    removed_on: date | None
    removed_by: str | None

    def may_be_removed_by(self, actor: Actor) -> bool:
        """Whether the actor may take the file away: one of the project's own, hers, or she is a handler."""
        if self.removed_on or self.kind != "project" or not actor.may(Permission.ADD_PAPERS):
            return False
        hers = self.uploaded_by_id is not None and self.uploaded_by_id == actor.user_id
        return hers or actor.is_system or Role.HANDLER in actor.roles


def attach(
    work: Work,
    project_id: int,
    kind: str,
    subject_id: int,
    files: Sequence[StoredFile],
    title: str = "",
) -> list[int]:
    """Attach stored files to what a command is about; return the ids of their rows in the order given.

    A file that is there already, with the same content and name, keeps its row. Raises ``InvalidInput`` for
    more files than one act may have, ``KeyError`` for a kind that is not in ``SUBJECTS``.
    """
    about = SUBJECTS[kind]
    if len(files) > MOST_FILES:
        raise InvalidInput({"files": f"{about}一次最多附 {MOST_FILES} 个文件。"})
    there = select(Attachment).where(
        Attachment.project_id == project_id,
        Attachment.subject_kind == kind,
        Attachment.subject_id == subject_id,
        Attachment.removed_on.is_(None),
    )
    rows = {(row.sha256, row.name): row for row in work.session.scalars(there)}
    for file in files:
        if (file.sha256, file.name) not in rows:
            rows[file.sha256, file.name] = _row(work, project_id, kind, subject_id, file, title)
    work.session.flush()
    return [rows[file.sha256, file.name].id for file in files]


def _row(work: Work, project_id: int, kind: str, subject_id: int, file: StoredFile, title: str) -> Attachment:
    row = Attachment(
        project_id=project_id,
        sha256=file.sha256,
        name=file.name,
        media_type=file.media_type,
        size=file.size,
        uploaded_by_id=work.actor.user_id,
        uploaded_at=work.entry.at,
        subject_kind=kind,
        subject_id=subject_id,
        title=title,
    )
    work.session.add(row)
    return row


def drop(work: Work, attachment_id: int) -> ShownFile:
    """Mark an attachment as taken away and return it as it was; the file itself stays in the store.

    Raises ``NotFound`` where there is none that the actor may see, or it has been taken away already.
    """
    file = find_attachment(work.session, work.actor, attachment_id)
    if file.removed_on is not None:
        raise NotFound(_WHAT)
    row = work.session.get_one(Attachment, attachment_id)
    row.removed_on = work.entry.at.astimezone(SHANGHAI).date()
    row.removed_by_id = work.actor.user_id
    return file


def names_and_digests(files: Iterable[StoredFile | ShownFile]) -> list[dict[str, str]]:
    """Return the files as an audit entry's details name them: what they are called and what is in them."""
    return [{"name": file.name, "sha256": file.sha256} for file in files]


def attachments_of(
    session: Session,
    project_id: int,
    kind: str | None = None,
    subject_id: int | None = None,
    *,
    removed: bool = False,
    outside: bool = False,
) -> list[ShownFile]:
    """Return the files of a project, of one kind of subject or of one subject, in the order they came.

    One query. Those taken away are left out unless ``removed``; ``outside`` leaves out what is the bureau's
    alone. Whether the project may be seen, the caller has asked.
    """
    query = _shown().where(Attachment.project_id == project_id)
    if kind is not None:
        query = query.where(Attachment.subject_kind == kind)
    if subject_id is not None:
        query = query.where(Attachment.subject_id == subject_id)
    if not removed:
        query = query.where(Attachment.removed_on.is_(None))
    if outside:
        query = query.where(_not_the_bureaus_alone())
    return [_file(*row) for row in session.execute(query.order_by(Attachment.id))]


def find_attachment(session: Session, actor: Actor, attachment_id: int) -> ShownFile:
    """Return a file that the actor may see: one of a project of hers, or that is put before her as an expert.

    Raises ``NotFound``, for everybody outside the bureau also where it has been taken away.
    """
    open_to = visible(actor)
    if not actor.sees_all_projects:
        open_to = and_(open_to, _not_the_bureaus_alone())
    query = _shown(type_coerce(open_to, Boolean)).join(Project, Project.id == Attachment.project_id)
    query = query.where(Project.agency_id == actor.agency_id, Attachment.id == attachment_id)
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound(_WHAT)
    *columns, open_to_her = row
    file = _file(*columns)
    if not open_to_her and not (Role.EXPERT in actor.roles and may_expert_see(session, actor, file)):
        raise NotFound(_WHAT)
    if file.removed_on is not None and not actor.sees_all_projects:
        raise NotFound(_WHAT)
    return file


def _not_the_bureaus_alone() -> ColumnElement[bool]:
    """Return the condition that a file is for the project's people too.

    An inspection's are, once it is decided on; the evidence of an entry of integrity and what experts add to
    their opinions are not.
    """
    decided = select(Inspection.id).where(
        Inspection.id == Attachment.subject_id, Inspection.state == InspectionState.DECIDED
    )
    return case(
        (Attachment.subject_kind.in_(("integrity", "review")), false()),
        (Attachment.subject_kind == "inspection", decided.exists()),
        else_=true(),
    )


def may_expert_see(session: Session, actor: Actor, attachment: ShownFile) -> bool:
    """Whether a file is put before the actor as an expert: what her panel reviews, the agreement, her own.

    Not once she stands aside, has been replaced, or the panel is dissolved.
    """
    seats = select(PanelMember.id, Panel.subject_kind, Panel.subject_id).join(Panel)
    seats = seats.where(
        PanelMember.user_id == actor.user_id,
        PanelMember.state.in_((MemberState.INVITED, MemberState.SUBMITTED)),
        Panel.project_id == attachment.project_id,
        Panel.state != PanelState.DISSOLVED,
    )
    return any(
        attachment.kind in _AGREED
        or (attachment.kind, attachment.subject_id) in {(_REVIEWED[kind], subject_id), ("review", member_id)}
        for member_id, kind, subject_id in session.execute(seats)
    )


def _shown(*more: Any) -> Select[Any]:
    """Return the query of attachments with the names of who added and who took them away."""
    adder, remover = aliased(User), aliased(User)
    return (
        select(Attachment, adder.name, remover.name, *more)
        .outerjoin(adder, adder.id == Attachment.uploaded_by_id)
        .outerjoin(remover, remover.id == Attachment.removed_by_id)
    )


def _file(row: Attachment, added_by: str | None, removed_by: str | None) -> ShownFile:
    return ShownFile(
        id=row.id,
        project_id=row.project_id,
        kind=row.subject_kind,
        subject_id=row.subject_id,
        title=row.title,
        name=row.name,
        media_type=row.media_type,
        size=row.size,
        sha256=row.sha256,
        uploaded_at=row.uploaded_at,
        uploaded_by_id=row.uploaded_by_id,
        uploaded_by=added_by or "系统",
        removed_on=row.removed_on,
        removed_by=removed_by,
    )
