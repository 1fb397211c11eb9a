"""One act, one duty, one deadline: of what waits and is owed by an article, the article's duty speaks alone.

What waits names the duty that speaks of the same work (``Waiting.duty``). While that is owed, it speaks for
what waits, and whoever's turn it is owes it, in the words that are hers: an annual report is the pi's to hand
in, and the unit's to confirm once she has. Where nothing is owed (any more), what waits is a duty itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from lifecycle.record import ProjectRecord
from lifecycle.rules.base import Duty, DutyKind
from lifecycle.rules.time_limits import TurnWithin
from lifecycle.waiting import Waiting


def said_once(duties: Sequence[Duty], record: ProjectRecord) -> list[Duty]:
    """Return the duties without those that another speaks of, and each as whoever's turn it is owes it."""
    named = [one for one in record.waiting if one.duty is not None]
    if not named:
        return list(duties)
    owed: dict[str, list[int]] = {}
    for place, duty in enumerate(duties):
        owed.setdefault(duty.key, []).append(place)
    speaking: dict[int, list[Waiting]] = {}
    covered: set[str] = set()
    for one in named:
        for place in owed.get(one.duty or "", ()):
            if _speaks_of(duties[place], one):
                covered.add(str(one.id))
                speaking.setdefault(place, []).append(one)
                break
    return [
        _as_waiting(duty, speaking.get(place, ()))
        for place, duty in enumerate(duties)
        if not (isinstance(duty.rule.kind, TurnWithin) and duty.subject in covered)
    ]


def _speaks_of(duty: Duty, one: Waiting) -> bool:
    """Whether a duty is owed for as long as something waits, or was."""
    if duty.settled_on is None:
        return True
    return one.done_on is not None and one.done_on <= duty.settled_on


def _as_waiting(duty: Duty, waiting: Iterable[Waiting]) -> Duty:
    turns = [one for one in waiting if one.done_on is None]
    if not turns or duty.settled_on is not None:
        return duty
    duty = replace(duty, speaks_of=turns[0].duty)
    if any(one.role in (duty.rule.owner, *duty.rule.also) for one in turns):
        return duty
    first, paths = turns[0], {one.path for one in turns}
    duty = replace(duty, taken_on_by=first.role, also=first.also, user_id=first.user_id)
    if isinstance(duty.rule.kind, DutyKind) and duty.rule.kind.keeps_its_words:
        return duty
    return replace(
        duty,
        message="；".join(dict.fromkeys(one.words for one in turns)),
        path=first.path if len(paths) == 1 else None,
    )
