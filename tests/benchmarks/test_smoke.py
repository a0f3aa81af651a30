"""Every benchmark still runs: all of it, on an input that takes seconds."""

import importlib
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"
LEFT_OUT = {"app_screens", "growth", "growth_cases", "peer_chemprop", "peer_compositions"}
"""Pictures of the app, which `tests/app` looks at in the same browser; rounds of a loop on a whole
database, which take minutes and are run small by `tests/growth`; peers that have an environment
of their own."""
LONG = {"app", "neural", "published_studies"}
"""Asked for by ``pytest -m slow``: a study watched from its two files on, as `tests/app` does;
compiling networks of full width."""
TEXTS = {
    path.stem: path.read_text("utf-8")
    for path in sorted(FOLDER.glob("[!_]*.py"))
    if path.stem not in LEFT_OUT
}
SCRIPTS = [
    pytest.param(
        name,
        marks=[
            *([pytest.mark.mirror] if "FORESCALE_MIRROR=" in text else []),
            *([pytest.mark.slow] if name in LONG else []),
        ],
    )
    for name, text in TEXTS.items()
]


@pytest.fixture(autouse=True)
def beside_each_other(monkeypatch, tmp_path):
    """Scripts import what they share as they do when one runs them, and write into a folder."""
    monkeypatch.syspath_prepend(FOLDER)
    monkeypatch.chdir(tmp_path)
    yield
    plt.close("all")


@pytest.mark.parametrize("name", SCRIPTS)
def test_smoke(name, capsys):
    try:
        script = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0].lstrip("_") in {"forescale", "kit", *TEXTS}:
            raise
        pytest.skip(f"could not import {error.name}")
    try:
        script.main(["--smoke"])
    finally:
        sys.modules.pop(name)
    assert "| --- |" in capsys.readouterr().out, "no table"
