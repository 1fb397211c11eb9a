"""Makes the audit bundle of some projects, or of a whole agency: reading only, as of one moment."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from finance.batches import sheet_name
from finance.models import Batch, BatchLine
from lifecycle.calendar import SHANGHAI
from lifecycle.chain import START, canonical, content_digest, content_of, project_tag
from lifecycle.database import begin_reading
from lifecycle.files import FileLost
from lifecycle.models import Agency, AuditEntry, Project
from lifecycle.records import load_records
from lifecycle.refusals import NotPermitted
from lifecycle.roles import Actor, Permission
from lifecycle.visibility import find_project, visible
from reports.bundle.names import Names, safe
from reports.bundle.rules import rule_files
from reports.bundle.words import HOW_TO, readable
from reports.bundle.zipping import SummedZip
from reports.ledger.exporting import NotWritable
from reports.ledger.writing import ledger_bytes

LOST = "文件库中缺失或已损坏的材料.txt"
VERIFY = Path(__file__).with_name("verify.py")
_PAGE = 1000
_IN_MEMORY = 1 << 22


class Paper(NamedTuple):
    """A file of a project: its name as people know it, and how to open it for reading."""

    name: str
    open: Callable[[], IO[bytes]]


Papers = Callable[[Session, int], Iterable[Paper]]
"""Given a session and a project's id, the project's files in a fixed order."""


class _Chosen(NamedTuple):
    id: int
    number: str


@dataclass(frozen=True, slots=True)
class Bundle:
    """What a bundle is about: the agency, its projects (all where ``numbers`` is ``None``), its chain."""

    agency: str
    numbers: Sequence[str] | None
    length: int
    head: str

    @property
    def scope(self) -> str:
        """What the bundle is about, in words."""
        if self.numbers is None:
            return "本单位全部项目和全部办理记录"
        return f"项目 {'、'.join(self.numbers)}"


def save_bundle(
    session: Session,
    actor: Actor,
    path: Path,
    made: datetime,
    numbers: Sequence[str] | None = None,
    papers: Papers | None = None,
) -> Bundle:
    """Write a bundle to ``path``, whole or not at all; see ``write_bundle``. Raises ``NotWritable`` too."""
    if os.path.isdir(path):
        raise NotWritable(path)
    unfinished = path.with_name(f".keguan-{secrets.token_hex(8)}.zip")
    try:
        with open(unfinished, "xb") as file:
            bundle = write_bundle(session, actor, file, made, numbers, papers)
        os.replace(unfinished, path)
    except OSError as error:
        raise NotWritable(path) from error
    finally:
        unfinished.unlink(missing_ok=True)
    return bundle


def write_bundle(
    session: Session,
    actor: Actor,
    target: IO[bytes],
    made: datetime,
    numbers: Sequence[str] | None = None,
    papers: Papers | None = None,
) -> Bundle:
    """Write the bundle of the projects of these numbers, or of the whole agency, to ``target``.

    The same data and moment always give the same bytes. Raises ``NotPermitted``, and ``NotFound`` for a
    number that the actor sees no project of.
    """
    if not actor.may(Permission.SEE_AUDIT):
        raise NotPermitted(Permission.SEE_AUDIT)
    begin_reading(session)
    chosen = list(_chosen(session, actor, numbers))
    wanted = None if numbers is None else frozenset(one.number for one in chosen)
    agency = session.scalars(select(Agency.name).where(Agency.id == actor.agency_id)).one()
    bundle_zip = SummedZip(target, made)
    length, head = _add_history(session, actor.agency_id, wanted, bundle_zip)
    bundle = Bundle(agency, sorted(wanted) if wanted is not None else None, length, head)
    _add_projects(session, chosen, made, papers, bundle_zip)
    _add_words(bundle, made, bundle_zip)
    bundle_zip.close()
    session.rollback()
    return bundle


def _chosen(session: Session, actor: Actor, numbers: Sequence[str] | None) -> Iterator[_Chosen]:
    if numbers is None:
        query = select(Project.id, Project.number).where(visible(actor)).order_by(Project.id)
        yield from (_Chosen(*row) for row in session.execute(query))
        return
    for number in dict.fromkeys(numbers):
        project = find_project(session, actor, number)
        yield _Chosen(project.id, project.number)


def _add_history(
    session: Session, agency_id: int, wanted: frozenset[str] | None, bundle_zip: SummedZip
) -> tuple[int, str]:
    """Add the wanted entries in full and of all others the hashes; return how many there are, and the last.

    Everything is worked out anew from what the entries say now, so that a chain that was tampered with does
    not become a bundle that fits.
    """
    length, head = 0, START
    with SpooledTemporaryFile(_IN_MEMORY) as chain, SpooledTemporaryFile(_IN_MEMORY) as text:
        with bundle_zip.opened("history.jsonl") as history:
            for entry in _entries(session, agency_id):
                content = content_of(entry)
                tag = project_tag(entry.previous_hash, entry.project_number)
                told = {"serial": entry.serial, "tag": tag, "digest": content_digest(content)}
                chain.write(canonical(told | {"hash": entry.hash}) + b"\n")
                length, head = entry.serial, entry.hash
                if wanted is None or entry.project_number in wanted:
                    full = {"content": content, "hash": head, "previous_hash": entry.previous_hash}
                    history.write(canonical(full) + b"\n")
                    text.write(("\n".join(readable(entry)) + "\n\n").encode("utf-8", "replace"))
        for name, file in (("history.txt", text), ("chain.jsonl", chain)):
            file.seek(0)
            bundle_zip.copy(name, file)
    return length, head


def _entries(session: Session, agency_id: int) -> Iterator[AuditEntry]:
    """Yield the agency's entries, a page in memory at a time."""
    query = select(AuditEntry).where(AuditEntry.chain == agency_id).order_by(AuditEntry.serial).limit(_PAGE)
    last = 0
    while page := session.scalars(query.where(AuditEntry.serial > last)).all():
        yield from page
        last = page[-1].serial
        for entry in page:
            session.expunge(entry)


