"""The page of keys says of every key of every file what it means."""

import importlib.util
import re
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def test_every_key_has_a_meaning():
    spec = importlib.util.spec_from_file_location("keys", DOCS / "_hooks" / "keys.py")
    keys = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(keys)
    page = keys.on_page_markdown((DOCS / "reference" / "keys.md").read_text(encoding="utf-8"))
    assert "::keys" not in page
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| (.*) \|$", page, re.MULTILINE)
    assert len(rows) > 150
    assert [name for name, _, meaning in rows if not meaning] == []
    assert ("replicates", "`20`") in {(name, default) for name, default, _ in rows}
