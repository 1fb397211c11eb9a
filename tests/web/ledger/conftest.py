"""A handler's browser, and a queue of work that is empty before and after each test."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lifecycle.roles import Role
from tests.web.site import Browser


@pytest.fixture(autouse=True)
def _at_rest(at_rest: None) -> None:
    """Every test here begins work."""


@pytest.fixture
def handler(as_role: Callable[[Role], Browser]) -> Browser:
    """The browser of who uploads."""
    return as_role(Role.HANDLER)
