"""Ids of rows in addresses and forms: whole numbers that a database can be asked for."""

from __future__ import annotations

from typing import Any

from flask import Flask
from werkzeug.routing import IntegerConverter

MOST = 2**63 - 1
"""The largest number either database takes; what is larger is nobody's id."""


class RowId(IntegerConverter):
    """An id in an address; one that no row can have leads nowhere."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **{"max": MOST, **more})


def row_id(text: str) -> int:
    """Return the id that a form's field holds. Raises ``ValueError`` where no row can have it."""
    found = int(text)
    if not 0 <= found <= MOST:
        raise ValueError(text)
    return found


def register(app: Flask) -> None:
    """Let every whole number in the addresses of ``app`` be such an id; called before any route is made."""
    app.url_map.converters["int"] = RowId
