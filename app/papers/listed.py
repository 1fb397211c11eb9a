"""The files of a project as its tab shows them: by what they belong to, each with what may be done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from app.extensions import db
from app.papers.forms import PapersForm
from app.permissions import current_actor
from lifecycle.attachments import SUBJECTS, ShownFile, attachments_of
from lifecycle.overview import Overview
from lifecycle.roles import Permission


class Group(NamedTuple):
    """The files that belong to one kind of thing."""

    label: str
    files: list[ShownFile]


def papers_of(overview: Overview, form: PapersForm | None = None) -> Mapping[str, Any]:
    """Return what the tab needs beyond the overview; the form only for whoever may add.

    What was taken away is shown to the bureau, with when and by whom.
    """
    actor = current_actor()
    bureau = actor.sees_all_projects
    files = attachments_of(db.session(), overview.project.id, removed=bureau, outside=not bureau)
    may_add = actor.may(Permission.ADD_PAPERS)
    return {
        "groups": grouped(files),
        "removable": {file.id for file in files if file.may_be_removed_by(actor)},
        "form": (form or PapersForm(formdata=None)) if may_add else None,
    }


def grouped(files: Iterable[ShownFile]) -> list[Group]:
    """Return files by what they belong to, in the order of a project's life; within it as they came."""
    groups: dict[str, list[ShownFile]] = {kind: [] for kind in SUBJECTS}
    for file in sorted(files, key=lambda file: (file.subject_id, file.id)):
        groups[file.kind].append(file)
    return [Group(SUBJECTS[kind], found) for kind, found in groups.items() if found]
