"""A notice on paper that was sent, for whoever walks the routes."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.orm import Session

from lifecycle.models import NoticeKind
from lifecycle.notice_causes import Cause
from lifecycle.notice_words import Written
from lifecycle.paper_notices import Delivery, draw, record_sent
from lifecycle.roles import Role
from tests.integration.paying import TODAY
from tests.web.site import People

NUMBER = "KG-2026-001"


def sent_notice(people: People, session: Session, _folder: Path) -> int:
    """Return one of the project's first measure: the project's people know of it."""
    handler, cause = people.a[Role.HANDLER].actor, Cause(NoticeKind.RECTIFICATION, measure=1)
    written = Written("设备采购合同与发票不一致。", "请限期整改到位。", TODAY)
    made = draw(session, handler, NUMBER, cause, written, TODAY)
    record_sent(session, handler, made, TODAY, Delivery.POST, TODAY)
    return made
