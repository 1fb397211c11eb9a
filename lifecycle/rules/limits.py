"""The two shapes of limit: one thing asked of a project, and one thing asked of each of its parts."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from datetime import date
from typing import ClassVar

from lifecycle.record import ProjectRecord
from lifecycle.rules.base import ALWAYS, Breach, Figure, Kind


class Limit(Kind):
    """One thing asked of a whole project, the same on every day from ``since`` on."""

    @abstractmethod
    def held(self, record: ProjectRecord) -> bool | None:
        """Whether the rule is held; ``None`` where the record does not say what it asks."""

    @abstractmethod
    def text(self, record: ProjectRecord) -> str:
        """Return the sentence with figures, fit for either outcome."""

    def since(self, record: ProjectRecord) -> date | None:  # noqa: ARG002 most limits ask no day
        """Return the day from which the rule asks; ``None``: it does not (yet)."""
        return ALWAYS

    def breaches(self, record: ProjectRecord) -> Iterable[Breach]:
        """Return the breach, if the rule is not held."""
        if self.held(record) is not False:
            return ()
        since = self.since(record)
        return () if since is None else (Breach("", since, None, self.text(record)),)

    def figures(self, record: ProjectRecord, day: date) -> Iterable[Figure]:
        """Return the sentence with figures, from the day on which the rule asks."""
        since = self.since(record)
        if since is None or day < since:
            return ()
        return (Figure("", self.text(record), self.held(record) is not None),)


class Each(Kind):
    """One thing asked of each part of a project that has a name: of partners, of indicators."""

    counted: ClassVar[str]
    """How a checklist says that all parts hold, with the number in place of ``{}``."""

    @abstractmethod
    def parts(self, record: ProjectRecord) -> Iterable[tuple[str, str | None]]:
        """Return the parts' names, each with what is wrong with it, if anything."""

    def breaches(self, record: ProjectRecord) -> Iterable[Breach]:
        """Return a breach for each part with something wrong."""
        return [Breach(name, ALWAYS, None, wrong) for name, wrong in self.parts(record) if wrong is not None]

    def figures(self, record: ProjectRecord, day: date) -> Iterable[Figure]:  # noqa: ARG002 asks no day
        """Return one sentence for all parts together."""
        count = sum(1 for _ in self.parts(record))
        return (Figure("", self.counted.format(count)),) if count else ()
