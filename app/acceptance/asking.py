"""What an address asks of the lists of acceptances and of clearings, and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from app.filters import query
from app.projects.asking import Chip, read_page, read_size, read_text
from finance.clearing.listing import STATES, ClearingAsked
from lifecycle.acceptance.listing import CaseFilter
from lifecycle.models import AcceptanceState
from lifecycle.rulebook import rulebook

OPEN = "open"
"""The state that is usually asked for: everything that is not over."""


class Asked(Protocol):
    """What both lists are asked."""

    @property
    def text(self) -> str:
        """What is searched for."""

    @property
    def programme(self) -> str:
        """The programme, or nothing."""

    @property
    def state(self) -> str:
        """A state, ``OPEN``, or nothing for all."""


A = TypeVar("A", bound=Asked)


@dataclass(frozen=True, slots=True)
class Asking(Generic[A]):
    """How one of the lists is asked: what it can be narrowed to, the usual first."""

    make: Callable[..., A]
    states: Sequence[tuple[str, str]]

    def read(self, args: Mapping[str, str]) -> A:
        """Return what a query string asks; what cannot be understood asks nothing."""
        state, programme = args.get("state", OPEN), args.get("programme", "")
        told: dict[str, Any] = {
            "text": read_text(args),
            "programme": programme if programme in rulebook().programmes else "",
            "state": state if state in dict(self.states) else OPEN,
            "page": read_page(args),
            "per_page": read_size(args),
        }
        return self.make(**told)

    def chips(self, asked: A, args: Mapping[str, str]) -> Iterator[Chip]:
        """Yield the conditions that are on, each with the list without it."""
        for name, label, words in self._told(asked):
            if name != "state" or asked.state != OPEN:
                yield Chip(label, words, query(dict(args), **{name: None}, page=None))

    def sentence(self, asked: A) -> str:
        """Return what is asked, in words, for the head of an export."""
        return "；".join(f"{label}：{words}" for _, label, words in reversed([*self._told(asked)]))

    def _told(self, asked: A) -> Iterator[tuple[str, str, str]]:
        """Yield what is asked: its name in an address, its label and its words."""
        if asked.text:
            yield "q", "搜索", asked.text
        if asked.programme:
            yield "programme", "计划类别", asked.programme
        yield "state", "办理情况", dict(self.states)[asked.state]


def _shown(states: Sequence[str]) -> list[tuple[str, str]]:
    return [(OPEN, "未办结"), ("", "全部"), *((str(one), str(one)) for one in states)]


CASES = Asking(CaseFilter, _shown(list(AcceptanceState)))
CLEARINGS = Asking(ClearingAsked, _shown(list(STATES)))


def programmes() -> list[tuple[str, str]]:
    """Return the programmes to choose from."""
    return [("", "全部"), *((name, name) for name in rulebook().programmes)]
