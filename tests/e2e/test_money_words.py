"""The amounts in words that appear as one types."""

from __future__ import annotations

import random
from pathlib import Path

from playwright.sync_api import Page

from lifecycle.money import LIMIT, WAN, in_words, yuan

SCRIPT = Path(__file__).parents[2] / "app" / "static" / "keguan.js"
TYPE_ALL = """amounts => amounts.map(amount => {
    const input = document.getElementById("fiscal");
    input.value = amount;
    input.dispatchEvent(new Event("input", {bubbles: true}));
    return document.getElementById("fiscal-words").textContent;
})"""


def test_the_words_in_the_browser_are_those_on_the_sheet(page: Page) -> None:
    page.set_content('<input id="fiscal" data-money="元"><output id="fiscal-words"></output>')
    page.add_script_tag(path=SCRIPT)
    draw = random.Random(20260630)
    amounts = [WAN, 100_000_000, 10_500_000, 1_000_050_000_01, LIMIT - 1]
    amounts += [draw.randrange(WAN, 10 ** draw.randint(7, 15)) for _ in range(300)]
    amounts += [draw.randrange(1, 100) * 10 ** draw.randint(6, 12) for _ in range(100)]
    assert page.evaluate(TYPE_ALL, [yuan(fen) for fen in amounts]) == [in_words(fen) for fen in amounts]


def test_small_and_unreadable_amounts_get_no_words(page: Page) -> None:
    page.set_content('<input id="fiscal" data-money="元"><output id="fiscal-words"></output>')
    page.add_script_tag(path=SCRIPT)
    assert page.evaluate(TYPE_ALL, ["9999.99", "", "abc", "-20000", "1.234", "1e9"]) == [""] * 6
