"""A process killed in the middle of long work leaves all of it or nothing, and it can be done again."""

from __future__ import annotations

import os
import random
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from tests.integration.killing import PIECES, Piece, doing
from tests.integration.paying import a_bureau

KILLS = 100 if os.environ.get("KEGUAN_SOAK") else 3


@pytest.mark.parametrize("kind", PIECES)
def test_killed_work_leaves_all_or_nothing_and_can_be_done_again(
    session: Session, migrated_database_url: str, tmp_path: Path, kind: type[Piece]
) -> None:
    bureau, chance, outcomes = a_bureau(session), random.Random(7), Counter[str]()
    with doing(migrated_database_url, tmp_path) as process:
        first = kind(bureau, tmp_path)
        seconds = process.do(first.work_id)
        assert first.there == kind.whole
        piece, span = kind(bureau, tmp_path), 1.1 * seconds
        for _ in range(KILLS):
            before = bureau.everything()
            process.do(piece.work_id, kill_after=chance.uniform(0, span))
            piece.settle()
            if any(piece.there.values()):
                assert piece.there == kind.whole
                outcomes["all"] += 1
                piece, span = kind(bureau, tmp_path), 0.6 * span  # the machine has become quicker
            else:
                assert bureau.everything() == before
                outcomes["nothing"] += 1
                span *= 1.2
        assert outcomes["nothing"]
        process.do(piece.work_id)
        assert piece.there == kind.whole
        piece.begin_again()  # as where it was killed after it was done and before that was noted
        process.do(piece.work_id)
        assert piece.there == kind.whole
    print(kind.__name__, f"{seconds:.2f} s", dict(outcomes))  # noqa: T201 the figures of a soak
