"""Why a payment does not go on, beyond what every command may refuse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lifecycle.refusals import Refusal


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """One tranche that cannot go with the others, and everything that stands against it."""

    tranche_id: int
    project_number: str
    reasons: tuple[str, ...]


class LinesRefused(Refusal):
    """Some tranches cannot go into, or out with, a batch; nothing was done with the others either."""

    def __init__(self, lines: Sequence[RefusedLine]) -> None:
        shown = "；".join(f"{line.project_number}：{'，'.join(line.reasons)}" for line in lines[:5])
        more = f"；等共 {len(lines)} 笔" if len(lines) > 5 else ""
        super().__init__(f"以下款项暂不能办理，请先处理或移出批次。{shown}{more}。")
        self.lines = tuple(lines)
