"""``make bench``: every figure, one line each, the ratio first."""

from __future__ import annotations

import logging
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench import ledger, pages, reminders, sheets, spending
from tests.bench.stores import store


def main() -> None:
    """Measure everything in a folder that is thrown away."""
    logging.disable(logging.WARNING)
    with TemporaryDirectory() as name:
        folder = Path(name)
        sheets.sheet()
        spending.read()
        spending.enter(folder)
        book = ledger.check(folder)
        ledger.take_in(folder, book)
        large = store(folder / "large.sqlite3", 100_000)
        url, actor = large
        ledger.findings(url, actor.agency_id)
        browser = pages.project_list(folder, large)
        pages.project_page(url, browser)
        reminders.daily(url, actor)


if __name__ == "__main__":
    main()
