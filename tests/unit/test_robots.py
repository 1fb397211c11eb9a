"""What group robots are sent, how it is signed, and what their answers mean."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from app.robot_answers import Outcome, judge
from app.robots import dingtalk_sign, feishu_sign, message_of
from lifecycle.models import Channel
from lifecycle.robot_digest import MOST_BYTES, Item, digest
from lifecycle.robots import PREFIXES, is_allowed, masked

MOMENT = datetime.fromtimestamp(1_700_000_000, UTC)
DING, WECOM, FEISHU = Channel.DINGTALK, Channel.WECOM, Channel.FEISHU
SENT, LATER, NEVER = Outcome.SENT, Outcome.LATER, Outcome.NEVER


def test_signatures_are_what_openssl_makes_of_the_same() -> None:
    assert dingtalk_sign("SEC-keguan", 1_700_000_000_000) == "MaFqn++ds4NKaZU3CsE05a6/w6XBsB5qjPqtJ3B7L6M="
    assert feishu_sign("SEC-keguan", 1_700_000_000) == "NtoULFsxXaXsEfq9KOm43tiUsa26nc5x1v5cZdP6IGc="


def test_a_message_is_of_the_form_each_of_them_wants() -> None:
    url, body = message_of(DING, PREFIXES[DING] + "t", "SEC-keguan", "你好", MOMENT)
    query = parse_qs(urlsplit(url).query, strict_parsing=True)
    assert query == {
        "access_token": ["t"],
        "timestamp": ["1700000000000"],
        "sign": ["MaFqn++ds4NKaZU3CsE05a6/w6XBsB5qjPqtJ3B7L6M="],
    }
    assert body == {"msgtype": "text", "text": {"content": "你好"}}
    assert message_of(WECOM, PREFIXES[WECOM] + "k", None, "你好", MOMENT) == (PREFIXES[WECOM] + "k", body)
    url, body = message_of(FEISHU, PREFIXES[FEISHU] + "h", "SEC-keguan", "你好", MOMENT)
    signed = {"timestamp": "1700000000", "sign": "NtoULFsxXaXsEfq9KOm43tiUsa26nc5x1v5cZdP6IGc="}
    assert (url, body) == (
        PREFIXES[FEISHU] + "h",
        {"msg_type": "text", "content": {"text": "你好"}, **signed},
    )


@pytest.mark.parametrize(
    ("channel", "code", "message", "outcome", "words"),
    [
        (DING, 0, "ok", SENT, ""),
        (DING, -1, "系统繁忙", LATER, "繁忙"),
        (DING, 130101, "send too fast, exceed 20 times per minute", LATER, "频繁"),
        (DING, 310000, "sign not match", NEVER, "密钥"),
        (DING, 310000, "keywords not in content", NEVER, "关键词"),
        (DING, 310000, "ip 1.2.3.4 not in whitelist", NEVER, "白名单"),
        (DING, 310000, "其他", NEVER, "安全设置"),
        (DING, 400101, "access_token不存在", NEVER, "重新添加"),
        (DING, 400102, "机器人已停用", NEVER, "重新启用"),
        (DING, 987654, "something new", LATER, "987654 something new"),
        (WECOM, 0, "ok", SENT, ""),
        (WECOM, 45009, "api freq out of limit", LATER, "频繁"),
        (WECOM, 93000, "invalid webhook url", NEVER, "地址无效"),
        (WECOM, 40058, "invalid Request Parameter", NEVER, "格式"),
        (FEISHU, 0, "success", SENT, ""),
        (FEISHU, 11232, "create message trigger rate limit", LATER, "频繁"),
        (FEISHU, 9499, "too many request", LATER, "频繁"),
        (FEISHU, 9499, "Bad Request", NEVER, "格式"),
        (FEISHU, 19021, "sign match fail or timestamp is not within one hour", NEVER, "密钥"),
        (FEISHU, 19024, "Key Words Not Found", NEVER, "关键词"),
        (FEISHU, 19001, "param invalid: incoming webhook access token invalid", NEVER, "地址无效"),
    ],
)
def test_what_counts_is_their_own_code(
    channel: Channel, code: int, message: str, outcome: Outcome, words: str
) -> None:
    names = ("code", "msg") if channel is FEISHU else ("errcode", "errmsg")
    body = json.dumps(dict(zip(names, (code, message), strict=True))).encode()
    answer = judge(channel, 200, body)
    assert (answer.outcome, words in answer.words) == (outcome, True)
    assert (answer.error is None) is (outcome is SENT)


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (200, b"<html>login</html>", LATER),
        (200, b"[0]", LATER),
        (502, b"", LATER),
        (429, b"", LATER),
        (404, b"not found", NEVER),
        (302, b"", NEVER),
        (500, b'{"code": 0}', LATER),
        (400, b'{"code": 19024, "msg": "Key Words Not Found"}', NEVER),
    ],
)
def test_without_a_code_the_status_counts(status: int, body: bytes, outcome: Outcome) -> None:
    assert judge(FEISHU, status, body).outcome is outcome


def test_nothing_is_sent_but_to_their_own_addresses_and_named_relays() -> None:
    good = PREFIXES[DING] + "abcd1234"
    assert is_allowed(DING, good)
    assert masked(good) == "oapi.dingtalk.com …1234"
    for channel, url in (
        (DING, PREFIXES[DING]),
        (WECOM, good),
        (DING, good.replace("https", "http")),
        (DING, "https://oapi.dingtalk.com@evil.test/robot/send?access_token=x"),
        (DING, "https://oapi.dingtalk.com.evil.test/robot/send?access_token=x"),
        (DING, good + "\r\nHost: evil.test"),
        (FEISHU, "http://169.254.169.254/latest/meta-data/"),
        (FEISHU, "file:///etc/passwd"),
    ):
        assert not is_allowed(channel, url), url
    assert is_allowed(FEISHU, "http://relay.test:8080/x", {"relay.test:8080"})
    assert not is_allowed(FEISHU, "http://relay.test/x", {"relay.test:8080"})


def test_a_digest_names_the_late_ones_first_and_counts_those_left_out() -> None:
    today = date(2026, 4, 10)
    items = [Item(f"KG-{n}《灌溉》", "提交年度报告", date(2026, 4, n)) for n in range(1, 31)]
    heading, text = digest(list(reversed(items)), today, "https://k.test", MOST_BYTES[DING])
    assert heading == "科管提醒：30 项待办，其中 9 项已逾期"
    lines = text.splitlines()
    assert lines[0] == "1. KG-1《灌溉》：提交年度报告，2026-04-01 前（逾期 9 天）"
    assert lines[9] == "10. KG-10《灌溉》：提交年度报告，2026-04-10 前（今天）"
    assert (len(lines), lines[-1]) == (21, "另有 10 项未列出，请登录科管查看办理：https://k.test")
    heading, text = digest([Item("长" * 300, "事" * 300, today)] * 30, today, "", MOST_BYTES[WECOM])
    assert len(f"{heading}\n{text}".encode()) <= 2048
    assert text.endswith("项未列出，请登录科管查看办理。")
