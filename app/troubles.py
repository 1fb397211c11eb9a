"""What a failure of machine or network is called, and what to do about it: the one place that words it.

What nobody foresaw is a mistake of the program: whoever meets it is given a number, under which the log has
the whole of it. Pure.
"""

from __future__ import annotations

import errno
import imaplib
import re
import smtplib
import socket
import ssl
import traceback
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from http.client import HTTPException

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, NotSupportedError

from app.mail_answers import SIGN_IN, mailbox_meaning, meaning_of, said_in
from lifecycle.refusals import Refusal

_BROKEN_OFF = "连接被对方中断"

_DATABASE: Sequence[tuple[re.Pattern[str], str]] = [
    (re.compile(rf"^(?:{codes})\b|{said}", re.IGNORECASE), words)
    for codes, said, words in (
        ("40001|40P01|55P03|57014|SQLITE_BUSY", "locked", "数据库正忙，别的程序正在写入"),
        ("53100", "is full|no space", "数据库所在的磁盘空间不足，请维护人员清理磁盘"),
        (
            "42501|25006|SQLITE_PERM",
            "readonly|read-only|permission denied",
            "数据库不允许写入，请维护人员核对其文件和文件夹的权限",
        ),
        ("XX00[12]", "malformed|not a database", "数据库文件已损坏，请维护人员从备份恢复"),
        ("58030", "disk I/O", "数据库所在的磁盘读写出错，请维护人员检查磁盘"),
        ("53300", "too many|remaining connection", "数据库的连接已用完，请维护人员检查"),
        (r"28\w{3}", "password|authentication", "数据库不接受所设的用户名或密码，请维护人员核对"),
        (
            r"08\w{3}|57P0\d|3D000",
            "unable to open|connection|server closed|time(?:out|d out)|could not translate",
            "连接不上数据库，请维护人员检查数据库是否在运行、地址是否正确",
        ),
    )
]
"""By the codes and by the words of SQLite and PostgreSQL."""

_CERTIFICATE: Mapping[int, str] = {
    9: "对方的证书尚未生效，请核对本机时间",
    10: "对方的证书已过期",
    62: "对方的证书与地址不符，请核对地址",
    64: "对方的证书与地址不符，请核对地址",
}
"""OpenSSL's reasons not to trust a certificate; of any other the issuer is not known."""

_BY_KIND: Sequence[tuple[type[BaseException] | tuple[type[BaseException], ...], str]] = (
    (smtplib.SMTPServerDisconnected, _BROKEN_OFF),
    (smtplib.SMTPNotSupportedError, "邮件服务器不支持所设的加密或登录方式，请核对设置"),
    (smtplib.SMTPException, "邮件服务器不支持所设的登录方式，请核对设置"),
    (imaplib.IMAP4.abort, _BROKEN_OFF),
    (ssl.SSLError, "加密连接没有建立，请核对地址、端口和加密方式"),
    (socket.gaierror, "找不到这个地址，请核对地址和本机的域名解析"),
    (TimeoutError, "没有在规定时间内回答，请检查网络和防火墙"),
    (ConnectionRefusedError, "这个地址和端口上没有服务，请核对地址、端口，或对方是否已启动"),
    ((ConnectionError, HTTPException, EOFError), _BROKEN_OFF),
    (PermissionError, "没有读写文件的权限，请维护人员核对文件夹的权限"),
    (MemoryError, "内存不足，请维护人员检查本机的内存"),
)
"""Kinds of errors, the more special before those that hold them."""

_BY_NUMBER: Mapping[int, str] = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT), "磁盘空间不足，请维护人员清理磁盘"),
    errno.EROFS: "磁盘只能读、不能写，请维护人员检查磁盘",
    errno.EIO: "磁盘读写出错，请维护人员检查磁盘",
    **dict.fromkeys((errno.EMFILE, errno.ENFILE), "打开的文件过多，请维护人员重新启动程序"),
    **dict.fromkeys((errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN), "网络不通，请检查网络"),
}


def words_of(error: BaseException) -> str | None:
    """Return in words what kind of trouble it is and what to do; ``None`` where it is the program's own."""
    if isinstance(error, Refusal):
        return error.message
    if isinstance(error, DBAPIError):
        return _of_database(error)
    if isinstance(error, ssl.SSLCertVerificationError):
        unknown = "对方的证书不受信任，请维护人员核对证书和签发机构"
        return _CERTIFICATE.get(getattr(error, "verify_code", 0), unknown)
    if isinstance(error, smtplib.SMTPResponseException):
        return _of_mail_server(error)
    inner = getattr(error, "reason", None)  # urllib wraps what went wrong with the connection
    if isinstance(error, OSError) and isinstance(inner, BaseException):
        return words_of(inner)
    found = next((words for kind, words in _BY_KIND if isinstance(error, kind)), None)
    if found is None and isinstance(error, imaplib.IMAP4.error):
        said = error.args[0] if error.args else ""
        return mailbox_meaning(said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said))
    return found or (_BY_NUMBER.get(error.errno or 0) if isinstance(error, OSError) else None)


def _of_database(error: DBAPIError) -> str | None:
    if isinstance(error, (DataError, IntegrityError, NotSupportedError)):
        return None  # what the program asks, not the database
    codes = (getattr(error.orig, name, None) for name in ("sqlstate", "sqlite_errorname"))
    said = " ".join([*filter(None, codes), str(error.orig)])
    return next((words for pattern, words in _DATABASE if pattern.search(said)), None)


def _of_mail_server(error: smtplib.SMTPResponseException) -> str:
    said = said_in(error.smtp_code, error.smtp_error)
    if isinstance(error, smtplib.SMTPAuthenticationError) or error.smtp_code in SIGN_IN:
        return f"用户名或密码（授权码）不被接受，请核对（{said}）"
    return f"{meaning_of(said)}（{said}）"


def told(error: BaseException) -> str:
    """Return in words what went wrong: what to do, or under which number the log has it."""
    return words_of(error) or f"程序内部错误，请把错误编号 {number_of(error)} 告知维护人员"


def told_of_each(errors: Sequence[BaseException]) -> str:
    """Return the words of several, each once."""
    return "；".join(dict.fromkeys(told(error) for error in errors))


def number_of(error: BaseException) -> str:
    """Return the number of an error: the same for the same mistake at the same place, so that it stays."""
    frames = (f"{frame.name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__))
    said = "\0".join((type(error).__qualname__, *frames))
    return f"{int(sha256(said.encode()).hexdigest()[:12], 16) % 900_000 + 100_000}"


def numbers_of(error: BaseException) -> str:
    """Return the numbers of an error and, of a group, of all it holds, as the log bears them."""
    return ", ".join(dict.fromkeys(number_of(one) for one in _flat(error)))


def _flat(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            yield from _flat(one)
    else:
        yield error
