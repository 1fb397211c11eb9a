"""A bureau that leads acceptances, and everybody's browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
import time_machine
from sqlalchemy.orm import Session

from lifecycle.roles import Role
from tests.integration.accepting import DAY, Accepting, accepting
from tests.integration.paying import Bureau
from tests.web.site import Browser, People


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    """Let everything happen on the day of the acceptances."""
    with time_machine.travel(datetime(DAY.year, DAY.month, DAY.day, 4, tzinfo=UTC), tick=False):
        yield


@pytest.fixture
def it(session: Session, people: People) -> Accepting:
    """The bureau with its experts."""
    return accepting(Bureau(session, people))


@pytest.fixture
def handler(as_role: Callable[[Role], Browser]) -> Browser:
    """The handler's browser."""
    return as_role(Role.HANDLER)
