"""The rules in force for projects, as files of a bundle: the originals, and for reading."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lifecycle.record import ProjectRecord
from lifecycle.rulebook import UnknownProgrammeError, rulebook
from reports.bundle.names import Names
from reports.rules_page import programme_page


def rule_files(records: Iterable[ProjectRecord], names: Names) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of every file of rules that judge these projects, each once."""
    programmes = {}
    for record in records:
        try:
            programme = rulebook().programme(record.programme, record.signed_on)
        except UnknownProgrammeError:
            continue  # a programme that the regulations no longer name has no rules to show
        programmes[programme.name, programme.in_force_from] = programme
    ordered = sorted(programmes.values(), key=lambda one: (one.order, str(one.in_force_from)))
    for path in sorted({path for programme in ordered for path in programme.files}):
        yield names.take("rules/", path.name), path.read_bytes()
    for programme in ordered:
        yield names.take("rules/", f"{programme.name}.md"), programme_page(programme).encode()
