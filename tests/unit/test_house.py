"""The house stays as it was agreed: its top level, the size of its modules, what it leans on."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from configparser import ConfigParser
from fnmatch import fnmatch
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.plugins.needs import MARK, missing

ROOT = Path(__file__).parents[2]
PRODUCT = ("app", "finance", "lifecycle", "reports")
TOP_LEVEL = {
    *PRODUCT,
    "templates",
    "instance",
    "tests",
    "docs",
    "setup.cfg",
    "pyproject.toml",
    "requirements.lock",
    "requirements-test.lock",
    "Makefile",
    "README.md",
    "CHANGELOG.md",
    "LICENSE",
    ".ci",
    ".git",
    ".gitignore",
    ".pre-commit-config.yaml",
}
MOST_LINES = 400
PIN = re.compile(
    r"^([a-z0-9-]+)(?:\[[a-z0-9,-]+\])?==(\S+)((?: ;.*)?) \\\n"
    r"((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)",
    re.M,
)


def modules(*folders: str) -> Iterator[Path]:
    """Yield the Python files that people write."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "versions" not in path.parts:
                yield path


def pins(lock: str) -> dict[str, str]:
    """Return the version of each package of a lock file; a line that is no hashed pin is an error."""
    text = "".join(re.findall(r"^[^#\n].*\n", (ROOT / lock).read_text("utf-8"), re.M))
    assert PIN.sub("", text) == "", f"{lock} holds something other than pins with hashes"
    return {name: version for name, version, _, _ in PIN.findall(text)}


def requirements(section: str, option: str) -> list[Requirement]:
    """Return the requirements that setup.cfg lists under an option."""
    setup = ConfigParser()
    setup.read(ROOT / "setup.cfg", "utf-8")
    return [Requirement(line) for line in setup[section][option].split("\n") if line]


def meets(locked: dict[str, str], wanted: Requirement) -> bool:
    """Tell whether a lock's pins satisfy one requirement."""
    version = locked.get(canonicalize_name(wanted.name))
    return version is not None and wanted.specifier.contains(version, prereleases=True)


def imported(path: Path) -> set[str]:
    """Return the top-level names of what a module imports absolutely when it runs."""
    names: set[str] = set()
    waiting: list[ast.AST] = [ast.parse(path.read_text("utf-8"))]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            names.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            names.add(node.module.partition(".")[0])
        for_types = isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        waiting.extend(() if for_types else ast.iter_child_nodes(node))
    return names


def test_the_top_level_holds_nothing_that_was_not_agreed() -> None:
    ignored = [line.rstrip("/") for line in (ROOT / ".gitignore").read_text("utf-8").split() if line]
    found = {path.name for path in ROOT.iterdir()}
    strangers = {name for name in found - TOP_LEVEL if not any(fnmatch(name, pattern) for pattern in ignored)}
    assert strangers == set()


def test_no_module_outgrows_a_readers_patience() -> None:
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text("utf-8").splitlines())
        for path in modules(*PRODUCT, "tests")
    }
    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES} == {}


@pytest.mark.parametrize(
    ("lock", "section", "option"),
    [
        ("requirements.lock", "options", "install_requires"),
        ("requirements.lock", "options.extras_require", "build"),
        ("requirements-test.lock", "options", "install_requires"),
        ("requirements-test.lock", "options.extras_require", "build"),
        ("requirements-test.lock", "options.extras_require", "test"),
    ],
)
def test_a_lock_pins_everything_that_setup_asks_for(lock: str, section: str, option: str) -> None:
    locked = pins(lock)
    unmet = [str(wanted) for wanted in requirements(section, option) if not meets(locked, wanted)]
    assert unmet == []


def test_both_locks_agree() -> None:
    tested = pins("requirements-test.lock")
    assert {name: tested.get(name) for name in pins("requirements.lock")} == pins("requirements.lock")


def test_the_product_imports_only_what_its_own_lock_installs() -> None:
    locked = pins("requirements.lock")
    home = packages_distributions()
    strangers = {
        (str(path.relative_to(ROOT)), name)
        for path in modules(*PRODUCT)
        for name in imported(path) - sys.stdlib_module_names - set(PRODUCT)
        if not any(canonicalize_name(distribution) in locked for distribution in home.get(name, ()))
    }
    assert strangers == set()


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-test.lock"])
def test_a_lock_names_no_host(lock: str) -> None:
    assert "://" not in (ROOT / lock).read_text("utf-8")


def test_what_the_machine_lacks_fails_ci_and_is_skipped_loudly_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no abacus"):
        missing("no abacus")
    monkeypatch.delenv("CI")
    with pytest.raises(pytest.skip.Exception, match=f"{MARK}no abacus"):
        missing("no abacus")
