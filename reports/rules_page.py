"""Writes docs/rules.md out of the rulebook: programme, article, rule, and what it asks.

``python -m reports.rules_page`` writes the page; a test holds it to the programme files.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lifecycle.roles import ROLE_NAMES
from lifecycle.rulebook import Programme, Rulebook, rulebook
from lifecycle.rules.base import Act, Document, Rule, Scope, Strength

PAGE = Path(__file__).parents[1] / "docs" / "rules.md"

_HEAD = """# 规则一览

由 `python -m reports.rules_page` 根据 `lifecycle/programmes` 生成，请修改那里的文件，不要直接改本页。

“必须”的规则不满足时不能办理；“一般”的规则不满足时，写明理由后可以继续办理。“办理前提示”一栏是哪些操作之前会逐条核对，
“义务人”一栏是有期限的事项由谁完成；本局工作要求只定天数的，写明“办理依据”。只在办理前核对、不列为问题的规则，类别后注明“仅核对”。
"""
_STRENGTHS = {Strength.MUST: "必须", Strength.USUAL: "一般"}
_ACTS = {Act.SIGN: "签订", Act.PAY: "拨付", Act.CHANGE: "变更"} | {
    Act.REVIEW: "组织评议",
    Act.APPLY: "申请验收",
    Act.CONCLUDE: "结题",
}


def rules_page(book: Rulebook) -> str:
    """Return the text of the page, in Markdown."""
    return "\n".join(_lines(book))


def programme_page(programme: Programme) -> str:
    """Return the rules of one programme and the documents they come from, in Markdown."""
    documents = {rule.document.key: rule.document for rule in programme.rules}
    parts = ((_document(one), _programme(programme, one)) for one in documents.values())
    return "\n".join(line for head, rules in parts for line in (*head, *rules))


def _lines(book: Rulebook) -> Iterator[str]:
    yield _HEAD
    for document in book.documents:
        yield from _document(document)
        for name in book.programmes:
            programme = book.programme(name)
            yield from _programme(programme, document)


def _document(document: Document) -> Iterator[str]:
    yield f"## {document.cited_as}"
    yield ""
    issued = f"，{document.issued_on} 印发" if document.issued_on else ""
    yield f"《{document.title}》，{document.issuer}{issued}{_in_force(document)}。"
    yield ""


def _in_force(document: Document) -> str:
    since = f"，自 {document.in_force_from} 起施行" if document.in_force_from else ""
    until = f"，有效期至 {document.in_force_until}" if document.in_force_until else ""
    return since + until


def _programme(programme: Programme, document: Document) -> Iterator[str]:
    """Yield the rules that a programme has from one document; nothing where it has none."""
    rules = [rule for rule in programme.rules if rule.document.key == document.key]
    if not rules:
        return
    yield f"### {programme.name}"
    yield ""
    yield "| 条款 | 规则编号 | 类别 | 要求 | 办理前提示 | 义务人 |"
    yield "| --- | --- | --- | --- | --- | --- |"
    articles = list(dict.fromkeys(rule.article for rule in rules))
    for rule in sorted(rules, key=lambda rule: articles.index(rule.article)):
        yield _row(rule)
    yield ""


def _row(rule: Rule) -> str:
    strength = _STRENGTHS[rule.strength] + ("" if rule.judges else "（仅核对）")
    guards = "、".join(name for act, name in _ACTS.items() if act in rule.guards)
    owner = ROLE_NAMES[rule.owner] if rule.owner is not None else ""
    asked = rule.summary + _scope(rule.scope) + _articles(rule)
    return f"| {rule.article} | {rule.id} | {strength} | {asked} | {guards} | {owner} |"


def _articles(rule: Rule) -> str:
    named = "、".join(one.citation for one in rule.articles)
    return f"（办理依据：{named}）" if named else ""


def _scope(scope: Scope) -> str:
    conditions = {
        "自主设置项目": scope.self_established is True,
        "自主设置项目除外": scope.self_established is False,
        "联合实施项目": scope.joint is True,
        "联合实施项目除外": scope.joint is False,
        "承担单位为企业": scope.enterprise is True,
        f"子类为{scope.subcategory}": scope.subcategory is not None,
    }
    named = "、".join(text for text, asked in conditions.items() if asked)
    return f"（{named}）" if named else ""


if __name__ == "__main__":
    PAGE.write_text(rules_page(rulebook()), "utf-8")
