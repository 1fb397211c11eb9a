"""docs/rules.md says what the programme files say."""

from __future__ import annotations

from lifecycle.rulebook import rulebook
from reports.rules_page import PAGE, rules_page


def test_the_page_is_as_fresh_as_the_programme_files() -> None:
    assert PAGE.read_text("utf-8") == rules_page(rulebook()), "run: python -m reports.rules_page"


def test_every_rule_of_every_programme_is_on_the_page() -> None:
    page = rules_page(rulebook())
    for name in rulebook().programmes:
        sections = [part.split("### ")[0] for part in page.split(f"### {name}\n")[1:]]
        for rule in rulebook().programme(name).rules:
            (section,) = [part for part in sections if f"| {rule.id} |" in part]
            assert rule.summary in section
