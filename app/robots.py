"""Sending to group robots of DingTalk, WeCom and Feishu: their addresses, signatures and messages."""

from __future__ import annotations

import hmac
import json
import os
from base64 import b64encode
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from http.client import HTTPException
from time import monotonic
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote_plus
from urllib.request import HTTPRedirectHandler, Request, build_opener

from sqlalchemy.orm import Session

from app.clock import now
from app.mailer import LONGEST_RUN, NO_ANSWER, Delivery
from app.robot_answers import Answer, Outcome, judge
from app.troubles import words_of
from lifecycle.models import Channel, Robot
from lifecycle.outbox import (
    ROBOTS,
    Letter,
    any_due,
    claim_next,
    give_up,
    note_failed,
    note_refused,
    note_sent,
)
from lifecycle.robots import GONE, is_allowed, note_fared

PATIENCE = 10
"""Seconds to wait for an answer."""

MOST_AT_ONCE = 15
"""Messages to one robot in a run; of DingTalk and WeCom each takes twenty a minute."""

LONGEST_ANSWER = 10_000
"""Bytes read of an answer."""


def allowed_hosts() -> frozenset[str]:
    """Return this installation's relays (``KEGUAN_ROBOT_HOSTS``, by commas) beside the three's own."""
    given = os.environ.get("KEGUAN_ROBOT_HOSTS", "")
    return frozenset(host.strip() for host in given.split(",") if host.strip())


def dingtalk_sign(secret: str, milliseconds: int) -> str:
    """Return DingTalk's signature: of moment and secret, with the secret as the key."""
    return _signed(secret, f"{milliseconds}\n{secret}")


def feishu_sign(secret: str, seconds: int) -> str:
    """Return Feishu's signature: of nothing, with moment and secret as the key."""
    return _signed(f"{seconds}\n{secret}", "")


def _signed(key: str, text: str) -> str:
    return b64encode(hmac.digest(key.encode(), text.encode(), "sha256")).decode()


def message_of(
    channel: Channel, url: str, secret: str | None, text: str, moment: datetime
) -> tuple[str, Mapping[str, Any]]:
    """Return the address to which a text goes at a moment, and what is posted there."""
    if channel is Channel.FEISHU:
        message: dict[str, Any] = {"msg_type": "text", "content": {"text": text}}
        if secret:
            seconds = int(moment.timestamp())
            message |= {"timestamp": str(seconds), "sign": feishu_sign(secret, seconds)}
        return url, message
    if channel is Channel.DINGTALK and secret:
        milliseconds = int(moment.timestamp() * 1000)
        sign = quote_plus(dingtalk_sign(secret, milliseconds))
        url = f"{url}{'&' if '?' in url else '?'}timestamp={milliseconds}&sign={sign}"
    return url, {"msgtype": "text", "text": {"content": text}}


def speak(channel: Channel, url: str, secret: str | None, text: str) -> Answer:
    """Send a text to a robot now; returns what became of it and never raises."""
    if not is_allowed(channel, url, allowed_hosts()):
        return Answer(Outcome.NEVER, f"不是{channel}群机器人的地址，没有发送")
    address, message = message_of(channel, url, secret, text, now())
    body = json.dumps(message, ensure_ascii=False).encode()
    headers = {"Content-Type": "application/json; charset=utf-8"}
    request = Request(address, body, headers, method="POST")  # noqa: S310 its scheme and host were checked
    try:
        with _OPENER.open(request, timeout=PATIENCE) as answer:
            return judge(channel, answer.status, answer.read(LONGEST_ANSWER))
    except HTTPError as error:
        with error:
            return judge(channel, error.code, _read(error))
    except (OSError, HTTPException) as error:
        return Answer(Outcome.LATER, f"没有连接成功，稍后重试：{words_of(error) or NO_ANSWER}")


def _read(error: HTTPError) -> bytes:
    try:
        return error.read(LONGEST_ANSWER)
    except (OSError, HTTPException):
        return b""


class _StaysHere(HTTPRedirectHandler):
    """Follows no redirection: it could lead anywhere."""

    def redirect_request(self, *_: Any) -> None:
        """Refuse."""


_OPENER = build_opener(_StaysHere)


def send_to_robots(session: Session) -> Delivery:
    """Send the robots' messages that are to be sent now, each in a claim of its own.

    Of more than a robot takes at once, and after an answer that asks to wait, the rest is left to the next
    run: who goes on all the same is silenced for longer.
    """
    give_up(session, now())
    if not any_due(session, now(), ROBOTS):
        return Delivery()
    told, refused, resting, begun = Counter[str](), 0, set[str](), monotonic()
    while monotonic() - begun < LONGEST_RUN:
        letter = claim_next(session, now(), ROBOTS, resting)
        if letter is None:
            break
        outcome = _send(session, letter).outcome
        told[letter.address] += outcome is Outcome.SENT
        refused += outcome is not Outcome.SENT
        if outcome is Outcome.LATER or told[letter.address] == MOST_AT_ONCE:
            resting.add(letter.address)
    return Delivery(told.total(), refused)


def _send(session: Session, letter: Letter) -> Answer:
    robot = session.get(Robot, int(letter.address), populate_existing=True)
    if robot is None or robot.agency_id != letter.agency_id or not robot.active:
        answer = Answer(Outcome.NEVER, GONE if robot is None else "群机器人已停用")
        session.rollback()
        note_failed(session, letter, answer.words)
        return answer
    robot_id, url, secret = robot.id, robot.url, robot.secret
    session.rollback()  # no transaction stays open while the other side takes its time
    answer = speak(letter.channel, url, secret, f"{letter.title}\n{letter.body}")
    if answer.outcome is Outcome.SENT:
        note_sent(session, letter, now())
    elif answer.outcome is Outcome.LATER:
        note_refused(session, letter, now(), answer.words)
    else:
        note_failed(session, letter, answer.words)
    note_fared(session, robot_id, answer.error, now())
    return answer
