"""What the page of a batch shows: its lines, what stands against them, and who may go on with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from finance.batches import ListedBatch, ShownBatch, ShownLine, own_part, show_batch
from finance.issuing import refused_lines
from finance.states import BatchState
from lifecycle.roles import Actor, Permission

_NAMED = 5
"""Projects named one by one in a sentence."""


@dataclass(frozen=True, slots=True)
class BatchView:
    """A batch as one person sees it."""

    shown: ShownBatch
    against: Mapping[int, Sequence[str]]
    """Tranche id → what stands against it, of a draft."""
    is_own_step: bool
    """Whether this person's roles take the next step."""
    own_part: Sequence[str]
    """Projects whose payment this person proposed or approved: then somebody else goes on."""

    @property
    def batch(self) -> ListedBatch:
        """The batch itself."""
        return self.shown.batch

    @property
    def is_draft(self) -> bool:
        """Whether lines may still be taken out."""
        return self.batch.state is BatchState.DRAFT

    @property
    def is_issued(self) -> bool:
        """Whether the sheet is out and something is still to be booked."""
        return self.batch.state is BatchState.ISSUED

    @property
    def open_lines(self) -> list[ShownLine]:
        """The lines of this page of which nobody knows yet what came."""
        return [line for line in self.shown.lines if line.result is None]

    @property
    def act(self) -> str:
        """The next step, as a sentence says it."""
        return "出表" if self.is_draft else "登记拨付"

    @property
    def obstacles(self) -> list[str]:
        """What keeps this person from the next step, in sentences."""
        found = []
        if self.own_part:
            numbers = "、".join(self.own_part[:_NAMED]) + ("等" if len(self.own_part) > _NAMED else "")
            found.append(
                f"其中 {len(self.own_part)} 笔由您本人提出或批准（{numbers}），"
                f"须由其他人{self.act}（本局不相容岗位分离要求）。"
            )
        if self.is_draft and not self.batch.lines:
            found.append("批次中没有款项，请作废本批次后重新编制。")
        if self.against:
            found.append(f"有 {len(self.against)} 笔现在不能拨付，原因见下表；请先处理，或移出批次。")
        return found


def batch_view(session: Session, actor: Actor, batch_id: int, today: date, number: int) -> BatchView:
    """Return a batch with the page ``number`` of its lines. Raises ``NotFound``."""
    shown = show_batch(session, actor, batch_id, page=number)
    draft, issued = (shown.batch.state is state for state in (BatchState.DRAFT, BatchState.ISSUED))
    step = Permission.BOOK_PAYMENT if issued else Permission.MAKE_BATCH
    is_own_step = (draft or issued) and actor.may(step)
    against = refused_lines(session, actor, batch_id, today) if draft else []
    return BatchView(
        shown=shown,
        against={line.tranche_id: line.reasons for line in against},
        is_own_step=is_own_step,
        own_part=own_part(session, actor, batch_id) if is_own_step else [],
    )
