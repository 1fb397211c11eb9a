"""The rulebook's page: every rule of every document, and a search in them."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from app.rulebook.catalogue import catalogue, search
from lifecycle.roles import Role
from lifecycle.rulebook import rulebook
from tests.plugins.counting import Counting
from tests.web.site import Browser

AsRole = Callable[[Role], Browser]


def all_rules() -> set[str]:
    """Return the id of every rule in force."""
    book = rulebook()
    return {rule.id for name in book.programmes for rule in book.programme(name).rules}


def visible_text(html: str) -> str:
    """Return a page's words without its markup."""
    return re.sub(r"<[^>]+>", " ", html)


def test_every_rule_has_its_place_once(as_role: AsRole) -> None:
    text = as_role(Role.HANDLER).get("/rulebook/").text
    anchors = re.findall(r'<li class="rule" id="([^"]+)"', text)
    assert sorted(anchors) == sorted(all_rules())


def test_every_rule_says_what_it_asks_in_every_programme(as_role: AsRole) -> None:
    text = as_role(Role.EXPERT).get("/rulebook/").text
    book = rulebook()
    for name in book.programmes:
        assert name in text
        for rule in book.programme(name).rules:
            place = text[text.index(f'id="{rule.id}"') :].partition("</li>")[0]
            assert rule.summary.replace("&", "&amp;") in place, rule.id


def test_documents_say_when_they_are_in_force(as_role: AsRole) -> None:
    text = as_role(Role.PI).get("/rulebook/").text
    for words in ("自 2024-01-19 起", "2025-01-16–2027-12-30", "原文未注明", "沙科局发〔2023〕41号"):
        assert words in text


def test_no_code_name_is_on_the_page(as_role: AsRole) -> None:
    words = visible_text(as_role(Role.HANDLER).get("/rulebook/").text.partition("<main")[2])
    assert not re.search(r"[a-z]{2,}-[a-z0-9]", words)
    assert not re.search(r"\b(must|usual|sign|pay|handler|finance)\b", words)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("阶段经费决算", {"spb-26-annual-report", "spb-26-annual-accounts"}),
        ("第二十九条 80%", {"spb-29-spend-gate"}),
        ("41号 第四条", {"spb-4-amount"}),
    ],
)
def test_a_search_leaves_the_rules_that_speak_of_it(as_role: AsRole, text: str, found: set[str]) -> None:
    page = as_role(Role.HANDLER).get("/rulebook/", query_string={"q": text}).text
    assert found <= set(re.findall(r'<li class="rule" id="([^"]+)"', page))
    words = text.split()
    for shown in search(text):
        for article in shown.articles:
            for rule in article.rules:
                own = f"{rule.article}{rule.wordings}{rule.scope}{rule.asked_before}{rule.owner}"
                own += rule.asked_by
                document = f"{shown.document.cited_as}{shown.document.title}{shown.document.issuer}"
                assert all(word in own + document for word in words)


def test_a_search_for_a_document_shows_all_of_it_and_who_names_it() -> None:
    whole, *naming = search("渝科局发 92号")
    assert whole in catalogue()
    rules = [rule for shown in naming for article in shown.articles for rule in article.rules]
    assert all("渝科局发〔2024〕92号" in rule.asked_by for rule in rules)


def test_a_search_that_finds_nothing_says_so(as_role: AsRole) -> None:
    text = as_role(Role.HANDLER).get("/rulebook/?q=不存在的说法").text
    assert "没有找到提到“不存在的说法”的规定" in text
    assert "查看全部制度" in text


def test_the_page_hardly_asks_the_database(as_role: AsRole, query_count: Counting) -> None:
    browser = as_role(Role.HANDLER)
    with query_count() as statements:
        browser.get("/rulebook/")
    assert len(statements) <= 3
