"""One dialect of docstrings, where ruff's pydocstyle has no rule for it."""

import re
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src"
TYPED = re.compile(r"^ +\w+(?:, \w+)* : \S")
"""``name : type``: types stand in the signature, so that they are said once."""


def test_types_are_said_in_signatures_and_constants_by_a_string():
    told = [
        f"{path.relative_to(SOURCE)}:{number}"
        for path in sorted(SOURCE.rglob("*.py"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if TYPED.match(line) or line.lstrip().startswith("#:")
    ]
    assert not told, f"docstrings in another dialect: {', '.join(told)}"
