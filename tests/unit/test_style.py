"""What holds for every template and style sheet: contrast, and nothing that a strict policy would block."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "app" / "static"
SHEET = (STATIC / "keguan.css").read_text(encoding="utf-8")
COLOURS = dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6});", SHEET))
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
OWN_FILES = [*TEMPLATES, *STATIC.glob("*.css"), *STATIC.glob("*.js")]

TEXT_ON = [
    *(
        (text, "paper")
        for text in ("ink", "ink-2", "blue", "blue-dark", "bad", "soon", "done", "held", "plain")
    ),
    *((text, "ground") for text in ("ink", "ink-2", "blue", "plain")),
    *((text, "bad-tint") for text in ("ink", "plain", "bad", "blue")),
    *((text, "soon-tint") for text in ("ink", "plain", "soon", "blue")),
    *((text, "plain-tint") for text in ("plain", "ink")),
    *((text, "blue-tint") for text in ("blue", "blue-dark", "ink")),
    *(("paper", ground) for ground in ("blue", "blue-dark", "bad", "plain")),
    ("going", "going-tint"),
    ("done", "done-tint"),
    ("held", "held-tint"),
]
EDGES_ON = [("line-strong", "paper"), ("blue", "paper"), ("bad", "paper"), ("plain", "paper")]


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours as WCAG 2 defines it."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(("text", "ground"), TEXT_ON)
def test_text_can_be_read_on_its_ground(text: str, ground: str) -> None:
    assert contrast(COLOURS[text], COLOURS[ground]) >= 4.5


@pytest.mark.parametrize(("edge", "ground"), EDGES_ON)
def test_the_edge_of_a_control_can_be_seen(edge: str, ground: str) -> None:
    assert contrast(COLOURS[edge], COLOURS[ground]) >= 3


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_has_nothing_inline_that_the_policy_would_block(path: Path) -> None:
    text = re.sub(r"\{#.*?#\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert not re.search(r"\sstyle\s*=", text)
    assert not re.search(r"\son[a-z]+\s*=", text)
    assert not re.search(r"hx-on|hx-vals=.js:|javascript:", text)
    assert not re.search(r"<style|<script(?![^>]*\ssrc=)", text)


@pytest.mark.parametrize("path", OWN_FILES, ids=lambda path: path.name)
def test_nothing_is_fetched_from_another_host(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"(?:https?:)?//[a-z0-9-]+\.[a-z]", text)
    assert 'url("data:' not in text


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_every_icon_named_is_in_the_sprite(path: Path) -> None:
    sprite = (STATIC / "vendor" / "bootstrap-icons" / "icons.svg").read_text(encoding="utf-8")
    for name in re.findall(r"""icon\("([a-z0-9-]+)"\)""", path.read_text(encoding="utf-8")):
        assert f'id="{name}"' in sprite


@pytest.mark.parametrize("folder", sorted((STATIC / "vendor").iterdir()), ids=lambda path: path.name)
def test_what_was_taken_over_carries_its_version_and_licence(folder: Path) -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+\n", (folder / "VERSION").read_text(encoding="utf-8"))
    assert (folder / "LICENSE").stat().st_size > 0
