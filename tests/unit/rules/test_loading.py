"""What is wrong in a file of the rulebook is refused, naming file, rule and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from lifecycle.rulebook import Rulebook, RulebookError

DOCUMENT = """
key = "d"
cited_as = "文〔2024〕1号"
title = "办法"
issuer = "某局"
issued_on = 2024-01-01

[[rules]]
id = "shared"
kind = "amount-range"
article = "第一条"
strength = "must"
summary = "不超过 {most}"
params = { of = "财政资金" }
guards = ["pay"]
"""
PROGRAMME = """
name = "计划"
order = 1
document = "d"

[set]
shared = { most = "10万元" }

[[rules]]
id = "own"
kind = "payment-deadline"
article = "第二条"
strength = "must"
summary = "{days} 日内拨付"
params = { days = 30 }
owner = "finance"
"""


def load(folder: Path, document: str = DOCUMENT, programme: str = PROGRAMME) -> Rulebook:
    (folder / "documents").mkdir()
    (folder / "documents" / "d.toml").write_text(document, "utf-8")
    (folder / "p.toml").write_text(programme, "utf-8")
    return Rulebook.load(folder)


def test_a_right_folder_is_read_whole(tmp_path: Path) -> None:
    shared, own = load(tmp_path).programme("计划").rules
    assert (shared.id, shared.summary, own.summary) == ("shared", "不超过 10万元", "30 日内拨付")


@pytest.mark.parametrize(
    ("right", "wrong", "where"),
    [
        ('kind = "amount-range"', 'kind = "no-such"', ("d.toml", "shared", "kind")),
        ('strength = "must"', 'strength = "maybe"', ("d.toml", "shared", "strength")),
        ('guards = ["pay"]', 'guards = ["eat"]', ("d.toml", "shared", "guards")),
        ('guards = ["pay"]', 'guards = "pay"', ("d.toml", "shared", "guards")),
        ('guards = ["pay"]', "guards = [1]", ("d.toml", "shared", "guards")),
        ('guards = ["pay"]', 'guard = ["pay"]', ("d.toml", "shared", "guard")),
        ('guards = ["pay"]', 'owner = "pi"', ("d.toml", "shared", "owner")),
        ('guards = ["pay"]', "judges = 1", ("d.toml", "shared", "judges")),
        ('guards = ["pay"]', "only = { joint = 1 }", ("d.toml", "shared", "only", "joint")),
        ('guards = ["pay"]', 'only = "joint"', ("d.toml", "shared", "only")),
        ('params = { of = "财政资金" }', "params = 1", ("d.toml", "shared", "params")),
        ("[[rules]]", "[rules]", ("d.toml", "rules")),
        ('shared = { most = "10万元" }', "shared = 1", ("p.toml", "set", "shared")),
        ('[set]\nshared = { most = "10万元" }', "[[set]]", ("p.toml", "set")),
        ('article = "第一条"\n', "", ("d.toml", "shared", "article")),
        ('id = "shared"\n', "", ("d.toml", "第 1 条规则", "id")),
        ('summary = "不超过 {most}"', 'summary = "不超过 {least}"', ("p.toml", "shared", "summary")),
        ('summary = "不超过 {most}"', 'summary = "不超过 {"', ("p.toml", "shared", "summary")),
        ('of = "财政资金"', 'of = "零花钱"', ("p.toml", "shared", "of")),
        ('of = "财政资金"', 'off = "财政资金"', ("p.toml", "shared", "off")),
        ('params = { of = "财政资金" }', "", ("p.toml", "shared", "of")),
        ("issued_on = 2024-01-01", 'issued_on = "2024-01-01"', ("d.toml", "issued_on")),
        ('title = "办法"', "title = 1", ("d.toml", "title")),
        ('issuer = "某局"\n', "", ("d.toml", "issuer")),
        ('key = "d"', "key = ", ("d.toml",)),
        ('"10万元"', "10", ("p.toml", "shared", "most")),
        ('"10万元"', '"10.1234567万元"', ("p.toml", "shared", "most")),
        ("shared = {", "shred = {", ("p.toml", "set", "shred")),
        ("days = 30", "days = true", ("p.toml", "own", "days")),
        ('owner = "finance"', "", ("p.toml", "own", "owner")),
        ('owner = "finance"', 'owner = "nobody"', ("p.toml", "own", "owner")),
        ('id = "own"', 'id = "shared"', ("p.toml", "shared")),
        ('document = "d"', 'document = "e"', ("p.toml", "document")),
        ('document = "d"\n', "", ("p.toml", "document")),
        ('name = "计划"\n', "", ("p.toml", "name")),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, right: str, wrong: str, where: tuple[str, ...]) -> None:
    assert right in DOCUMENT + PROGRAMME
    with pytest.raises(RulebookError) as refusal:
        load(tmp_path, DOCUMENT.replace(right, wrong), PROGRAMME.replace(right, wrong))
    assert refusal.value.where == where
    assert str(refusal.value).startswith("：".join(where) + "：")


def test_two_documents_of_one_key_are_refused(tmp_path: Path) -> None:
    load(tmp_path)
    (tmp_path / "documents" / "e.toml").write_text(DOCUMENT, "utf-8")
    with pytest.raises(RulebookError, match="重复"):
        Rulebook.load(tmp_path)


def test_a_document_without_programme_is_refused(tmp_path: Path) -> None:
    load(tmp_path)
    (tmp_path / "documents" / "e.toml").write_text(DOCUMENT.replace('key = "d"', 'key = "e"'), "utf-8")
    with pytest.raises(RulebookError, match="没有计划类别引用"):
        Rulebook.load(tmp_path)


def test_one_rule_id_belongs_to_one_document(tmp_path: Path) -> None:
    load(tmp_path)
    (tmp_path / "documents" / "e.toml").write_text(DOCUMENT.replace('key = "d"', 'key = "e"'), "utf-8")
    other = PROGRAMME.replace('"d"', '"e"').replace('"计划"', '"另一计划"')
    (tmp_path / "q.toml").write_text(other, "utf-8")
    with pytest.raises(RulebookError, match="另一项制度"):
        Rulebook.load(tmp_path)


def test_two_versions_from_one_day_are_refused(tmp_path: Path) -> None:
    load(tmp_path)
    (tmp_path / "q.toml").write_text(PROGRAMME, "utf-8")
    with pytest.raises(RulebookError, match="同日起施行"):
        Rulebook.load(tmp_path)
