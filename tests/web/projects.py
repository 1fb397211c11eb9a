"""What the tests of projects share: who sees them, how a list and an export are read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from io import BytesIO
from urllib.parse import unquote

from openpyxl import load_workbook
from werkzeug.test import TestResponse

from lifecycle.addresses import path_to_number
from lifecycle.models import Project
from lifecycle.roles import Role
from tests.web.site import Browser

TODAY = date(2026, 6, 30)
TABS = ("overview", "money", "reports", "changes", "oversight", "compliance", "papers", "duties", "history")
OWNERS = (Role.PI, Role.UNIT_MANAGER, Role.UNIT_FINANCE, Role.JOINT_UNIT)
SEERS = (Role.HANDLER, Role.APPROVER, Role.FINANCE, Role.AUDITOR, *OWNERS)

Make = Callable[..., Project]
AsRole = Callable[[Role], Browser]


def links(answer: TestResponse) -> list[str]:
    """Return the numbers of the projects that a list links to, in its order."""
    found = re.findall(r'class="k-link"[^>]*><a href="/projects/([^"]+)"', answer.text)
    return [path_to_number(unquote(path)) for path in found]


def rows(answer: TestResponse) -> Iterator[tuple[object, ...]]:
    """Yield the rows of an exported workbook below its header."""
    page = load_workbook(BytesIO(answer.data)).worksheets[0]
    yield from page.iter_rows(min_row=4, values_only=True)
