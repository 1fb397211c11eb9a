"""Reads the regulations from their files, and refuses what is not right in them, naming file, rule and key.

A folder holds one file a document in ``documents/`` and one file a programme beside it. A document's rules
are shared by its programmes (by those that name the rule's *part*, where it has one); a programme adds rules
of its own and sets the parameters that differ.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from lifecycle.roles import Role
from lifecycle.rules import (  # noqa: F401 importing the modules registers their kinds
    acceptance,
    amounts,
    changes,
    duties,
    filings,
    indicators,
    parties,
    partners,
    payments_owed,
    periods,
    process,
    time_limits,
    tranches,
)
from lifecycle.rules.base import Act, Article, Document, DutyKind, Kind, Rule, Scope, Strength
from lifecycle.rules.registry import ParameterError, build, kinds

T = TypeVar("T")

OWN = "local"
"""Key of the document that holds the agency's own requirements: no regulation, and shown as what they are."""


class RulebookError(ValueError):
    """Something in a file of the rulebook is not right; ``where`` names file, rule and key."""

    def __init__(self, where: tuple[str, ...], message: str) -> None:
        super().__init__("：".join((*where, message)))
        self.where = where


@dataclass(frozen=True, slots=True)
class Programme:
    """One version of a programme (计划类别) with all its rules, its document's included."""

    name: str
    order: int
    document: Document
    in_force_from: date | None
    in_force_until: date | None
    rules: tuple[Rule, ...]
    files: tuple[Path, ...]
    """Where it stands: its own file, its document's, and that of the agency's own requirements."""


@dataclass(frozen=True, slots=True)
class _RuleTable:
    """A rule as a file writes it."""

    id: str
    kind: str
    article: str
    strength: Strength
    summary: str
    part: str | None = None
    owner: Role | None = None
    also: tuple[Role, ...] = ()
    guards: frozenset[Act] = frozenset()
    judges: bool = True
    asked_by: tuple[str, ...] = ()
    """Of the agency's own: rules by which an article asks the act, each in the programmes that have it."""


@dataclass(frozen=True, slots=True)
class _ProgrammeTable:
    """A programme as a file writes it, without its rules."""

    name: str
    order: int
    document: str
    part: str | None = None
    also: tuple[str, ...] = ()
    """Parts of the agency's own requirements that hold where the document is silent."""
    in_force_from: date | None = None
    in_force_until: date | None = None


@dataclass(frozen=True, slots=True)
class _Draft:
    """A rule before a programme has set its parameters."""

    file: str
    table: _RuleTable
    params: Mapping[str, object]
    scope: Scope
    asked_in: Mapping[str, str]
    """Of the agency's own: key of a document → its article that asks the act, where no rule speaks of it."""

    @property
    def is_needed(self) -> bool:
        """Whether an article of some programme asks the act."""
        return bool(self.table.asked_by or self.asked_in)

    @property
    def where(self) -> tuple[str, str]:
        return self.file, self.table.id


@dataclass(frozen=True, slots=True)
class _Shared:
    """A document's file, and the rules that its programmes share."""

    path: Path
    document: Document
    drafts: list[_Draft]


Local: TypeAlias = Mapping[str, Mapping[str, object]]
"""Rule of the agency's own requirements → parameters that the agency has set otherwise."""


def load_programmes(folder: Path, local: Local | None = None) -> list[Programme]:
    """Return every version of every programme under ``folder``; raises ``RulebookError``.

    ``local`` sets parameters of the agency's own requirements; a regulation's are nobody's to set.
    """
    documents: dict[str, _Shared] = {}
    for path in sorted((folder / "documents").glob("*.toml")):
        document, drafts = _read_document(path)
        if document.key in documents:
            raise RulebookError((path.name, "key"), f"制度 {document.key} 重复")
        documents[document.key] = _Shared(path, document, drafts)
    programmes = [_read_programme(path, documents, local or {}) for path in sorted(folder.glob("*.toml"))]
    _check_owners_of_ids(programmes)
    _check_articles(documents, {rule.id for one in programmes for rule in one.rules})
    used = {rule.document.key for one in programmes for rule in one.rules}
    used |= {programme.document.key for programme in programmes}
    for key in documents:
        if key not in used:
            raise RulebookError((key,), "没有计划类别引用这项制度")
    return programmes


