"""Makes the Word templates anew: ``python -m reports.papers.drawing``.

A design is a module of ``reports.papers.designs``; its template bears its name.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from reports.papers import designs
from reports.papers.paper import Paper
from reports.papers.rendering import TEMPLATES


def drawn() -> dict[str, bytes]:
    """Return every template by name, drawn anew."""
    return {info.name: _draw(info.name) for info in iter_modules(designs.__path__)}


def _draw(name: str) -> bytes:
    design = import_module(f"{designs.__name__}.{name}")
    paper = Paper(design.TITLE)
    design.draw(paper)
    return paper.package()


def main(folder: Path = TEMPLATES) -> None:
    """Write the templates into ``folder``."""
    folder.mkdir(exist_ok=True)
    for name, package in drawn().items():
        (folder / f"{name}.docx").write_bytes(package)


if __name__ == "__main__":
    main()
