from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from forescale.simulation import Campaign

ENGINES = Path(__file__).parent / "engines_under_test.py"

os.environ["OMP_NUM_THREADS"] = "1"  # before any engine is loaded


@pytest.fixture
def make_campaign(tmp_path: Path) -> Callable[..., Campaign]:
    """A campaign over a list of SMILES with one of the engines under test."""

    def make(engine: str, materials: list[str], **options: Any) -> Campaign:
        (tmp_path / "materials.csv").write_text("\n".join(["smiles", *materials]) + "\n")
        protocol = options.pop("protocol", {})
        raw = {
            "name": "test",
            "results": tmp_path / "results",
            "materials": [{"file": tmp_path / "materials.csv"}],
            "engine": {"name": f"{ENGINES}:{engine}", "protocol": protocol},
        }
        return Campaign.model_validate(raw | options)

    return make
