"""What time it is: the only place in the shell that asks."""

from __future__ import annotations

from datetime import UTC, date, datetime

from lifecycle.calendar import SHANGHAI


def now() -> datetime:
    """Return this moment, in UTC."""
    return datetime.now(UTC)


def today() -> date:
    """Return the day it is in China, wherever the server stands."""
    return now().astimezone(SHANGHAI).date()
