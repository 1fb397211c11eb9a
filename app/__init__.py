"""The Flask shell around Keguan."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from app.config import Config


def create_app(config: Config | None = None) -> Flask:
    """Return the application, ready to serve; without ``config`` it is set up from the environment.

    It is put together by a module that is loaded now: a ledger check from the console needs none of it.
    """
    from app import factory

    return factory.create_app(config)
