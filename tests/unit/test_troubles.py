"""Failures are said in Chinese, with what to do: nothing of what a program says to itself reaches a clerk."""

from __future__ import annotations

import errno
import imaplib
import re
import smtplib
import socket
import sqlite3
import ssl
from http.client import RemoteDisconnected
from urllib.error import URLError

import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from app.mail_answers import judge
from app.mailer import MailServerUnreachable
from app.troubles import number_of, numbers_of, told, told_of_each, words_of


def of_database(words: str, code: str | None = None) -> DBAPIError:
    origin = Exception(words)
    if code:
        origin.sqlstate = code  # type: ignore[attr-defined]
    return OperationalError("SELECT 1", {}, origin)


def of_certificate(code: int) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_code = code
    return error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (MailServerUnreachable("邮件服务器不接受发件人"), "邮件服务器不接受发件人"),
        (of_database("database is locked"), "数据库正忙"),
        (of_database("deadlock detected", "40P01"), "数据库正忙"),
        (of_database("database or disk is full"), "磁盘空间不足"),
        (of_database("could not extend file", "53100"), "磁盘空间不足"),
        (of_database("attempt to write a readonly database"), "不允许写入"),
        (of_database("unable to open database file"), "连接不上数据库"),
        (of_database("connection failed: Connection refused"), "连接不上数据库"),
        (of_database("terminating", "57P01"), "连接不上数据库"),
        (of_database("password authentication failed", "28P01"), "用户名或密码"),
        (of_database("database disk image is malformed"), "从备份恢复"),
        (OSError(errno.ENOSPC, "No space left on device"), "磁盘空间不足"),
        (OSError(errno.EROFS, "Read-only file system"), "只能读"),
        (PermissionError(errno.EACCES, "Permission denied", "/var/x"), "没有读写文件的权限"),
        (OSError(errno.ENETUNREACH, "Network is unreachable"), "网络不通"),
        (socket.gaierror(-2, "Name or service not known"), "找不到这个地址"),
        (URLError(ConnectionRefusedError(111, "Connection refused")), "没有服务"),
        (TimeoutError("timed out"), "没有在规定时间内回答"),
        (URLError(TimeoutError("timed out")), "没有在规定时间内回答"),
        (RemoteDisconnected("Remote end closed connection"), "连接被对方中断"),
        (smtplib.SMTPServerDisconnected("please run connect() first"), "连接被对方中断"),
        (of_certificate(10), "证书已过期"),
        (of_certificate(62), "证书与地址不符"),
        (of_certificate(18), "证书不受信任"),
        (ssl.SSLError(1, "WRONG_VERSION_NUMBER"), "加密连接没有建立"),
        (
            smtplib.SMTPAuthenticationError(535, b"5.7.8 authentication failed"),
            "用户名或密码（授权码）不被接受",
        ),
        (smtplib.SMTPConnectError(421, b"HL:IFC IP frequency"), "过于频繁"),
        (smtplib.SMTPNotSupportedError("STARTTLS extension not supported"), "不支持所设的加密"),
        (imaplib.IMAP4.abort("socket error: EOF"), "连接被对方中断"),
        (imaplib.IMAP4.error("LOGIN failed"), "用户名或密码（授权码）不被接受"),
        (imaplib.IMAP4.error(b"SELECT Unsafe Login. Please contact kefu@188.com"), "不安全"),
        (MemoryError(), "内存不足"),
    ],
)
def test_each_kind_of_trouble_is_said_in_chinese(error: Exception, words: str) -> None:
    said = words_of(error)
    assert said is not None
    assert words in said
    outside = re.sub("（.*）", "", said)  # a foreign server's own answer stands behind its meaning
    assert not re.search("[a-z]{2}", outside)


@pytest.mark.parametrize(
    "error",
    [
        ValueError("secret detail"),
        OSError("the program's own"),
        of_database("no such column: turn.done_on"),
        IntegrityError("INSERT", {}, Exception("UNIQUE constraint failed: locked")),
    ],
)
def test_a_mistake_of_the_program_is_a_number_under_which_the_log_has_it(error: Exception) -> None:
    said = told(error)
    assert re.fullmatch(r"程序内部错误，请把错误编号 \d{6} 告知维护人员", said)
    assert number_of(error) in said


def test_the_number_stays_for_the_same_mistake_at_the_same_place_and_differs_elsewhere() -> None:
    def stumbles(which: int) -> ValueError | KeyError:
        try:
            if which:
                raise KeyError(which)
            raise ValueError(which)
        except (ValueError, KeyError) as error:
            return error

    first, again, other = stumbles(0), stumbles(0), stumbles(1)
    assert number_of(first) == number_of(again) != number_of(other)
    group = ExceptionGroup("some agencies failed", [first, again, other, OSError(errno.ENOSPC, "full")])
    assert numbers_of(group).split(", ")[:2] == [number_of(first), number_of(other)]
    assert told_of_each(group.exceptions).count("错误编号") == 2
    assert "磁盘空间不足" in told_of_each(group.exceptions)


def test_what_sqlite_itself_says_is_understood() -> None:
    with sqlite3.connect(":memory:") as database, pytest.raises(sqlite3.OperationalError) as raised:
        database.execute("ATTACH '/nowhere/at/all.db' AS other")
    database.close()
    assert "连接不上数据库" in told(OperationalError("ATTACH", {}, raised.value))


@pytest.mark.parametrize(
    ("code", "said", "words", "for_good"),
    [
        (550, "5.1.1 no such mailbox", "邮箱不存在", True),
        (550, "Mailbox not found. http://service.mail.qq.com", "邮箱不存在", True),
        (550, "Invalid User", "邮箱不存在", True),
        (551, "user not local", "邮箱不存在", True),
        (552, "5.2.2 mailbox full", "邮箱已满", False),
        (452, "4.2.2 Over quota", "邮箱已满", False),
        (552, "Requested mail action aborted: exceeded mailsize limit", "邮件过大", False),
        (552, "5.3.4 message does not fit", "邮件过大", False),
        (550, "Connection frequency limited", "过于频繁", False),
        (550, "Ip frequency limited", "过于频繁", False),
        (450, "RP:TRC 163 smtp9", "过于频繁", False),
        (421, "Too many connections, try again later", "过于频繁", False),
        (550, "5.7.1 relaying denied", "不代为转发", False),
        (530, "5.7.0 must issue STARTTLS", "先登录", False),
        (554, "DT:SPM 163 smtp10", "垃圾邮件", False),
        (550, "Mail content denied", "垃圾邮件", False),
        (550, "5.7.26 unauthenticated", "先登录", False),
        (550, "5.7.23 the policy of the domain, SPF", "不信任", False),
        (554, "IP in blacklist", "不信任", False),
        (450, "4.2.0 greylisted, try later", "暂时不收", False),
        (451, "4.3.0 local problem", "暂时不收", False),
        (421, "bye", "暂时不收", False),
        (450, "4.4.1 no route", "连接不上", False),
        (571, "5.9.9 no", "拒收", False),
    ],
)
def test_what_a_mail_server_answers_is_said_by_its_meaning(
    code: int, said: str, words: str, for_good: bool
) -> None:
    answer = judge(code, said.encode())
    assert words in answer.words.partition(f"（{code}")[0]
    assert (answer.for_good, f"{code} {said}" in answer.words) == (for_good, True)
