"""What returned mail says: which letter came back, from which addresses, and why. Pure.

Most servers send a report of RFC 3464; some a mail in plain words (qmail, older Exim, 系统退信). Neither
proves anything by itself: whose letter it was is asked of the outbox (``lifecycle.returning``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parseaddr
from itertools import islice

from app.mail_answers import Meaning, meaning_of

MARK = re.compile(r"\bkeguan-(\d{1,15})-([0-9a-f]{16})\b")
"""A letter's mark, as its Message-ID bears it."""

MOST = 20
"""Letters, and recipients, that one report is asked about: ours have one each."""

LONGEST = 50_000
"""Characters read of what a server says in plain words."""

_DAEMONS = re.compile(
    r"^(?:mailer[-_]?daemon|post[-_]?master|mail[-_]?daemon|bounces?|no-?reply)$", re.IGNORECASE
)
_FAILED = re.compile(
    r"退信|邮件[^\n]{0,10}退回|未送达|(?:未能|无法|不能)(?:送达|投递)|(?:投递|发送)失败|undeliver|"
    r"(?:not|n't) be delivered|deliver\w*[^.]{0,20} fail|failure notice|returned mail|returned? to sender",
    re.IGNORECASE,
)
_DELAYED = re.compile(
    r"延迟|延时|暂时(?:无法|未能|不能)|继续(?:尝试|投递)|delayed|will (?:be |keep )?(?:re)?tr[iy]",
    re.IGNORECASE,
)
_COPY = re.compile(
    r"^(?:received|return-path|message-id|dkim-signature|x-[\w-]+):|"
    r"^.*(?:below this line|copy of (?:the|your) )",
    re.IGNORECASE | re.MULTILINE,
)
"""Where a mail in plain words goes over to the letter itself."""

_ADDRESS = re.compile(r"[\w.+'-]{1,64}@[\w-]+(?:\.[\w-]+)+")
_STATUS = re.compile(r"\b([245])\.\d{1,3}\.\d{1,3}\b")
_CODE = re.compile(r"\b([45]\d\d)\b(?=[\s:,#-])")
_REASON = re.compile(r"(?:退信|失败|拒收)?原因[^\n：:]{0,6}[：:]\s*(\S[^\n]*)")

