"""What a running server works out once, a test worker works out once as well, however many sites it opens.

Every test has an application and a database of its own. To compile templates, addresses and SQL again for
each of them took a fifth of the suite's time and tested nothing: of all three only what was compiled is kept,
under a key that holds the whole source. Nothing of an application or of a database is shared.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from types import CodeType
from typing import Any

import pytest
from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

_STATEMENTS_KEPT = 2000


class _Templates(BytecodeCache):
    """Compiled templates, by name, place and content."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._kept.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        assert bucket.code is not None
        self._kept[bucket.key, bucket.checksum] = bucket.code


def _compiled_once(compile_builder: Callable[[Rule, bool], Any]) -> Callable[[Rule, bool], Any]:
    """Return ``Rule._compile_builder`` with a memory: what it makes depends on the rule's text alone."""
    kept: dict[tuple[object, ...], Any] = {}

    def build(rule: Rule, append_unknown: bool = True) -> Any:
        if rule.defaults:  # the converters' answers for them are compiled in
            return compile_builder(rule, append_unknown)
        key = (rule.rule, *rule._trace, append_unknown)
        if key not in kept:
            kept[key] = compile_builder(rule, append_unknown)
        return kept[key]

    return build


def _same_kind(one: DefaultDialect, other: object) -> bool:
    """Whether SQL compiled for one engine holds for another: the same driver and the same server."""
    return type(one) is type(other) and one.server_version_info == other.server_version_info


@pytest.fixture(scope="session", autouse=True)
def _shared_compilations() -> Iterator[None]:
    statements: LRUCache[Any, Any] = LRUCache(_STATEMENTS_KEPT)

    def share(connection: Connection) -> None:
        connection.execution_options(compiled_cache=statements)

    event.listen(Engine, "engine_connect", share)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(Flask.jinja_options, "bytecode_cache", _Templates())
        patch.setattr(Rule, "_compile_builder", _compiled_once(Rule._compile_builder))
        patch.setattr(DefaultDialect, "__eq__", _same_kind)
        patch.setattr(DefaultDialect, "__hash__", lambda dialect: hash(type(dialect)))
        yield
    event.remove(Engine, "engine_connect", share)


def pytest_collection_finish() -> None:
    """Leave what was imported and collected out of the garbage collector's rounds: it stays to the end."""
    gc.collect()
    gc.freeze()
