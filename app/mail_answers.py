"""What mail servers mean by their answers, at the door and in letters that come back. Pure.

A server's own words are kept behind the meaning: they are what its keeper asks for.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Meaning(StrEnum):
    """Why a letter is not taken, in words."""

    GONE = "邮箱不存在或已停用"
    FULL = "对方邮箱已满"
    LARGE = "邮件过大，对方不收"
    OFTEN = "发送过于频繁，对方暂时限制"
    SIGN_IN = "对方要求先登录，请核对发件邮箱的用户名和密码（授权码）"
    NOT_OURS = "对方不代为转发，请核对邮件服务器的设置"
    DISTRUSTED = "对方不信任本单位的邮件服务器，请维护人员核对其域名记录和信誉"
    SPAM = "被当作垃圾邮件拒收"
    SENDER = "对方不接受发件人，请核对发件邮箱的设置"
    UNREACHABLE = "对方的邮件服务器连接不上"
    LATER = "对方暂时不收"
    REFUSED = "对方服务器拒收"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered to a letter: in words, and whether its address is no more."""

    words: str
    for_good: bool


FOR_GOOD = frozenset({501, 510, 511, 512, 513, 515, 550, 551, 553, 554, 556})
"""Answers to a recipient by which there is no such mailbox, and never will be."""

SIGN_IN = frozenset({530, 534, 535, 538})
"""Answers by which the server wants us to sign in first: no letter's fault."""

_NOT_THE_ADDRESS = re.compile(
    r"(?:^\d{3} |#)(?:4\.\d+\.\d+|5\.2\.2|5\.[37]\.\d+)\b"
    r"|relay|spam|frequen|limit|block|polic|authent|quota|full|\bip\b|content|DT:SPM|频|已满|垃圾|黑名单",
    re.IGNORECASE,
)
"""Says that a mailbox is full, or that it is the sender or the server's settings that do not please.

Whoever takes such an answer for an address that does not exist stops telling people who could be told.
"""

_BY_WORDS: Sequence[tuple[Meaning, re.Pattern[str]]] = [
    (meaning, re.compile(words, re.IGNORECASE))
    for meaning, words in (
        (Meaning.LARGE, r"mail ?size|message size|size limit|too (?:large|big)|过大"),
        (Meaning.FULL, r"quota|(?:mailbox|mail box|inbox|storage)\b.{0,12}full|已满|超限|容量|空间"),
        (Meaning.LATER, r"gr[ea]y-?list|灰名单"),
        (
            Meaning.OFTEN,
            r"frequen|too (?:many|fast|much)|rate.?limit|limit exceed|throttl|频|RP:(?!FRL)|HL:I[CF]|MI:STC",
        ),
        (Meaning.NOT_OURS, r"relay|转发|RP:FRL"),
        (Meaning.SIGN_IN, r"authent|log ?in\b|登录|授权码"),
        (
            Meaning.DISTRUSTED,
            r"\b(?:spf|dkim|dmarc|rbl|spamhaus|(?:block|black)(?:ed|list)|ip)\b|polic|reputation|黑名单|HL:REP",
        ),
        (Meaning.SPAM, r"spam|junk|content|virus|phish|DT:SPM|垃圾|内容|病毒|拦截"),
        (Meaning.SENDER, r"sender|mail from|发件人|MI:(?:IMF|NHD)|DT:SUM"),
    )
]
"""What servers say, Chinese ones too, in the order in which it counts."""

_BY_STATUS: Sequence[tuple[Meaning, re.Pattern[str]]] = [
    (meaning, re.compile(rf"[45]\.(?:{status})$"))
    for meaning, status in (
        (Meaning.SENDER, r"1\.[78]"),
        (Meaning.FULL, r"2\.2"),
        (Meaning.LARGE, r"2\.3|3\.4"),
        (Meaning.UNREACHABLE, r"4\.\d+"),
        (Meaning.SIGN_IN, r"7\.(?:8|9|11)"),
        (Meaning.DISTRUSTED, r"7\.(?:2[0-9])"),
    )
]
"""What enhanced codes (RFC 3463 and those registered later) say, where the words do not."""

_STATUS = re.compile(r"\b[45]\.\d{1,3}\.\d{1,3}\b")
_CODE = re.compile(r"^\D{0,20}\b([45])\d\d\b")


def judge(code: int, text: bytes | str) -> Answer:
    """Return what an answer to one recipient's letter means."""
    said = said_in(code, text)
    for_good = code in FOR_GOOD and not _NOT_THE_ADDRESS.search(said)
    meaning = Meaning.GONE if for_good else Meaning.SIGN_IN if code in SIGN_IN else meaning_of(said)
    return Answer(f"{meaning}（{said}）", for_good)


def meaning_of(said: str, status: str = "") -> Meaning:
    """Return what a server means that does not take a letter, its address being right as far as is known."""
    found = _STATUS.search(status) or _STATUS.search(said)
    status = found[0] if found else ""
    for meaning, words in _BY_WORDS:
        if words.search(said):
            return meaning
    for meaning, codes in _BY_STATUS:
        if codes.fullmatch(status):
            return meaning
    code = _CODE.search(said)
    kind = status[:1] or (code[1] if code else "")
    return Meaning.LATER if kind == "4" else Meaning.REFUSED


def said_in(code: int, text: bytes | str) -> str:
    """Return an answer as the server gave it, on one line."""
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return " ".join([str(code), *words.split()])


_MAILBOX_SAYS: Sequence[tuple[str, re.Pattern[str]]] = [
    (words, re.compile(said, re.IGNORECASE))
    for words, said in (
        ("对方认为这样登录不安全，请在邮箱的设置中允许客户端收信", r"unsafe login|不安全"),
        (
            "邮箱没有开启客户端收信（IMAP），请在邮箱的设置中开启",
            r"(?:not|isn't) (?:open|enabled)|disabled|未开启",
        ),
        ("用户名或密码（授权码）不被接受，请核对", r"auth|log ?in|password|credential|账号|密码|登录"),
        ("登录过于频繁，对方暂时限制", r"frequen|too many|limit|频"),
        ("收件箱打不开", r"select|mailbox|inbox|folder"),
    )
]


def mailbox_meaning(said: str) -> str:
    """Return what a mailbox means that does not let us read it."""
    found = next((words for words, pattern in _MAILBOX_SAYS if pattern.search(said)), "对方没有接受")
    return f"{found}（{said}）" if said else found
