"""The rulebook as its page shows it: documents, articles, and what each rule asks of which programme."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from lifecycle.roles import ROLE_NAMES
from lifecycle.rulebook import rulebook
from lifecycle.rules.base import Act, Document, Rule, Scope, Strength

ACTS = {
    Act.SIGN: "签订任务书",
    Act.PAY: "拨付",
    Act.CHANGE: "变更",
    Act.REVIEW: "组织评议",
    Act.APPLY: "申请验收",
    Act.CONCLUDE: "验收结题",
}


@dataclass(frozen=True, slots=True)
class Wording:
    """What a rule asks in the programmes that word it alike; no programmes are named where all do."""

    programmes: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class ShownRule:
    """One rule with everything the page says of it."""

    id: str
    article: str
    strength: Strength
    wordings: tuple[Wording, ...]
    scope: str
    asked_before: str
    owner: str
    asked_by: str
    """Of the agency's own: which articles ask what it sets the days for."""
    only_checked: bool
    """Whether it is asked before an act only, and no project is found wanting by it."""

    def speaks_of(self, words: list[str]) -> bool:
        """Whether everything searched for stands in what it says."""
        texts = [f"{one.text}{''.join(one.programmes)}" for one in self.wordings]
        about = f"{self.article}{self.scope}{self.asked_before}{self.owner}{self.asked_by}"
        whole = f"{about}{''.join(texts)}".lower()
        return all(word in whole for word in words)


@dataclass(frozen=True, slots=True)
class Article:
    """One article and its rules."""

    name: str
    rules: tuple[ShownRule, ...]


@dataclass(frozen=True, slots=True)
class ShownDocument:
    """One regulation, its programmes and its articles in their order."""

    document: Document
    programmes: tuple[str, ...]
    articles: tuple[Article, ...]

    @property
    def rule_count(self) -> int:
        """How many rules are shown of it."""
        return sum(len(article.rules) for article in self.articles)


@cache
def catalogue() -> tuple[ShownDocument, ...]:
    """Return every document with the rules of its programmes in force now."""
    return tuple(_document(document) for document in rulebook().documents)


def search(text: str) -> list[ShownDocument]:
    """Return what speaks of every word of ``text``; a document whose own name does is there as a whole."""
    words = text.lower().split()
    found = (_searched(document, words) for document in catalogue())
    return [document for document in found if document.articles]


def _searched(shown: ShownDocument, words: list[str]) -> ShownDocument:
    document = shown.document
    named = f"{document.cited_as}{document.title}{document.issuer}".lower()
    if all(word in named for word in words):
        return shown
    rest = [word for word in words if word not in named]
    articles = [
        Article(article.name, tuple(rule for rule in article.rules if rule.speaks_of(rest)))
        for article in shown.articles
    ]
    return ShownDocument(document, shown.programmes, tuple(one for one in articles if one.rules))


def _document(document: Document) -> ShownDocument:
    book = rulebook()
    versions = [book.programme(name) for name in book.programmes]
    programmes = [one for one in versions if any(rule.document.key == document.key for rule in one.rules)]
    rules: dict[str, list[tuple[str, Rule]]] = {}
    for programme in programmes:
        for rule in programme.rules:
            if rule.document.key == document.key:
                rules.setdefault(rule.id, []).append((programme.name, rule))
    shown = [_rule(found, len(programmes)) for found in rules.values()]
    articles = dict.fromkeys(rule.article for rule in shown)
    return ShownDocument(
        document,
        tuple(programme.name for programme in programmes),
        tuple(Article(name, tuple(rule for rule in shown if rule.article == name)) for name in articles),
    )


def _rule(found: list[tuple[str, Rule]], programmes: int) -> ShownRule:
    rule = found[0][1]
    return ShownRule(
        id=rule.id,
        article=rule.article,
        strength=rule.strength,
        wordings=tuple(_wordings(found, programmes)),
        scope="、".join(_scope(rule.scope)),
        asked_before="、".join(name for act, name in ACTS.items() if act in rule.guards),
        owner=ROLE_NAMES[rule.owner] if rule.owner is not None else "",
        asked_by="、".join(dict.fromkeys(article.citation for _, one in found for article in one.articles)),
        only_checked=not rule.judges,
    )


def _wordings(found: list[tuple[str, Rule]], programmes: int) -> Iterator[Wording]:
    alike: dict[str, list[str]] = {}
    for name, rule in found:
        alike.setdefault(rule.summary, []).append(name)
    for text, names in alike.items():
        yield Wording(() if len(names) == programmes else tuple(names), text)


def _scope(scope: Scope) -> Iterator[str]:
    if scope.self_established is not None:
        yield "自主设置项目" if scope.self_established else "自主设置项目除外"
    if scope.joint is not None:
        yield "联合实施项目" if scope.joint else "没有联合实施单位的项目"
    if scope.enterprise is not None:
        yield "承担单位是企业" if scope.enterprise else "承担单位不是企业"
    if scope.subcategory is not None:
        yield f"子类为{scope.subcategory}"
