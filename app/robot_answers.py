"""What DingTalk, WeCom and Feishu mean by their answers: taken, to be tried again, or refused for good.

All three answer with HTTP 200 and a code of their own, so the code counts. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from lifecycle.models import Channel


class Outcome(Enum):
    """What became of a message."""

    SENT = auto()
    LATER = auto()
    NEVER = auto()


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, and in words what is to be done about it."""

    outcome: Outcome
    words: str = ""

    @property
    def error(self) -> str | None:
        """The words, unless it was taken."""
        return None if self.outcome is Outcome.SENT else self.words


_BUSY = "对方系统繁忙，稍后重试"
_OFTEN = "发送过于频繁，对方暂时限制，稍后重试"
_GONE = "地址无效或机器人已被移出群，请在群里重新添加机器人并更新这里的地址"
_OFF = "机器人已被停用，请在群设置中重新启用"
_SIGN = "签名不符，请核对密钥是否与机器人安全设置中的一致，并核对服务器时间"
_WORD = "消息不含机器人安全设置要求的关键词，请在机器人的安全设置中把“科管”设为关键词"
_WHITE = "本系统服务器的地址不在机器人安全设置的 IP 白名单内，请把它加入白名单"
_SAFETY = "没有通过机器人的安全设置，请核对其关键词、加签和 IP 白名单"
_UNFIT = "对方认为消息内容不合适，没有接收"
_FORM = "对方不接受消息的格式，请联系系统运维人员"
_LONG = "消息过长，对方没有接收"

_LATER: Mapping[Channel, Mapping[int, str]] = {
    Channel.DINGTALK: {-1: _BUSY, 130101: _OFTEN, 410100: _OFTEN},
    Channel.WECOM: {-1: _BUSY, 45009: _OFTEN, 45033: _OFTEN},
    Channel.FEISHU: {11232: _OFTEN, 99991400: _OFTEN},
}
_NEVER: Mapping[Channel, Mapping[int, str]] = {
    Channel.DINGTALK: {
        **dict.fromkeys((300001, 300005, 400101, 400106), _GONE),
        **dict.fromkeys((430101, 430102, 430103, 430104), _UNFIT),
        **dict.fromkeys((40035, 43004, 400105), _FORM),
        310000: _SAFETY,
        400013: "群已解散，请更换机器人或删除",
        400102: _OFF,
    },
    Channel.WECOM: {
        **dict.fromkeys((40008, 40058, 44004), _FORM),
        45002: _LONG,
        60020: _WHITE,
        93000: _GONE,
    },
    Channel.FEISHU: {
        **dict.fromkeys((9499, 19002), _FORM),
        19001: _GONE,
        19007: _OFF,
        19021: _SIGN,
        19022: _WHITE,
        19024: _WORD,
    },
}
_SAID_ALSO = {
    (Channel.DINGTALK, 310000): (("sign", _SIGN), ("timestamp", _SIGN), ("keyword", _WORD), ("ip", _WHITE)),
    (Channel.FEISHU, 9499): (("too many", _OFTEN),),
}
"""Codes that stand for several things: which of them, by what the message says as well."""


def judge(channel: Channel, status: int, body: bytes) -> Answer:
    """Return what an answer of HTTP ``status`` with ``body`` means."""
    code, message = _read(channel, body)
    if code == 0 and status == 200:
        return Answer(Outcome.SENT)
    also = _SAID_ALSO.get((channel, code or 0), ())
    words = next((words for part, words in also if part in message.lower()), None)
    if words == _OFTEN or code in _LATER[channel]:
        return _answer(Outcome.LATER, words or _LATER[channel][code or 0], code, message)
    if code in _NEVER[channel]:
        return _answer(Outcome.NEVER, words or _NEVER[channel][code or 0], code, message)
    if status == 429 or status >= 500:
        return Answer(Outcome.LATER, f"{_OFTEN if status == 429 else _BUSY}（HTTP {status}）")
    if status >= 300:
        return Answer(Outcome.NEVER, f"{_GONE}（HTTP {status}）")
    return _answer(Outcome.LATER, "对方没有给出可识别的答复，稍后重试", code, message)


def _answer(outcome: Outcome, words: str, code: int | None, message: str) -> Answer:
    said = " ".join(f"{'' if code is None else code} {message}".split())[:200]
    return Answer(outcome, f"{words}（{said}）" if said else words)


def _read(channel: Channel, body: bytes) -> tuple[int | None, str]:
    """Return the code and message of an answer; no code where it is none of theirs."""
    try:
        found: Any = json.loads(body)
    except ValueError:
        return None, ""
    if not isinstance(found, dict):
        return None, ""
    names = ("code", "StatusCode") if channel is Channel.FEISHU else ("errcode",)
    code = next((found[name] for name in names if isinstance(found.get(name), int)), None)
    message = found.get("msg" if channel is Channel.FEISHU else "errmsg")
    return code, message if isinstance(message, str) else ""
