"""The address of a project's page: a number may hold anything, a path may not."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from lifecycle.models.turn import TurnKind

_MARK = "~"
"""Put before a part that browsers and servers would drop: an empty one, one dot or two."""

CLOCK = "/clock/"
"""The path of the page 时钟."""


def project_path(number: str) -> str:
    """Return the path of a project's page, from the root of the site."""
    return f"/projects/{number_to_path(number)}"


_TURN_PATHS: Mapping[TurnKind, str] = {
    TurnKind.AGREEMENT: "/agreements/{}",
    TurnKind.REPORT: "/reports/{}",
    TurnKind.CHANGE: "/changes/{}",
    TurnKind.INSPECTION: "/oversight/inspections/{}",
    TurnKind.MEASURE: "/oversight/measures/{}",
    TurnKind.INTEGRITY: "/oversight/integrity/{}",
    TurnKind.ACCEPTANCE: "/acceptance/{}",
    TurnKind.CLEARING: "/acceptance/clearing/{}",
    TurnKind.REVIEW: "/reviews/{}",
    TurnKind.ACCOUNT: "/spending/accounts/{}",
    TurnKind.NOTICE: "/notices/{}",
}


def turn_path(kind: TurnKind, ref_id: int) -> str:
    """Return the path of the page on which something that waits goes on, from the root of the site."""
    return _TURN_PATHS[kind].format(ref_id)


def receipt_path(tranche_id: int) -> str:
    """Return the path of the page on which the arrival of a tranche's money is confirmed."""
    return f"/spending/receipts/{tranche_id}"


def tranche_path(tranche_id: int) -> str:
    """Return the path of the page on which paying a tranche of public money goes on."""
    return f"/money/tranches/{tranche_id}"


def duty_path(number: str, path: str | None) -> str:
    """Return the path of the page on which a duty goes on: one of its own, else its project's."""
    return path or project_path(number)


def number_to_path(number: str) -> str:
    """Return a project number as the end of a path, quoted; slashes stay what they are."""
    return "/".join(quote(_MARK + part if _is_lost(part) else part, safe="") for part in number.split("/"))


def path_to_number(path: str) -> str:
    """Return the number of an end of a path that has been unquoted already."""
    return "/".join(part.removeprefix(_MARK) for part in path.split("/"))


def _is_lost(part: str) -> bool:
    return part in {"", ".", ".."} or part.startswith(_MARK)
