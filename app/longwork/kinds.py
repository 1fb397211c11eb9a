"""Kinds of long work: each is declared once, by the part of the site whose it is, and registered here.

A kind says who may ask for it, what is done, how that reads, and where what came of it is looked at. Work
that is done in steps (a workbook is read, looked at, then taken in) goes from one kind to the next.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from flask import url_for
from sqlalchemy.orm import Session

from app.longwork.background import Tell
from app.longwork.folder import Folder
from lifecycle.files import ContentStore
from lifecycle.refusals import Refusal
from lifecycle.roles import Actor, Permission

Parameters: TypeAlias = Mapping[str, Any]
"""What a piece of work was asked with, as JSON holds it."""

Result: TypeAlias = Mapping[str, Any]
"""What came of it, as JSON holds it."""

Steps: TypeAlias = Callable[[int, int], None]
"""Told how much of a step is done, of how much."""

GONE = "上传的文件已经清理，请重新上传。"
REASONS = "reasons"
"""In the result of refused work whose page is its own: what stands against it, a sentence each."""


@dataclass(frozen=True, slots=True)
class Task:
    """A piece of work as whoever does it is given it. It runs outside any request."""

    session: Session
    actor: Actor
    """Who asked for it, with the roles she has now."""
    key: str
    name: str
    digest: str
    parameters: Parameters
    folder: Folder
    store: ContentStore
    """The store of attached files."""
    tell: Tell

    @property
    def rows(self) -> Path:
        """Where a long list of what was found is to be kept."""
        return self.folder.rows(self.key)

    def workbook(self) -> Path:
        """Return where the uploaded workbook lies. Raises ``Refusal`` where it has been cleared away."""
        path = self.folder.workbook(self.digest)
        if not path.exists():
            raise Refusal(GONE)
        return path

    def step(self, words: str, number: int = 1, of: int = 1) -> Steps:
        """Return what is told how far a step is; it begins to be shown when it is first told."""
        said = f"第 {number} 步，共 {of} 步：{words}" if of > 1 else words
        return lambda done, total: self.tell(done, total, said)


class WorkRefused(Exception):
    """What the work was given does not do. ``result`` holds the figures for the page that says why."""

    def __init__(self, result: dict[str, Any]) -> None:
        super().__init__("what the work was given does not do")
        self.result = result


class Crumb(NamedTuple):
    """A step of the way to a page."""

    label: str
    url: str


def _own_page(key: str) -> str:
    return url_for("longwork.show", work_key=key)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of long work."""

    name: str
    permission: Permission
    """Asked of whoever begins it, and again when it runs."""
    noun: str
    """What is done, in a word: 体检."""
    title: str
    """The same with its object: 体检台账."""
    run: Callable[[Task], dict[str, Any]]
    """Does it and returns the figures for its page; raises ``WorkRefused`` or a ``Refusal``.

    Whatever it raises must leave nothing half done: the same may be begun again.
    """
    crumbs: Callable[[Parameters], Sequence[Crumb]]
    """The way to where such work is begun."""
    promise: str = ""
    """What whoever waits should know of it, in one sentence; empty: that it is done whole or not at all."""
    word: str = "已完成"
    """Where it stands once it is done, in a word, with its tone."""
    tone: str = "done"
    page: Callable[[str], str] = _own_page
    """The address, by the work's key, under which it is looked at from its beginning to its result."""
    leads_to: Callable[[Parameters, Result], str] | None = None
    """Where its page leads once it is done, for work whose result is seen elsewhere."""
    restart: str = ""
    """The kind with which it begins again, where that is not itself."""

    @property
    def said(self) -> str:
        """The sentence for whoever waits."""
        return self.promise or f"{self.noun}要么全部完成，要么不作改动。"


KINDS: dict[str, Kind] = {}
"""Every kind by its name."""


def register(kind: Kind) -> Kind:
    """Make a kind known; raises ``ValueError`` where another has its name."""
    if kind.name in KINDS:
        raise ValueError(f"two kinds of long work are called {kind.name}")
    KINDS[kind.name] = kind
    return kind


class Act(NamedTuple):
    """A half of taking a workbook in: its name, what is done in a word and with its object, and how."""

    name: str
    noun: str
    title: str
    run: Callable[[Task], dict[str, Any]]


def register_intake(
    permission: Permission,
    look: Act,
    take: Act,
    *,
    crumbs: Callable[[Parameters], Sequence[Crumb]],
    page: Callable[[str], str],
    anew: bool = False,
) -> tuple[Kind, Kind]:
    """Make known how a workbook is taken in: looked at first, which saves nothing, then taken when asked for.

    Both are seen on one page. ``anew``: begun again, taking it in looks at it again first.
    """
    looked = Kind(
        *(look.name, permission, look.noun, look.title, look.run, crumbs),
        promise=f"{look.noun}不保存任何内容，看过结果再决定是否{take.noun}。",
        word=f"待{take.noun}",
        tone="soon",
        page=page,
    )
    taken = Kind(
        *(take.name, permission, take.noun, take.title, take.run, crumbs),
        word=f"已{take.noun}",
        page=page,
        restart=look.name if anew else "",
    )
    return register(looked), register(taken)
