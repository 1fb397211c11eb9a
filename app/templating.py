"""How templates are read: what a missing name does, what every template knows, how an icon is written."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from functools import lru_cache
from typing import Any

from flask import Flask
from flask.templating import Environment
from jinja2 import StrictUndefined
from markupsafe import Markup

_ICON = Markup(
    '<svg class="icon" width="16" height="16" aria-hidden="true" focusable="false">'
    '<use href="{}#{}"></use></svg>'
)


class _Named(StrictUndefined):
    """A name no template was given: may be asked after (``if x``), never printed, compared or looked into."""

    def __bool__(self) -> bool:  # type: ignore[override]
        return False


class _Plain(Environment):
    """Gives each template what all of them know as one plain dictionary.

    Jinja would look it up in a chain of two, name by name, for every import of every page. All of it is
    registered before the first template is read.
    """

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """Return what a template knows: what all know, and its own over that."""
        return {**self.globals, **(d or {})}


def register(app: Flask) -> None:
    """Set up the templates of ``app``; before anything looks at its environment."""
    app.jinja_environment = _Plain
    app.jinja_env.undefined = _Named
    app.add_template_global(icons_of)


def icons_of(sprite: str) -> Callable[[str], Markup]:
    """Return what writes an icon of a sprite by its name; a page has dozens, so each is written once."""
    return lru_cache(maxsize=256)(lambda name: _ICON.format(sprite, name))
