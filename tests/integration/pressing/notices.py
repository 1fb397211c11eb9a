"""Notices on paper drawn up, delivered through Keguan or by other ways, signed for, received or made void."""

from __future__ import annotations

from datetime import date

from lifecycle.models import PaperNotice
from lifecycle.notice_causes import draft, offers
from lifecycle.notice_delivery import deliver, sign
from lifecycle.notice_words import KEGUAN
from lifecycle.paper_notices import Delivery, draw, record_received, record_sent, void
from lifecycle.refusals import Obstructed
from lifecycle.roles import Role
from tests.integration.pressing.place import WHY, Place, Press, Presses, choose


def presses(place: Place, day: date, *, wild: bool) -> list[Press]:
    """Return what may be pressed of a project's notices."""
    known = place.rows(PaperNotice)
    if known and wild:
        return choose(_of(place, place.shuffle.choice(known), day), (), wild=True)
    open_ = [one for one in known if one.received_on is None and one.void_on is None]
    if open_:
        return choose(_of(place, open_[-1], day), _next(open_[-1]), wild=False)
    return [("draw up", lambda: _draw(place, day))] if place.shuffle.random() < 0.3 else []


def _next(notice: PaperNotice) -> tuple[str, ...]:
    if notice.sent_on is None:
        return ("deliver", "deliver", "deliver", "send", "make void")
    return (
        ("sign for", "sign for", "receive")
        if notice.sent_by == KEGUAN
        else ("receive", "receive", "make void")
    )


def _draw(place: Place, day: date) -> None:
    handler = place.bureau.handler
    _, offered = offers(place.session, handler, place.number, day)
    place.session.rollback()
    if not offered:
        raise Obstructed(["没有可以通知的事项。"])
    cause = place.shuffle.choice(offered).cause
    text = draft(place.session, handler, place.number, cause, day).text.written
    place.session.rollback()
    draw(place.session, handler, place.number, cause, text, day)


def _of(place: Place, notice: PaperNotice, day: date) -> Presses:
    one, handler, on = place.session, place.bureau.handler, place.when(day)
    signer = place.actor(place.shuffle.choice((Role.PI, Role.UNIT_MANAGER)))
    return {
        "deliver": lambda: deliver(one, handler, notice.id, "", day),
        "send": lambda: record_sent(one, handler, notice.id, on, Delivery.POST, day),
        "sign for": lambda: sign(one, signer, notice.id, day),
        "receive": lambda: record_received(one, handler, notice.id, on, "收发室", None, day),
        "make void": lambda: void(one, handler, notice.id, WHY, day),
    }
