"""The example engine of the documentation passes the contract."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from forescale._machine.plugins import load_object
from forescale.simulation.testing import EngineContract

pytest.importorskip("ase", reason="the example needs ase")
pytest.importorskip("tblite", reason="the example needs tblite")
if sys.platform == "win32":
    pytest.skip("tblite has no wheel for Windows", allow_module_level=True)

EXAMPLE = Path(__file__).parents[2] / "examples" / "campaigns" / "ase_engine.py"


class TestAseEngine(EngineContract):
    engine_type = load_object("engine.name", f"{EXAMPLE}:AseEngine")
    name = f"{EXAMPLE}:AseEngine"
    works = (("molecule", "CO"), ("molecule", "C#N"))
    refuses = (("molecule", "FS(F)(F)(F)(F)F"),)


def test_the_documentation_shows_it_whole() -> None:
    page = EXAMPLE.parents[2] / "docs" / "simulation-engines.md"
    assert EXAMPLE.read_text(encoding="utf-8") in page.read_text(encoding="utf-8")
