"""The notebooks run from top to bottom."""

import json
import runpy
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "examples" / "notebooks"
execute = runpy.run_path(str(FOLDER / "execute.py"))["execute"]


@pytest.mark.parametrize("name", ["learning-curve", "own-data"])
def test_a_notebook_runs_and_shows_its_figure(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    notebook = json.loads((FOLDER / f"{name}.ipynb").read_text(encoding="utf-8"))
    execute(notebook)
    shown = [out.get("data", {}) for cell in notebook["cells"] for out in cell.get("outputs", [])]
    assert any("image/png" in data for data in shown)
    assert sum("text/html" in data for data in shown) >= 2
