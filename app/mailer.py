"""Sending what waits in the outbox, by SMTP. Without a mail server it keeps waiting, and nothing fails."""

from __future__ import annotations

import os
import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, parseaddr
from enum import StrEnum

from sqlalchemy.orm import Session

from app.clock import now
from lifecycle.outbox import Letter, any_due, claim_next, give_up, note_refused, note_sent
from lifecycle.refusals import Refusal

PATIENCE = 30
"""Seconds to wait for a mail server's answer."""


class Security(StrEnum):
    """How the way to the mail server is kept from other eyes."""

    NONE = "none"
    STARTTLS = "starttls"
    SSL = "ssl"


USUAL_PORTS = {Security.NONE: 25, Security.STARTTLS: 587, Security.SSL: 465}


class BadMailSettings(Refusal):
    """The environment describes no mail server that one could talk to."""


class MailServerUnreachable(Refusal):
    """The mail server does not answer, or does not let us in; nothing was taken from the outbox."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of the letters of one run."""

    sent: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True)
class MailServer:
    """The mail server of this installation."""

    host: str
    port: int
    user: str
    password: str
    sender: str
    security: Security

    @classmethod
    def from_environment(cls) -> MailServer | None:
        """Return the server that ``KEGUAN_SMTP_*`` describe, ``None`` where no host is set.

        ``_HOST``, ``_PORT``, ``_USER``, ``_PASSWORD``, ``_FROM`` and ``_TLS`` (none, starttls or ssl; worked
        out from the port where it is not set). Raises ``BadMailSettings``.
        """
        given = {name: os.environ.get(f"KEGUAN_SMTP_{name}", "").strip() for name in _SETTINGS}
        if not given["HOST"]:
            return None
        try:
            by_port = {str(port): security for security, port in USUAL_PORTS.items()}
            security = Security(given["TLS"].lower() or by_port.get(given["PORT"], Security.NONE))
            port = int(given["PORT"] or USUAL_PORTS[security])
        except ValueError:
            raise BadMailSettings(
                "邮件设置有误：KEGUAN_SMTP_PORT 应为端口号，KEGUAN_SMTP_TLS 应为 none、starttls 或 ssl。"
            ) from None
        sender = given["FROM"] or given["USER"]
        if "@" not in parseaddr(sender)[1]:
            raise BadMailSettings("邮件设置有误：请用 KEGUAN_SMTP_FROM 指定发件人地址。")
        return cls(given["HOST"], port, given["USER"], given["PASSWORD"], sender, security)

    def connect(self) -> smtplib.SMTP:
        """Return an open connection. Raises ``MailServerUnreachable``."""
        try:
            return self._greet()
        except (OSError, smtplib.SMTPException) as error:
            raise MailServerUnreachable(
                f"邮件服务器 {self.host}:{self.port} 连接失败，稍后重试：{error}"
            ) from error

    def _greet(self) -> smtplib.SMTP:
        trusted = ssl.create_default_context()
        smtp = (
            smtplib.SMTP_SSL(self.host, self.port, timeout=PATIENCE, context=trusted)
            if self.security is Security.SSL
            else smtplib.SMTP(self.host, self.port, timeout=PATIENCE)
        )
        try:
            if self.security is Security.STARTTLS:
                smtp.starttls(context=trusted)
            if self.user:
                smtp.login(self.user, self.password)
        except BaseException:
            smtp.close()
            raise
        return smtp


_SETTINGS = ("HOST", "PORT", "USER", "PASSWORD", "FROM", "TLS")


def compose(letter: Letter, sender: str) -> EmailMessage:
    """Return the letter as an e-mail. Raises ``ValueError`` where its address cannot be one.

    A letter sent twice bears the same Message-ID, by which mail programs show it once.
    """
    message = EmailMessage()
    message["Subject"] = " ".join(letter.title.split())
    message["From"] = sender
    message["To"] = letter.address
    if [one.addr_spec for one in message["To"].addresses if one.domain] != [letter.address]:
        raise ValueError(f"not an e-mail address: {letter.address}")
    message["Date"] = formatdate(localtime=True)
    message["Message-ID"] = f"<outbox-{letter.id}@{parseaddr(sender)[1].partition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.body, cte="base64")
    return message


def send_waiting(session: Session, server: MailServer) -> Delivery:
    """Send every letter that is to be sent now, each in a claim of its own.

    Raises ``MailServerUnreachable``; what has been sent by then stays sent.
    """
    give_up(session, now())
    if not any_due(session, now()):
        return Delivery()
    sent = refused = 0
    smtp = server.connect()
    try:
        while (letter := claim_next(session, now())) is not None:
            error = _send(smtp, letter, server.sender)
            if error is None:
                note_sent(session, letter, now())
                sent += 1
                continue
            note_refused(session, letter, now(), error)
            refused += 1
            if smtp.sock is None:
                smtp = server.connect()
    finally:
        with suppress(smtplib.SMTPException, OSError):
            smtp.quit()
    return Delivery(sent, refused)


def _send(smtp: smtplib.SMTP, letter: Letter, sender: str) -> str | None:
    """Hand the letter to the server; return what went wrong, ``None`` where it was taken."""
    try:
        smtp.send_message(compose(letter, sender), to_addrs=[letter.address])
    except (smtplib.SMTPException, OSError, ValueError) as error:
        return f"{type(error).__name__}: {error}"
    return None
