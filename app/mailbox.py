"""The sender's mailbox, by IMAP: letters that come back are read there, marked as seen and never deleted."""

from __future__ import annotations

import imaplib
import logging
import os
import re
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from app.bounce_mail import Report, may_be_report, read_report
from app.clock import now
from app.mailer import NO_ANSWER, BadMailSettings, Security
from app.troubles import words_of
from lifecycle.refusals import Refusal
from lifecycle.returning import Fate, take_back

log = logging.getLogger(__name__)

PATIENCE = 30
"""Seconds to wait for an answer."""

LOOK_BACK = timedelta(days=14)
"""How old a mail may be: servers give up on a letter within a week."""

LARGEST = 1_000_000
"""Bytes of the largest mail that is read; ours have no attachments, nor have they when they come back."""

MOST_HEADS, MOST_WHOLE, TOGETHER = 2000, 200, 100
"""Mails of which the header, and which whole, are read at once; how many headers are asked for together."""

USUAL_PORTS = {Security.NONE: 143, Security.STARTTLS: 143, Security.SSL: 993}

_SETTINGS = ("HOST", "PORT", "USER", "PASSWORD", "TLS")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_HEAD = "(UID RFC822.SIZE BODY.PEEK[HEADER.FIELDS (FROM SUBJECT CONTENT-TYPE X-FAILED-RECIPIENTS)])"


class MailboxUnreachable(Refusal):
    """The mailbox does not answer or does not let us in: what is in it is read later."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one reading came to, in mails."""

    returned: int = 0
    unreadable: int = 0

    def __str__(self) -> str:
        """Say it in words; empty where there was nothing."""
        told = f"登记退信 {self.returned} 封" if self.returned else ""
        left = f"过大或读不懂、没有处理的 {self.unreadable} 封" if self.unreadable else ""
        return "，".join(filter(None, (told, left)))


@dataclass(frozen=True, slots=True)
class Mailbox:
    """The mailbox of this installation's sender."""

    host: str
    port: int
    user: str
    password: str
    security: Security

    @staticmethod
    def is_set() -> bool:
        """Whether the environment names a mailbox, rightly or not."""
        return bool(os.environ.get("KEGUAN_IMAP_HOST", "").strip())

    @classmethod
    def from_environment(cls) -> Mailbox | None:
        """Return the mailbox that ``KEGUAN_IMAP_*`` describe, ``None`` where no host is set.

        ``_HOST``, ``_PORT``, ``_USER``, ``_PASSWORD`` and ``_TLS`` (ssl where nothing is said, starttls or
        none); user and password are those of ``KEGUAN_SMTP_*`` where they are not set. Raises
        ``BadMailSettings``.
        """
        given = {name: os.environ.get(f"KEGUAN_IMAP_{name}", "").strip() for name in _SETTINGS}
        if not given["HOST"]:
            return None
        try:
            usual = Security.STARTTLS if given["PORT"] == "143" else Security.SSL
            security = Security(given["TLS"].lower() or usual)
            port = int(given["PORT"] or USUAL_PORTS[security])
        except ValueError:
            raise BadMailSettings(
                "收信设置有误：KEGUAN_IMAP_PORT 应为端口号，KEGUAN_IMAP_TLS 应为 none、starttls 或 ssl。"
            ) from None
        user, password = (
            given[name] or os.environ.get(f"KEGUAN_SMTP_{name}", "").strip() for name in ("USER", "PASSWORD")
        )
        if not user or not password:
            raise BadMailSettings(
                "收信设置有误：请用 KEGUAN_IMAP_USER 和 KEGUAN_IMAP_PASSWORD 指定邮箱的用户名和密码。"
            )
        return cls(given["HOST"], port, user, password, security)

    @contextmanager
    def opened(self) -> Iterator[imaplib.IMAP4]:
        """Lend a connection that has the inbox open. Raises ``MailboxUnreachable``, also later on."""
        try:
            client = self._greet()
            try:
                self._enter(client)
                yield client
            finally:
                with suppress(OSError, imaplib.IMAP4.error):
                    client.logout()
                with suppress(OSError):
                    client.shutdown()  # left open where leaving politely has failed
        except (imaplib.IMAP4.error, OSError) as error:
            raise self._unreachable(words_of(error) or NO_ANSWER) from error

    def _unreachable(self, why: str) -> MailboxUnreachable:
        return MailboxUnreachable(f"收信邮箱 {self.host}:{self.port} 无法读取，稍后重试：{why}")

    def _greet(self) -> imaplib.IMAP4:
        trusted = ssl.create_default_context()
        if self.security is Security.SSL:
            return imaplib.IMAP4_SSL(self.host, self.port, ssl_context=trusted, timeout=PATIENCE)
        client = imaplib.IMAP4(self.host, self.port, timeout=PATIENCE)
        if self.security is Security.STARTTLS:
            try:
                client.starttls(trusted)
            except BaseException:
                with suppress(OSError):
                    client.shutdown()
                raise
        return client

    def _enter(self, client: imaplib.IMAP4) -> None:
        client.login(self.user, self.password)
        if "ID" in _ask(client.capability())[0].upper().split():
            # NetEase lets in nobody who does not say its name; others may hang up on who does.
            client.xatom("ID", '("name" "keguan" "version" "1" "vendor" "keguan")')
        _ask(client.select("INBOX"))


