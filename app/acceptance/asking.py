"""What an address asks of the list of acceptances, and back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from app.filters import query
from app.projects.asking import Chip, read_page, read_size, read_text
from lifecycle.acceptance.listing import CaseFilter
from lifecycle.models import AcceptanceState
from lifecycle.rulebook import rulebook

STATES = [
    ("open", "未办结"),
    ("", "全部"),
    *((one.value, one.value) for one in AcceptanceState),
]
"""What the list can be narrowed to; the first is the usual one."""

_WORDS = dict(STATES)


def read(args: Mapping[str, str]) -> CaseFilter:
    """Return what a query string asks; what cannot be understood asks nothing."""
    state, programme = args.get("state", "open"), args.get("programme", "")
    return CaseFilter(
        text=read_text(args),
        programme=programme if programme in rulebook().programmes else "",
        state=state if state in _WORDS else "open",
        page=read_page(args),
        per_page=read_size(args),
    )


def chips(asked: CaseFilter, args: Mapping[str, str]) -> Iterator[Chip]:
    """Yield the conditions that are on, each with the list without it."""
    plain = dict(args)
    if asked.text:
        yield Chip("搜索", asked.text, query(plain, q=None, page=None))
    if asked.programme:
        yield Chip("计划类别", asked.programme, query(plain, programme=None, page=None))
    if asked.state != "open":
        yield Chip("办理情况", _WORDS[asked.state], query(plain, state=None, page=None))


def sentence(asked: CaseFilter) -> str:
    """Return what is asked, in words, for the head of an export."""
    told = [f"办理情况：{_WORDS[asked.state]}"]
    told += [f"计划类别：{asked.programme}"] if asked.programme else []
    told += [f"搜索：{asked.text}"] if asked.text else []
    return "；".join(told)
