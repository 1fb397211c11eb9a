"""Sending e-mails that wait in the outbox, by SMTP. Without a mail server they wait, and nothing fails."""

from __future__ import annotations

import os
import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, parseaddr
from enum import StrEnum
from time import monotonic

from sqlalchemy.orm import Session

from app.clock import now
from app.mail_answers import SIGN_IN, judge, said_in
from app.troubles import words_of
from lifecycle.outbox import (
    Letter,
    any_due,
    claim_next,
    give_up,
    hand_back,
    note_bounced,
    note_refused,
    note_sent,
)
from lifecycle.refusals import Refusal

PATIENCE = 30
"""Seconds to wait for a mail server's answer."""

NO_ANSWER = "连接不上或没有回答"

LONGEST_RUN = 240.0
"""Seconds for which letters are sent at a stretch: the next tick goes on, and nothing else has to wait."""


class Security(StrEnum):
    """How the way to the mail server is kept from other eyes."""

    NONE = "none"
    STARTTLS = "starttls"
    SSL = "ssl"


USUAL_PORTS = {Security.NONE: 25, Security.STARTTLS: 587, Security.SSL: 465}


class BadMailSettings(Refusal):
    """The environment describes no mail server that one could talk to."""


class MailServerUnreachable(Refusal):
    """The mail server does not answer, does not let us in or refuses the sender: all letters wait."""


class Refused(Exception):
    """One letter was not taken; ``for_good`` where its address does not exist. Says what was answered."""

    def __init__(self, answer: str, *, for_good: bool = False) -> None:
        super().__init__(answer)
        self.answer = answer
        self.for_good = for_good


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

    @staticmethod
    def is_set() -> bool:
        """Whether the environment names a server, rightly or not."""
        return bool(os.environ.get("KEGUAN_SMTP_HOST", "").strip())

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
                f"邮件服务器 {self.host}:{self.port} 连接失败，稍后重试：{words_of(error) or NO_ANSWER}"
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

    A letter sent twice bears the same Message-ID, by which mail programs show it once, and by which a letter
    that comes back is known again (``app.bounce_mail``).
    """
    message = EmailMessage()
    message["Subject"] = " ".join(letter.title.split())
    message["From"] = sender
    message["To"] = letter.address
    if [one.addr_spec for one in message["To"].addresses if one.domain] != [letter.address]:
        raise ValueError(f"not an e-mail address: {letter.address}")
    message["Date"] = formatdate(localtime=True)
    message["Message-ID"] = f"<{letter.mark}@{parseaddr(sender)[1].partition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.body, cte="base64")
    return message


def send_waiting(session: Session, server: MailServer) -> Delivery:
    """Send every letter that is to be sent now, each in a claim of its own, for as long as a run may take.

    Raises ``MailServerUnreachable``; what has been sent by then stays sent.
    """
    give_up(session, now())
    if not any_due(session, now()):
        return Delivery()
    sent = refused = 0
    smtp, begun = server.connect(), monotonic()
    try:
        while monotonic() - begun < LONGEST_RUN and (letter := claim_next(session, now())) is not None:
            try:
                _send(smtp, letter, server.sender)
            except MailServerUnreachable:
                hand_back(session, letter, now())
                raise
            except Refused as refusal:
                (note_bounced if refusal.for_good else note_refused)(session, letter, now(), refusal.answer)
                refused += 1
            else:
                note_sent(session, letter, now())
                sent += 1
            if smtp.sock is None:
                smtp = server.connect()
    finally:
        with suppress(smtplib.SMTPException, OSError):
            smtp.quit()
    return Delivery(sent, refused)


def _send(smtp: smtplib.SMTP, letter: Letter, sender: str) -> None:
    """Hand the letter to the server. Raises ``Refused``; ``MailServerUnreachable`` if no letter would do."""
    try:
        message = compose(letter, sender)
    except ValueError:
        raise Refused("不是有效的电子邮件地址", for_good=True) from None
    try:
        smtp.send_message(message, to_addrs=[letter.address])
    except smtplib.SMTPSenderRefused as error:
        said = said_in(error.smtp_code, error.smtp_error)
        raise MailServerUnreachable(f"邮件服务器不接受发件人 {sender}，稍后重试：{said}") from error
    except smtplib.SMTPRecipientsRefused as error:
        ((code, text),) = error.recipients.values()
        if code in SIGN_IN:
            said = said_in(code, text)
            raise MailServerUnreachable(f"邮件服务器要求先登录，稍后重试：{said}") from error
        answer = judge(code, text)
        raise Refused(answer.words, for_good=answer.for_good) from error
    except smtplib.SMTPNotSupportedError as error:
        raise Refused("邮件服务器不能向这样的地址发送") from error
    except (smtplib.SMTPException, OSError, ValueError) as error:
        raise Refused(words_of(error) or NO_ANSWER) from error
