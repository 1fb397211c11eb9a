"""The part of an address that is a project's number."""

from __future__ import annotations

from werkzeug.routing import BaseConverter

from lifecycle.addresses import number_to_path, path_to_number


class ProjectNumber(BaseConverter):
    """Any project number there may be: with slashes, blanks, dots and marks."""

    regex = "(?s:.+)"
    part_isolating = False
    weight = 200

    def to_python(self, value: str) -> str:
        """Return the number that a path stands for."""
        return path_to_number(value)

    def to_url(self, value: str) -> str:
        """Return the path that stands for a number."""
        return number_to_path(value)
