"""Which clauses a task agreement has: data, chosen by programme and by who takes part."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lifecycle.record import ProjectRecord
from lifecycle.rulebook import rulebook

_FILE = Path(__file__).with_name("clauses.toml")


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause and the projects for which it is written; what is ``None`` does not matter."""

    text: str
    documents: tuple[str, ...] | None = None
    joint: bool | None = None
    self: bool | None = None
    article: str = ""

    def fits(self, record: ProjectRecord, document: str) -> bool:
        """Whether the clause is written for such a project."""
        return (
            (self.documents is None or document in self.documents)
            and (self.joint is None or self.joint is bool(record.joint_unit))
            and (self.self is None or self.self is record.self_established)
        )

    @property
    def printed(self) -> str:
        """The clause as it is printed, with what it rests on."""
        return f"{self.text}（依据：{self.article}）" if self.article else self.text


def clauses_for(record: ProjectRecord) -> list[Clause]:
    """Return the clauses of a project's agreement, in the order of the paper."""
    document = rulebook().programme(record.programme, record.signed_on).document.key
    return [one for one in _clauses() if one.fits(record, document)]


@cache
def _clauses() -> tuple[Clause, ...]:
    tables = tomllib.loads(_FILE.read_text("utf-8"))["clauses"]
    return tuple(
        Clause(
            table["text"],
            tuple(table["documents"]) if "documents" in table else None,
            table.get("joint"),
            table.get("self"),
            table.get("article", ""),
        )
        for table in tables
    )
