"""What a test needs of the machine and may not find: said loudly, and a failure where the build counts."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest

MARK = "NOT TESTED: "
"""Begins the reason of every test skipped because the machine lacks something."""


def missing(what: str) -> NoReturn:
    """Give up the test for want of ``what``: a failure where ``CI=true``, else a skip told of at the end."""
    if os.environ.get("CI", "").lower() in {"1", "true", "yes"}:
        pytest.fail(f"{what}, and CI must not pass without it", pytrace=False)
    pytest.skip(MARK + what)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Close the run with one line for each thing that was missing and how many tests it cost."""
    costs: dict[str, int] = {}
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2].removeprefix("Skipped: ") if isinstance(report.longrepr, tuple) else ""
        if reason.startswith(MARK):
            costs[reason] = costs.get(reason, 0) + 1
    if not costs:
        return
    terminalreporter.section("TESTS THAT COULD NOT RUN HERE", sep="!", red=True, bold=True)
    for reason, count in sorted(costs.items()):
        terminalreporter.write_line(f"{reason} ({count} tests)", red=True, bold=True)