def _add_projects(
    session: Session, chosen: Sequence[_Chosen], made: datetime, papers: Papers | None, bundle_zip: SummedZip
) -> None:
    names = Names()
    records = [record for _, record in load_records(session, [one.id for one in chosen])]
    bundle_zip.add("ledger.xlsx", ledger_bytes(records, made))
    for name, content in rule_files(records, names):
        bundle_zip.add(name, content)
    for name, content in _sheets(session, [one.id for one in chosen]):
        bundle_zip.add(names.take("sheets/", name), content)
    if papers is not None:
        _add_papers(session, chosen, papers, names, bundle_zip)


def _add_papers(
    session: Session, chosen: Sequence[_Chosen], papers: Papers, names: Names, bundle_zip: SummedZip
) -> None:
    """Add the files of the projects, a folder each; what the store has lost is named instead."""
    lost = []
    for one in chosen:
        folder = names.take("papers/", safe(one.number)) + "/"
        for paper in papers(session, one.id):
            path = names.take(folder, paper.name)
            try:
                source = paper.open()
            except FileLost:
                lost.append(path)
                continue
            with source:
                bundle_zip.copy(path, source)
    if lost:
        bundle_zip.add(names.take("", LOST), "\r\n".join([*lost, ""]).encode("utf-8-sig"))


def _sheets(session: Session, project_ids: Sequence[int]) -> Iterator[tuple[str, bytes]]:
    """Yield name and bytes of the sheet of every issued batch that holds a payment to one of the projects."""
    found: dict[int, str] = {}
    for start in range(0, len(project_ids), _PAGE):
        ids = project_ids[start : start + _PAGE]
        query = select(Batch).join(BatchLine, BatchLine.batch_id == Batch.id)
        query = query.where(BatchLine.project_id.in_(ids), Batch.sheet.is_not(None)).distinct()
        found |= {batch.id: sheet_name(batch) for batch in session.scalars(query)}
    for batch_id, name in sorted(found.items()):
        content = session.scalar(select(Batch.sheet).where(Batch.id == batch_id))
        if content is not None:
            yield name, content


def _add_words(bundle: Bundle, made: datetime, bundle_zip: SummedZip) -> None:
    about = {
        "agency": bundle.agency,
        "projects": bundle.numbers,
        "made_at": made.astimezone(SHANGHAI).isoformat(timespec="seconds"),
        "length": bundle.length,
        "head": bundle.head,
        "format": 1,
    }
    bundle_zip.add("bundle.json", canonical(about) + b"\n")
    bundle_zip.add("verify.py", VERIFY.read_bytes())
    words = HOW_TO.format(
        agency=bundle.agency,
        scope=bundle.scope,
        made=f"{made.astimezone(SHANGHAI):%Y-%m-%d %H:%M}",
        length=bundle.length,
        head=bundle.head,
    )
    bundle_zip.add("核对说明.txt", words.replace("\n", "\r\n").encode("utf-8-sig"))