def _check_owners_of_ids(programmes: list[Programme]) -> None:
    owners: dict[str, str] = {}
    for programme in programmes:
        for rule in programme.rules:
            if owners.setdefault(rule.id, rule.document.key) != rule.document.key:
                raise RulebookError((programme.name, rule.id), "规则编号已用于另一项制度")


def _check_articles(documents: Mapping[str, _Shared], rules: set[str]) -> None:
    for key, shared in documents.items():
        for draft in shared.drafts:
            if draft.is_needed and key != OWN:
                raise RulebookError((*draft.where, "asked_by"), "只有本局工作要求才写明由哪一条提出")
            for id_ in draft.table.asked_by:
                if id_ not in rules:
                    raise RulebookError((*draft.where, "asked_by", id_), "没有这条规则")
            for document in draft.asked_in:
                if document not in documents:
                    raise RulebookError((*draft.where, "asked_in", document), "没有这项制度")


def _read_document(path: Path) -> tuple[Document, list[_Draft]]:
    content = _parse(path)
    rules = content.pop("rules", [])
    document = _table(Document, content, (path.name,))
    return document, list(_read_rules(path.name, rules))


def _read_programme(path: Path, documents: Mapping[str, _Shared], local: Local) -> Programme:
    content = _parse(path)
    own = list(_read_rules(path.name, content.pop("rules", [])))
    settings = _settings(path.name, content.pop("set", {}))
    table = _table(_ProgrammeTable, content, (path.name,))
    if table.document not in documents:
        raise RulebookError((path.name, "document"), f"没有制度 {table.document}")
    shared = documents[table.document]
    document = shared.document
    drafts = [draft for draft in shared.drafts if draft.table.part in (None, table.part)] + own
    rules = tuple(_make_rules(path.name, document, drafts, settings))
    own_rules = _own_rules(path.name, table.also, documents, local)
    rules += tuple(_with_articles(own_rules, documents, document, rules))
    files = (path, shared.path, *((documents[OWN].path,) if table.also else ()))
    return Programme(
        table.name, table.order, document, table.in_force_from, table.in_force_until, rules, files
    )


def _own_rules(
    file: str, also: tuple[str, ...], documents: Mapping[str, _Shared], local: Local
) -> Iterator[Rule]:
    """Yield the agency's own rules of the parts that a programme names."""
    if not also:
        return
    if OWN not in documents:
        raise RulebookError((file, "also"), f"没有制度 {OWN}")
    document, drafts = documents[OWN].document, documents[OWN].drafts
    for part in also:
        found = [draft for draft in drafts if draft.table.part == part]
        if not found:
            raise RulebookError((file, "also", part), "本局工作要求中没有这一部分")
        yield from _make_rules(file, document, found, dict(_set_otherwise(found, local)))


def _set_otherwise(drafts: Sequence[_Draft], local: Local) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Yield what the agency has set of these rules; that an act which an article asks has no limit is not."""
    for draft in drafts:
        given = local.get(draft.table.id, {})
        if given and not (draft.is_needed and given.get("days") == 0):
            yield draft.table.id, given


def _with_articles(
    own: Iterable[Rule], documents: Mapping[str, _Shared], document: Document, rules: tuple[Rule, ...]
) -> Iterator[Rule]:
    """Yield the agency's own rules with what asks their acts in a programme of these ``rules``."""
    known = {rule.id: rule for rule in rules}
    drafts = {draft.table.id: draft for draft in documents[OWN].drafts} if OWN in documents else {}
    for rule in own:
        draft = drafts[rule.id]
        asking = [known[id_] for id_ in draft.table.asked_by if id_ in known]
        articles = [Article(one.citation, one) for one in asking]
        if document.key in draft.asked_in:
            articles.append(Article(f"{document.cited_as} {draft.asked_in[document.key]}"))
        yield replace(rule, articles=tuple(articles), is_needed=draft.is_needed)


