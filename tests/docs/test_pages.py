"""Pages of the documentation: in the menu, linked to what is there, complete where they list."""

import re
from pathlib import Path

import pytest

from forescale.cli.main import app
from forescale.laws import FLAG_MEANINGS

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
LINK = re.compile(r"(?<!\\)\]\(([^)#\s]*)(?:#[^)\s]*)?(?:\s+\"[^\"]*\")?\)")
CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.MULTILINE | re.DOTALL)
MENU = (DOCS.parent / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:")[2]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(DOCS).as_posix())
def test_a_page_is_in_the_menu_says_first_what_it_is_for_and_its_links_lead_somewhere(page):
    text = page.read_text(encoding="utf-8")
    assert page.relative_to(DOCS).as_posix() in MENU
    lines = [line for line in text.splitlines() if line.strip()]
    assert lines[0].startswith("# ")
    if page.parent == DOCS:
        assert not lines[1].startswith(("```", "    ", "|", "#", "![")), "no first sentence"
    for target in LINK.findall(CODE.sub("", text)):
        if target and not target.startswith(("http", "mailto:")):
            assert (page.parent / target).exists() or "notebooks/" in target, target


def test_the_menu_has_five_groups():
    groups = re.findall(r"^  - (\w+):$", MENU, re.MULTILINE)
    assert groups == ["Start", "Do", "Understand", "Measured", "Reference"]


def test_every_flag_is_explained_in_one_place():
    text = (DOCS / "flags.md").read_text(encoding="utf-8")
    for flag, meaning in FLAG_MEANINGS.items():
        row = next(line for line in text.splitlines() if line.startswith(f"| `{flag}` |"))
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert cells[1] == meaning
        assert cells[2], f"{flag}: nothing to do is said"


def test_every_command_is_in_the_reference():
    text = (DOCS / "reference" / "cli.md").read_text(encoding="utf-8")
    for command in app.registered_commands:
        assert f"`forescale {command.name}" in text, command.name
