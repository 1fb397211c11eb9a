"""The address of a project's page: a number may hold anything, a path may not."""

from __future__ import annotations

from urllib.parse import quote

_MARK = "~"
"""Put before a part that browsers and servers would drop: an empty one, one dot or two."""


def project_path(number: str) -> str:
    """Return the path of a project's page, from the root of the site."""
    return f"/projects/{number_to_path(number)}"


def number_to_path(number: str) -> str:
    """Return a project number as the end of a path, quoted; slashes stay what they are."""
    return "/".join(quote(_MARK + part if _is_lost(part) else part, safe="") for part in number.split("/"))


def path_to_number(path: str) -> str:
    """Return the number of an end of a path that has been unquoted already."""
    return "/".join(part.removeprefix(_MARK) for part in path.split("/"))


def _is_lost(part: str) -> bool:
    return part in {"", ".", ".."} or part.startswith(_MARK)