_NOBODY = re.compile(
    r"不存在|无此(?:用户|邮箱|收件人)|no such|not (?:found|exist)|n't exist|unavailable|unknown|"
    r"invalid (?:recipient|mailbox|address)",
    re.IGNORECASE,
)
_FULL = re.compile(r"quota|full|已满|超限|容量|空间", re.IGNORECASE)
_DISTRUSTED = re.compile(
    r"relay|spam|frequen|limit|block|polic|authent|content|virus|denied|reject|\bip\b|DT:SPM|"
    r"频率|拦截|垃圾|黑名单|拒收|内容|策略",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a report says of one recipient."""

    addresses: frozenset[str]
    """In lower case; more than one where the letter was passed on."""
    failed: bool
    """Whether it came back for good. What is only late changes nothing."""
    reason: str
    gone: bool
    """Whether the address itself is no more, not only its mailbox full or the letter unwelcome."""


@dataclass(frozen=True, slots=True)
class Report:
    """One returned mail: the marks of letters it bears, each an id and a tag, and what it says."""

    marks: tuple[tuple[int, str], ...]
    verdicts: tuple[Verdict, ...]


def may_be_report(head: bytes) -> bool:
    """Whether a mail whose header this is may be worth reading as a report."""
    message = message_from_bytes(head)
    kind = _header(message, "Content-Type").lower()
    if "multipart/report" in kind or message.get("X-Failed-Recipients"):
        return True
    return _from_daemon(message) or bool(_FAILED.search(_header(message, "Subject")))


def read_report(raw: bytes) -> Report | None:
    """Return what it says of letters of ours; ``None`` where it is no report or bears no mark of ours."""
    message = message_from_bytes(raw)
    marks = tuple(dict.fromkeys(_marks(message)))[:MOST]
    if not marks:
        return None
    parts = [part for part in message.walk() if part.get_content_type() == "message/delivery-status"]
    formal = (verdict for part in parts for verdict in _verdicts(part))
    verdicts = tuple(islice(formal, MOST)) or tuple(_in_plain_words(message))
    return Report(marks, verdicts) if verdicts else None


def _marks(message: Message) -> Iterator[tuple[int, str]]:
    for part in message.walk():
        for text in (*map(str, part.values()), _text(part)):
            for found in MARK.finditer(text):
                yield int(found[1]), found[2]


def _inside(part: Message) -> list[Message]:
    content = part.get_payload()
    return [one for one in content if isinstance(one, Message)] if isinstance(content, list) else []


def _text(part: Message) -> str:
    """Return the text of a part; nothing of another kind."""
    if part.get_content_maintype() != "text":
        return ""
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        return ""
    try:
        return content.decode(str(part.get_content_charset("utf-8")), "replace")
    except LookupError:
        return content.decode("gb18030", "replace")


def _verdicts(part: Message) -> Iterator[Verdict]:
    """Yield what the groups of a delivery status say, one a recipient."""
    for group in _inside(part):
        named = (_typed(group, name) for name in ("Final-Recipient", "Original-Recipient"))
        addresses = frozenset(one.strip("<> ").casefold() for one in named if one)
        if not addresses:
            continue
        said = _typed(group, "Diagnostic-Code")
        found = _STATUS.search(_header(group, "Status")) or _STATUS.search(said)
        status = found[0] if found else ""
        action = _header(group, "Action").strip().lower()
        failed = action == "failed" or (not action and status.startswith("5"))
        yield _verdict(addresses, status, said or status, failed=failed)


def _in_plain_words(message: Message) -> Iterator[Verdict]:
    """Yield what a mail server says that keeps to no form; nothing where it is not a server that speaks."""
    named = _header(message, "X-Failed-Recipients")
    if not named and not _from_daemon(message):
        return
    words = "\n".join(islice(_spoken(message), MOST))
    copy = _COPY.search(words)
    said = words[: copy.start()] if copy else words
    addresses = frozenset(one.casefold() for one in _ADDRESS.findall(f"{named}\n{said}"))
    heading = _header(message, "Subject")
    if not addresses or not (_FAILED.search(heading) or _FAILED.search(said)):
        return
    found = _STATUS.search(said)
    late = _DELAYED.search(heading) or (_DELAYED.search(said) and "退" not in heading)
    yield _verdict(addresses, found[0] if found else "", _reason(said), failed=not late)


def _spoken(message: Message) -> Iterator[str]:
    """Yield the texts in which the server itself speaks: not those of the letter it returns."""
    parts = [message]
    while parts:
        part = parts.pop(0)
        if part.get_content_maintype() == "multipart":
            parts += _inside(part)
        elif part.get_content_type() == "text/html":
            lines = re.sub(r"(?i)<br\s*/?>|</(?:p|div|tr|li|td)>", "\n", _text(part)[:LONGEST])
            yield re.sub(r"<[^<>]*>", " ", lines)
        else:
            yield _text(part)[:LONGEST]


def _reason(said: str) -> str:
    found = _REASON.search(said)
    if found:
        return " ".join(found[1].split())
    lines = [" ".join(line.split()) for line in said.splitlines()]
    return next((line for line in lines if _CODE.search(f"{line} ")), "")


def _verdict(addresses: frozenset[str], status: str, said: str, *, failed: bool) -> Verdict:
    why, said = _why(status, said), said.rstrip("。. ")
    return Verdict(
        addresses, failed, f"退信：{why}（{said}）" if said else f"退信：{why}", why == Meaning.GONE
    )


def _why(status: str, said: str) -> str:
    """Return in words why a letter came back. Whoever is thought to be gone is not written to any more.

    So the status counts before the words, and what is not clear is taken for a missing mailbox only where
    nothing speaks of another cause.
    """
    if status.startswith("4"):
        return "对方服务器一直没有接收"
    if status in ("5.2.2", "5.2.3", "5.3.4") or status.startswith(("5.3.", "5.5.", "5.6.", "5.7.")):
        return meaning_of(said, status)
    if not _NOBODY.search(said) and (_FULL.search(said) or _DISTRUSTED.search(said)):
        return meaning_of(said, status)
    return Meaning.GONE


def _typed(group: Message, name: str) -> str:
    """Return the value of a field that names its type first: ``rfc822; li@unit.cn``."""
    kind, mark, value = _header(group, name).partition(";")
    return " ".join((value if mark else kind).split())


def _header(message: Message, name: str) -> str:
    """Return a header as it reads; one that cannot be decoded as it stands."""
    value = str(message.get(name, ""))
    try:
        return str(make_header(decode_header(value)))
    except (HeaderParseError, LookupError, ValueError):
        return value


def _from_daemon(message: Message) -> bool:
    """Whether it comes in a mail server's name.

    An empty way back is no sign of that: answers of people who are away have it too.
    """
    sender = parseaddr(str(message.get("From", "")))[1]
    return not sender or bool(_DAEMONS.match(sender.partition("@")[0]))
