"""Returned mail as the servers of the world write it, about a letter of ours."""

from __future__ import annotations

from base64 import b64encode

MARK = "keguan-7-0123456789abcdef"
ADDRESS = "li@unit.test"

_LETTER = """\
Received: from app ([10.0.0.2]) by smtp.bureau.test with ESMTP; Wed, 1 Apr 2026 08:00:03 +0800
Subject: =?utf-8?b?56eR566h5o+Q6YaS?=
From: keguan@bureau.test
To: {address}
Message-ID: <{mark}@bureau.test>
Auto-Submitted: auto-generated
Content-Type: text/plain; charset="utf-8"
Content-Transfer-Encoding: base64
"""


def report(
    address: str = ADDRESS,
    mark: str = MARK,
    *,
    action: str = "failed",
    status: str = "5.1.1",
    said: str = "smtp; 550 5.1.1 <li@unit.test>: user unknown",
    final: str = "",
    original: str = "",
    returned: str = "text/rfc822-headers",
) -> bytes:
    """Return a delivery status notification of RFC 3464, as Postfix, Exchange and Coremail write them."""
    group = [f"Final-Recipient: rfc822; {final or address}"]
    group += [f"Original-Recipient: rfc822;{original}"] if original else []
    group += [f"{name}: {value}" for name, value in (("Action", action), ("Status", status)) if value]
    group += [f"Diagnostic-Code: {said}"] if said else []
    return f"""\
Return-Path: <>
From: MAILER-DAEMON@smtp.bureau.test (Mail Delivery System)
To: keguan@bureau.test
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="X"

--X
Content-Type: text/plain; charset=us-ascii

This is the mail system. I'm sorry to have to inform you that your message could not be delivered.

--X
Content-Type: message/delivery-status

Reporting-MTA: dns; smtp.bureau.test
Arrival-Date: Wed, 1 Apr 2026 08:00:03 +0800

{chr(10).join(group)}

--X
Content-Type: {returned}

{_LETTER.format(address=address, mark=mark)}
--X--
""".encode()


def in_chinese(
    address: str = ADDRESS, mark: str = MARK, why: str = "收件人邮箱地址不存在，邮件无法送达。"
) -> bytes:
    """Return 系统退信: a page for people, with the letter attached."""
    page = f"""<html><body><div>抱歉，您的邮件被退回来了……</div>
<table><tr><td>收件人：</td><td>{address}</td></tr></table>
<div>退信原因：{why}</div><div>建议解决方案：请核对收件人地址。</div></body></html>"""
    body = b64encode(page.encode("gb18030")).decode()
    heading = b64encode("系统退信".encode()).decode()
    return f"""\
From: "PostMaster" <postmaster@mail.test>
To: keguan@bureau.test
Subject: =?utf-8?b?{heading}?=
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="Y"

--Y
Content-Type: text/html; charset="gb18030"
Content-Transfer-Encoding: base64

{body}

--Y
Content-Type: message/rfc822

{_LETTER.format(address=address, mark=mark)}
--Y--
""".encode()


def by_qmail(address: str = ADDRESS, mark: str = MARK) -> bytes:
    """Return what qmail and its likes write, without any form."""
    return f"""\
From: MAILER-DAEMON@mx.unit.test
To: keguan@bureau.test
Subject: failure notice

Hi. This is the qmail-send program at mx.unit.test.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<{address}>:
10.0.0.9 failed after I sent the message.
Remote host said: 552 mailbox is full

--- Below this line is a copy of the message.

Return-Path: <keguan@bureau.test>
{_LETTER.format(address=address, mark=mark)}
""".encode()


def away(address: str = ADDRESS, mark: str = MARK) -> bytes:
    """Return the answer of somebody who is away: it speaks of the letter and was not returned."""
    heading = b64encode("自动回复：邮件退回补正提醒".encode()).decode()
    return f"""\
Return-Path: <>
From: {address}
To: keguan@bureau.test
Subject: =?utf-8?b?{heading}?=
In-Reply-To: <{mark}@bureau.test>
Auto-Submitted: auto-replied
Content-Type: text/plain; charset="utf-8"
Content-Transfer-Encoding: 8bit

我外出开会，邮件退回单位同事办理。{address}
""".encode()
