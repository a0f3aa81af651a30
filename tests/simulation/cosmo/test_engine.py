"""The cosmo engine: contract, measured activity coefficients, surfaces shared by jobs."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from forescale.engines.contract import Job
from forescale.engines.cosmo import CosmoEngine, CosmoSettings
from forescale.engines.cosmo.engine import populations
from forescale.errors import MaterialError
from forescale.simulation import Campaign, campaign_table, run_campaign
from forescale.simulation.testing import EngineContract

pytest.importorskip("pyscf")

#: γ at infinite dilution at 298 K, as commonly tabulated (DECHEMA Chemistry Data Series, vol. IX).
MEASURED = {
    "CCO in O": 3.9,
    "O in CCO": 2.6,
    "CC(C)=O in O": 7.0,
    "CO in O": 1.7,
    "CC#N in O": 11.0,
    "CC(C)=O in ClC(Cl)Cl": 0.5,
    "c1ccccc1 in O": 2500.0,
}


class TestCosmo(EngineContract):
    engine_type = CosmoEngine
    name = "cosmo"
    settings: ClassVar[dict[str, Any]] = {"conformers": 1}
    works = (("pair", "*CCO* in O at 298.15 K"), ("pair", "*CCO* in CO at 350 K"))
    refuses = (
        ("pair", "CCO in O at 298.15 K"),  # chi is of a polymer
        ("pair", "*CCO* in [Na+] at 298.15 K"),
        ("pair", "*CCO* in C[Se]C at 298.15 K"),
        ("pair", "*CC(*)C[N+](C)(C)C in O at 298.15 K"),
    )


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("surfaces")


def compute(library: Path, pair: str, **settings: Any) -> dict[str, float]:
    engine = CosmoEngine(CosmoSettings.model_validate({"conformers": 1} | settings))
    return dict(engine.compute(Job(pair, "pair", shared=library)).values)


def test_activity_coefficients_at_infinite_dilution(library: Path) -> None:
    errors = [
        compute(library, pair, quantity="ln_gamma")["ln_gamma"] - math.log(gamma)
        for pair, gamma in MEASURED.items()
    ]
    assert np.abs(errors).mean() < 0.8
    assert np.abs(errors).max() < 2.5


def test_good_solvents_of_polystyrene_come_first(library: Path) -> None:
    solvents = ("Cc1ccccc1", "C1CCOC1", "CCO", "CO", "O")  # good, good, then non-solvents
    pairs = [f"*CC(*)c1ccccc1 in {s} at 298.15 K" for s in solvents]
    chi = [compute(library, pair, flank=1)["chi"] for pair in pairs]
    assert max(chi[:2]) < 0.4 < min(chi[2:])
    assert chi[2] < chi[3] < chi[4]


def test_parts_add_up_and_room_temperature_is_said(library: Path) -> None:
    engine = CosmoEngine(CosmoSettings(conformers=1))
    record = engine.compute(Job("*CCO* in CO", "pair", shared=library))
    values = record.values
    assert values["chi"] == values["chi_residual"] + values["chi_combinatorial"]
    assert "298.15 K" in record.notes
    assert compute(library, "*CCO* in CO at 298.15 K") == dict(values)


def test_a_molecule_has_no_chi_and_a_polymer_no_activity(library: Path) -> None:
    with pytest.raises(MaterialError, match="takes a repeat unit"):
        compute(library, "CCO in O at 298.15 K")
    with pytest.raises(MaterialError, match="takes a molecule"):
        compute(library, "*CCO* in O at 298.15 K", quantity="ln_gamma")


def test_populations_follow_boltzmann() -> None:
    shares = populations(np.array([-76.0, -76.0 + 0.001]), 298.15)  # 0.63 kcal/mol apart
    assert shares.sum() == pytest.approx(1.0)
    assert shares[0] / shares[1] == pytest.approx(math.exp(0.627509 / 0.592484), rel=1e-3)


def test_surfaces_are_computed_once_for_all_pairs(tmp_path: Path) -> None:
    """Two polymers in two solvents at two temperatures, by two workers: four surfaces."""
    options = {
        "solutes": ["*CC*", "*CCO*"],
        "solvents": ["O", "CO"],
        "temperatures": [298.15, 350],
    }
    campaign = Campaign.model_validate(
        {
            "name": "crossed",
            "kind": "pair",
            "results": tmp_path / "results",
            "materials": [{"generator": "pairs", "options": options}],
            "engine": {"name": "cosmo", "protocol": {"conformers": 1}},
            "workers": 2,
        }
    )
    assert run_campaign(campaign).done == 8
    made = list((tmp_path / "results" / "shared" / "cosmo").glob("*/surfaces.json"))
    assert len(made) == 4
    table = campaign_table(campaign.results, "chi")
    assert table.material_kind == "pair"
    assert "*CCO* in O at 350 K" in set(table.keys)
