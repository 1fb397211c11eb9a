"""Letters that a mail server took and sent back: which letter it was, and whether anybody may say so.

Anybody can write to the mailbox that returned letters come to. What comes back counts where it bears the mark
of a letter (its id and what follows from its content) and speaks of the address that very letter went to.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import Enum, auto

from sqlalchemy import select
from sqlalchemy.orm import Session

from lifecycle.models import Channel, OutboxMessage
from lifecycle.outbox import LONGEST_ERROR, tag_of
from lifecycle.proof import note_returned
from lifecycle.refusals import NotFound
from lifecycle.roles import Actor


class Fate(Enum):
    """What came of a report."""

    TAKEN = auto()
    """The letter has failed now."""
    KNOWN = auto()
    """The letter is one of ours, and there was nothing to change."""
    LATER = auto()
    """The letter is on its way, or its sending is not in the history yet: to be asked again."""
    FOREIGN = auto()
    """No letter of ours to that address."""


def take_back(
    session: Session,
    letter_id: int,
    tag: str,
    addresses: Collection[str],
    *,
    failed: bool,
    reason: str,
    gone: bool,
) -> Fate:
    """Let a letter fail that came back from one of ``addresses``, by a command of its agency's clock.

    A letter that is only late (not ``failed``) is left as it is. ``gone`` where the address itself is no
    more: then nothing is sent there any longer.
    """
    box = OutboxMessage
    query = select(box.agency_id, box.address, box.title, box.body, box.state, box.run)
    row = session.execute(query.where(box.id == letter_id, box.channel == Channel.MAIL)).one_or_none()
    session.rollback()  # a command begins its own transaction
    if row is None or tag_of(letter_id, row.address, row.title, row.body) != tag:
        return Fate.FOREIGN
    if row.address.casefold() not in addresses:
        return Fate.FOREIGN
    if not failed or row.state == "failed":
        return Fate.KNOWN
    if row.state != "sent" or row.run is None:
        return Fate.LATER
    try:
        note_returned(session, Actor.system(row.agency_id), letter_id, reason[:LONGEST_ERROR], gone=gone)
    except NotFound:
        return Fate.KNOWN  # another reader was faster
    return Fate.TAKEN
