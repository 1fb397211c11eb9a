"""Why a payment does not go on, beyond what every command may refuse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lifecycle.refusals import Refusal, VerdictRefused
from lifecycle.rules.verdict import Line, Verdict


class Obstructed(Refusal):
    """Something that is no article stands in the way; ``obstacles`` says all of it, with what to do."""

    def __init__(self, obstacles: Sequence[str]) -> None:
        super().__init__("；".join(text.rstrip("。") for text in obstacles) + "。")
        self.obstacles = tuple(obstacles)


class ReasonNeeded(VerdictRefused):
    """Usual rules are not held, and nobody has written why to go on; ``lines`` are those rules."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict)
        self.lines: tuple[Line, ...] = verdict.needs_reason
        names = "、".join(dict.fromkeys(line.rule.citation for line in self.lines))
        self.message = f"未达到一般性规定（{names}）。确需拨付的，请由经办人逐项写明理由后提交。"
        self.args = (self.message,)


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
