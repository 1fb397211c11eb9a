"""What returned mail says, by the forms in which servers write it."""

from __future__ import annotations

from random import Random
from time import perf_counter

import pytest

from app.bounce_mail import Report, Verdict, may_be_report, read_report
from tests.returned_mail import ADDRESS, away, by_qmail, in_chinese, report

OURS = ((7, "0123456789abcdef"),)


def verdict(mail: bytes) -> Verdict:
    found = read_report(mail)
    assert isinstance(found, Report)
    assert (found.marks, may_be_report(mail.partition(b"\n\n")[0])) == (OURS, True)
    (one,) = found.verdicts
    return one


@pytest.mark.parametrize(
    ("status", "said", "gone", "why"),
    [
        ("5.1.1", "smtp; 550 5.1.1 user unknown", True, "邮箱不存在或已停用（550 5.1.1 user unknown）"),
        ("5.0.0", "smtp; 550 Mailbox unavailable or access denied", True, "邮箱不存在"),
        ("5.0.0", "SMTP; 550 User not found: li@unit.test", True, "邮箱不存在"),
        ("5.1.10", "smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound", True, "邮箱不存在"),
        ("5.4.4", "X-Postfix; Host or domain name not found", True, "邮箱不存在"),
        ("5.1.2", "", True, "邮箱不存在或已停用（5.1.2）"),
        ("5.2.2", "smtp; 552 5.2.2 mailbox full", False, "对方邮箱已满（"),
        ("5.0.0", "smtp; 552 Quota exceeded", False, "对方邮箱已满（"),
        ("5.7.1", "smtp; 550 5.7.1 no such sender in SPF", False, "对方不信任本单位的邮件服务器"),
        ("5.0.0", "smtp; 554 DT:SPM 163 smtp", False, "被当作垃圾邮件拒收"),
        ("5.0.0", "smtp; 550 Ip frequency limited", False, "发送过于频繁"),
        ("5.0.0", "smtp; 550 Mail content denied", False, "被当作垃圾邮件拒收"),
        ("4.4.7", "smtp; 451 4.4.7 timeout", False, "对方服务器一直没有接收"),
    ],
)
def test_only_a_mailbox_that_is_missing_is_given_up(status: str, said: str, gone: bool, why: str) -> None:
    one = verdict(report(status=status, said=said))
    assert (one.addresses, one.failed, one.gone) == (frozenset({ADDRESS}), True, gone)
    assert one.reason.startswith(f"退信：{why}")


def test_a_letter_that_is_late_or_has_arrived_did_not_come_back() -> None:
    for action, status in (("delayed", "4.4.1"), ("delivered", "2.0.0"), ("relayed", "2.0.0"), ("", "4.2.2")):
        assert not verdict(report(action=action, status=status, said="")).failed
    assert verdict(report(action="", status="5.1.1")).failed
    late = in_chinese(why="对方服务器暂时无法连接，我们将继续尝试投递").replace(
        b"57O757uf6YCA5L+h",
        b"6YKu5Lu25oqV6YCS5bu26L+f",  # 系统退信, 邮件投递延迟
    )
    found = read_report(late)
    assert found is None or not any(one.failed for one in found.verdicts)


def test_the_address_written_to_counts_as_does_the_one_it_was_passed_on_to() -> None:
    one = verdict(report(final="boss@elsewhere.test", original="Li@Unit.test", returned="message/rfc822"))
    assert one.addresses == {"li@unit.test", "boss@elsewhere.test"}


def test_mail_in_plain_words_is_understood() -> None:
    one = verdict(in_chinese())
    assert (one.failed, one.gone, ADDRESS in one.addresses) == (True, True, True)
    assert one.reason == "退信：邮箱不存在或已停用（收件人邮箱地址不存在，邮件无法送达）"
    one = verdict(by_qmail())
    assert (one.failed, one.gone, one.addresses) == (True, False, {ADDRESS})
    assert one.reason == "退信：对方邮箱已满（Remote host said: 552 mailbox is full）"


def test_what_is_no_report_or_of_no_letter_of_ours_is_nothing() -> None:
    assert read_report(away()) is None
    assert not may_be_report(away().partition(b"\n\n")[0].replace(b"Subject", b"X-Subject"))
    assert read_report(report(mark="20260401.1234")) is None
    assert read_report(in_chinese(mark="20260401.1234")) is None
    assert read_report(b"") is None


def test_broken_mail_is_survived() -> None:
    """Bytes cut off, swapped and made up: whatever is read is read or refused in an orderly way."""
    random = Random(7)
    for mail in (report(), report(returned="message/rfc822"), in_chinese(), by_qmail()):
        for _ in range(60):
            broken = bytearray(mail[: random.randrange(len(mail))])
            for _ in range(random.randrange(12)):
                if broken:
                    broken[random.randrange(len(broken))] = random.randrange(256)
            may_be_report(bytes(broken))
            found = read_report(bytes(broken))
            assert found is None or found.marks


def test_a_report_full_of_marks_is_asked_about_few() -> None:
    """Whoever makes up mails cannot keep the clock busy with one."""
    many = "\n".join(f"X-A: keguan-{number}-0123456789abcdef" for number in range(500))
    found = read_report(many.encode() + b"\n" + report())
    assert found is not None
    assert len(found.marks) == 20
    group = b"Final-Recipient: rfc822; a@unit.test\nAction: failed\n\n"
    found = read_report(report().replace(b"Final-Recipient", group * 500 + b"Final-Recipient"))
    assert found is not None
    assert len(found.verdicts) == 20
    begun = perf_counter()
    for heap in ("<", "a", "a@", "原因", "<br", "\n550"):
        for kind in ("html", "plain"):
            body = f"Content-Type: text/{kind}; charset=utf-8\n\n{heap * 100_000}"
            mail = by_qmail().replace(b"\n\nHi.", f"\n{body}".encode())
            assert may_be_report(mail)
            read_report(mail)
    assert perf_counter() - begun < 10
