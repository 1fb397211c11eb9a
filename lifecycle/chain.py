"""How entries of the audit trail are chained: the digest of what an entry says, and the hash that links it.

Pure, and so simple that anybody can check it by other means: ``verify.py`` in every audit bundle does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

START = "0" * 64
"""What stands for the hash before the first entry's."""

SAID = (
    "serial", "agency_id", "project_id", "project_number", "user_id",
    "actor_name", "at", "action", "summary", "citation", "details",
)  # fmt: skip
"""Everything an entry says, all of which its digest covers."""


def content_of(entry: Any) -> dict[str, Any]:
    """Return what an entry says (the attributes in ``SAID``) as JSON knows it; the moment in UTC."""
    content = {name: getattr(entry, name) for name in SAID}
    content["at"] = written_moment(entry.at)
    return content


def written_moment(at: datetime) -> str:
    """Return a moment as entries bear it: UTC, to the microsecond."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def canonical(content: Mapping[str, Any]) -> bytes:
    """Return the one way of writing something as JSON: keys sorted, no blanks, characters as they are."""
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")


def content_digest(content: Mapping[str, Any]) -> str:
    """Return the SHA-256, in hex, of what an entry says."""
    return sha256(canonical(content)).hexdigest()


def project_tag(previous: str, number: str | None) -> str:
    """Return the mark that says whose history an entry belongs to, to whoever knows the project's number.

    Within a chain shown without its contents it proves that no entry of a project was left out.
    """
    return sha256((previous + (number or "")).encode()).hexdigest()


def link(previous: str, tag: str, digest: str) -> str:
    """Return an entry's hash: SHA-256, in hex, of the previous hash, the project's mark and the digest."""
    return sha256((previous + tag + digest).encode("ascii")).hexdigest()


def hash_of(previous: str, content: Mapping[str, Any]) -> str:
    """Return the hash of an entry that says ``content`` and follows the one of hash ``previous``."""
    return link(previous, project_tag(previous, content["project_number"]), content_digest(content))
