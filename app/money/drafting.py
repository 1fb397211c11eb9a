"""What the page of a batch shows: its lines, what stands against them, and who may go on with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from finance.batch_lines import OPEN, ShownLine
from finance.batches import ListedBatch, ShownBatch, own_part, show_batch
from finance.issuing import refused_lines
from finance.payee import Correction, recent_corrections
from finance.states import BatchState, LineResult
from finance.trail import batch_trail
from lifecycle.models import AuditEntry
from lifecycle.roles import Actor, Permission
from lifecycle.stages import TrancheState

_NAMED = 5
"""Projects named one by one in a sentence."""

RESULTS = (OPEN, *LineResult)
"""What the lines of a batch can be narrowed to."""


@dataclass(frozen=True, slots=True)
class BatchView:
    """A batch as one person sees it."""

    shown: ShownBatch
    against: Mapping[int, Sequence[str]]
    """Tranche id → what stands against it, of a draft."""
    corrections: Mapping[int, Correction]
    """Project id → that its account was changed of late, while nothing is paid."""
    trail: Sequence[AuditEntry]
    """What was done with the batch as a whole, the latest first; of a draft its head says it all."""
    is_own_step: bool
    """Whether this person's roles take the next step."""
    own_part: Sequence[str]
    """Projects whose payment this person proposed or approved: then somebody else goes on."""
    may_make: bool
    """Whether this person's roles make batches, and make them void."""
    may_book: bool
    """Whether this person's roles book payments, and take them back."""
    may_correct: bool
    """Whether this person's roles put a project's account right."""

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
    def may_go_on(self) -> bool:
        """Whether this person may take the next step, herself."""
        return self.is_own_step and not self.own_part

    @property
    def may_void(self) -> bool:
        """Whether this person may make the issued sheet void: nothing of it is paid."""
        unpaid = LineResult.PAID not in self.batch.results
        return self.is_issued and self.may_make and not self.own_part and unpaid

    @property
    def may_reissue(self) -> bool:
        """Whether this person may make another batch of what the void one held."""
        left = self.shown.pages > 1 or any(one.state is TrancheState.APPROVED for one in self.shown.lines)
        return self.batch.is_void and self.may_make and self.batch.replaced_by is None and left

    @property
    def may_reverse(self) -> bool:
        """Whether some line of this page is paid, and this person's roles may take that back."""
        return self.may_book and any(one.result is LineResult.PAID for one in self.shown.lines)

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


def batch_view(
    session: Session, actor: Actor, batch_id: int, today: date, number: int, came_to: str = ""
) -> BatchView:
    """Return a batch with the page ``number`` of its lines, or of those of one result; ``NotFound``."""
    wanted = came_to if came_to in RESULTS else ""
    shown = show_batch(session, actor, batch_id, came_to=wanted, page=number)
    draft, issued = (shown.batch.state is state for state in (BatchState.DRAFT, BatchState.ISSUED))
    step = Permission.BOOK_PAYMENT if issued else Permission.MAKE_BATCH
    is_own_step = (draft or issued) and actor.may(step)
    against = refused_lines(session, actor, batch_id, today) if draft else []
    unpaid = [line.project_id for line in shown.lines if line.result is None] if draft or issued else []
    return BatchView(
        shown=shown,
        against={line.tranche_id: line.reasons for line in against},
        corrections=recent_corrections(session, unpaid, today) if unpaid else {},
        trail=[] if draft else batch_trail(session, actor, batch_id),
        is_own_step=is_own_step,
        own_part=own_part(session, actor, batch_id) if is_own_step else [],
        may_make=actor.may(Permission.MAKE_BATCH),
        may_book=actor.may(Permission.BOOK_PAYMENT),
        may_correct=actor.may(Permission.PROPOSE_PAYMENT),
    )