def read_returned(session: Session, mailbox: Mailbox, looked: set[str]) -> Reading:
    """Read what has come back and let those letters fail; a mail that is not about them stays as it is.

    ``looked`` remembers, as long as this process lives, which unread mails are none of ours: they are not
    asked about again. Raises ``MailboxUnreachable``; what has been handled by then stays handled.
    """
    returned = unreadable = 0
    with mailbox.opened() as client:
        box = _one(client.response("UIDVALIDITY")[1])
        uids = _unread(client, (now() - LOOK_BACK).date())
        looked &= {f"{box}/{uid}" for uid in uids}
        fresh = [uid for uid in uids if f"{box}/{uid}" not in looked][-MOST_HEADS:]
        maybe = []
        for head in _heads(client, fresh):
            if may_be_report(head.content):
                maybe.append(head)
            else:
                looked.add(f"{box}/{head.uid}")
        for head in maybe[-MOST_WHOLE:]:
            fate = _handled(session, client, head)
            if fate in (Fate.TAKEN, Fate.KNOWN):
                _ask(client.uid("STORE", head.uid, "+FLAGS.SILENT", r"(\Seen)"))
            elif fate is not Fate.LATER:
                looked.add(f"{box}/{head.uid}")
            returned += fate is Fate.TAKEN
            unreadable += fate is None
    return Reading(returned, unreadable)


def _handled(session: Session, client: imaplib.IMAP4, head: _Head) -> Fate | None:
    """Do what a mail asks for; ``None`` where it is too large or cannot be made out."""
    if head.size > LARGEST:
        log.warning("mail %s of %d bytes in the mailbox is too large to be read", head.uid, head.size)
        return None
    found = list(_fetched(client, head.uid, "(UID BODY.PEEK[])"))
    if not found:
        return Fate.LATER  # gone meanwhile
    try:
        report = read_report(found[0][1])
    except Exception:  # whatever a broken mail does to the parser, the next one is read
        log.warning("mail %s in the mailbox cannot be made out", head.uid, exc_info=True)
        return None
    return _taken(session, report) if report else Fate.FOREIGN


def _taken(session: Session, report: Report) -> Fate:
    """Take back every letter a report speaks of; return what weighs most of what came of them."""
    fates = {
        take_back(session, *mark, one.addresses, failed=one.failed, reason=one.reason, gone=one.gone)
        for mark in report.marks
        for one in report.verdicts
    }
    return min(fates, key=_WEIGHT.index)


_WEIGHT = (Fate.LATER, Fate.TAKEN, Fate.KNOWN, Fate.FOREIGN)
"""A report of which something is left to do is read again, then one that changed something comes first."""


class _Head(NamedTuple):
    uid: str
    size: int
    content: bytes


def _unread(client: imaplib.IMAP4, since: date) -> list[str]:
    day = f"{since.day}-{_MONTHS[since.month - 1]}-{since.year}"
    return _ask(client.uid("SEARCH", "UNSEEN", "SINCE", day))[0].split()


def _heads(client: imaplib.IMAP4, uids: Sequence[str]) -> Iterator[_Head]:
    for first in range(0, len(uids), TOGETHER):
        for said, content in _fetched(client, ",".join(uids[first : first + TOGETHER]), _HEAD):
            uid, size = (re.search(rf"\b{name} (\d+)", said) for name in ("UID", r"RFC822\.SIZE"))
            if uid and size:
                yield _Head(uid[1], int(size[1]), content)


def _fetched(client: imaplib.IMAP4, uids: str, what: str) -> Iterator[tuple[str, bytes]]:
    """Yield of each mail what the server says of it and the one text it was asked for.

    The text comes as a literal in the midst of what is said: servers differ in what they say after it.
    """
    kind, data = client.uid("FETCH", uids, what)
    _ask((kind, data))
    for at, one in enumerate(data):
        if isinstance(one, tuple):
            after = data[at + 1] if at + 1 < len(data) and isinstance(data[at + 1], bytes) else b""
            yield _words(one[0]) + " " + _words(after), one[1]


def _ask(answer: tuple[str, Sequence[Any]]) -> list[str]:
    """Return what a server answered, in words. Raises the error of a client where it refused."""
    kind, data = answer
    said = [_words(one) for one in data if isinstance(one, (bytes, str))] or [""]
    if kind != "OK":
        raise imaplib.IMAP4.error(" ".join(said))
    return said


def _one(data: Sequence[Any]) -> str:
    return _words(data[0]) if data and data[0] else ""


def _words(said: object) -> str:
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
