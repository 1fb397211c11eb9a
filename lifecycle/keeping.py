"""Keeping a worked-out value until the data it came from has changed."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Kept(Generic[K, V]):
    """The most recent values by key, each valid for one revision of the data. Safe between threads."""

    def __init__(self, most: int = 256) -> None:
        self._most = most
        self._values: OrderedDict[K, tuple[object, V]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: K, revision: object, work_out: Callable[[], V]) -> V:
        """Return the value of ``key`` at ``revision``, worked out anew where the kept one is of another."""
        with self._lock:
            kept = self._values.get(key)
        if kept is not None and kept[0] == revision:
            return kept[1]
        value = work_out()
        with self._lock:
            self._values[key] = (revision, value)
            self._values.move_to_end(key)
            while len(self._values) > self._most:
                self._values.popitem(last=False)
        return value
