"""What does not tie: two sums that should be one, where, and the likely cause in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lifecycle.addresses import project_path
from lifecycle.money import Fen
from lifecycle.record import Source

BEHIND_BACK = "可能有人绕过系统直接改动了数据，请核对办理记录"
"""The likely cause of what no command does."""


@dataclass(frozen=True, slots=True)
class Sum:
    """One side of a comparison: where the sum comes from, and the sum in fen."""

    name: str
    fen: Fen


@dataclass(frozen=True, slots=True)
class Difference:
    """Two sums of a project or a batch that should be one. ``remark`` is what only needs to be known."""

    what: str
    """What was compared, in words."""
    left: Sum
    right: Sum
    cause: str
    """The likely cause and what to do, in words."""
    project: str = ""
    """The number of the project."""
    batch: str = ""
    """The number of the batch."""
    batch_id: int | None = None
    source: Source | None = None
    remark: bool = False
    """Not an error of the books: money that a ledger brought otherwise, or that was overspent."""

    @property
    def where(self) -> str:
        """The project or batch it is about, in words."""
        return f"项目 {self.project}" if self.project else f"拨付批次 {self.batch}"

    @property
    def path(self) -> str:
        """The path of the page on which it can be looked at, from the root of the site."""
        if self.batch_id is not None:
            return f"/money/batches/{self.batch_id}"
        return f"{project_path(self.project)}?tab=money"


def to_plain(one: Difference) -> dict[str, Any]:
    """Return a difference as JSON keeps it; amounts are fen."""
    return {
        "project": one.project,
        "batch": one.batch,
        "batch_id": one.batch_id,
        "source": one.source.value if one.source else "",
        "what": one.what,
        "left": one.left.name,
        "left_fen": one.left.fen,
        "right": one.right.name,
        "right_fen": one.right.fen,
        "cause": one.cause,
        "remark": one.remark,
    }


def from_plain(plain: Mapping[str, Any]) -> Difference:
    """Return what ``to_plain`` was given."""
    return Difference(
        plain["what"],
        Sum(plain["left"], plain["left_fen"]),
        Sum(plain["right"], plain["right_fen"]),
        plain["cause"],
        project=plain["project"],
        batch=plain["batch"],
        batch_id=plain["batch_id"],
        source=Source(plain["source"]) if plain["source"] else None,
        remark=plain["remark"],
    )