def _settings(file: str, content: object) -> dict[str, Mapping[str, object]]:
    settings = _group(content, (file, "set"))
    return {id_: _group(params, (file, "set", id_)) for id_, params in settings.items()}


def _read_rules(file: str, tables: object) -> Iterator[_Draft]:
    if not isinstance(tables, list) or not all(isinstance(one, dict) for one in tables):
        raise RulebookError((file, "rules"), "应写作 [[rules]]，每条规则一段")
    for number, content in enumerate(tables, 1):
        where = (file, str(content.get("id", f"第 {number} 条规则")))
        params = _group(content.pop("params", {}), (*where, "params"))
        scope = _group(content.pop("only", {}), (*where, "only"))
        asked_in = _group(content.pop("asked_in", {}), (*where, "asked_in"))
        table = _table(_RuleTable, content, where)
        yield _Draft(file, table, params, _table(Scope, scope, (*where, "only")), asked_in)


def _make_rules(
    file: str, document: Document, drafts: list[_Draft], settings: Mapping[str, Mapping[str, object]]
) -> Iterator[Rule]:
    known = {draft.table.id for draft in drafts}
    for id_ in settings:
        if id_ not in known:
            raise RulebookError((file, "set", id_), "没有这条规则")
    seen: set[str] = set()
    for draft in drafts:
        if draft.table.id in seen:
            raise RulebookError(draft.where, "规则编号重复")
        seen.add(draft.table.id)
        params = {**draft.params, **settings.get(draft.table.id, {})}
        yield _make_rule(draft, document, params, file)


def _make_rule(draft: _Draft, document: Document, params: Mapping[str, object], file: str) -> Rule:
    table, where = draft.table, (file, draft.table.id)
    if table.kind not in kinds():
        raise RulebookError((*draft.where, "kind"), f"没有规则类型 {table.kind}")
    kind: Kind = _table(kinds()[table.kind], params, where)
    if isinstance(kind, DutyKind) is not (table.owner is not None):
        raise RulebookError((*draft.where, "owner"), "有期限的规则应写明义务人，其余不写")
    if table.also and (table.owner is None or table.owner in table.also):
        raise RulebookError((*draft.where, "also"), "同时告知的应为义务人以外的角色")
    if len(table.also) > 1:
        raise RulebookError((*draft.where, "also"), "同时告知的角色只能有一个")
    return Rule(
        id=table.id,
        document=document,
        article=table.article,
        strength=table.strength,
        summary=_summary(table.summary, params, where),
        kind=kind,
        scope=draft.scope,
        guards=table.guards,
        judges=table.judges,
        owner=table.owner,
        also=table.also,
    )


def _summary(text: str, params: Mapping[str, object], where: tuple[str, ...]) -> str:
    shown = {key: "、".join(value) if isinstance(value, list) else value for key, value in params.items()}
    try:
        return text.format_map(shown)
    except (KeyError, ValueError, IndexError) as error:
        raise RulebookError((*where, "summary"), f"摘要中的参数有误：{error}") from None


def _parse(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RulebookError((path.name,), f"不是有效的 TOML 文件：{error}") from None


def _group(content: object, where: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(content, dict):
        raise RulebookError(where, "应为一组参数")
    return content


def _table(cls: type[T], content: Mapping[str, object], where: tuple[str, ...]) -> T:
    try:
        return build(cls, content)
    except ParameterError as error:
        raise RulebookError((*where, error.key), str(error)) from None
