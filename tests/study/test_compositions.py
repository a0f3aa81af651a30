"""A study of compositions: formulas of all notations, whole chemical systems on one side."""

from itertools import product

import numpy as np
import pytest

from forescale.materials import chemical_system
from forescale.study import Design, load_data, load_study
from forescale.workflow import run_study

STUDY = """
name = "oxides"
replicates = 3
[[source]]
file = "computed.csv"
kind = "composition"
material = "formula"
value = "gap"
unit = "eV"
[target]
file = "measured.csv"
kind = "composition"
material = "formula"
value = "gap"
unit = "meV"
[descriptor]
name = "composition"
[grid]
n_source = [20, 40, 80]
n_target = [10]
[evaluation]
metrics = ["rmse"]
split = "group:chemical_system"
[censoring]
floor = 0.0
learn_as = -500.0
"""
METALS = (
    "Li",
    "Na",
    "K",
    "Mg",
    "Ca",
    "Sr",
    "Ba",
    "Al",
    "Ga",
    "In",
    "Sc",
    "Y",
    "Ti",
    "Zr",
    "Zn",
    "Cd",
)
OTHERS = ("O", "S", "Se", "F", "Cl", "Br", "N")


@pytest.fixture
def oxides(tmp_path):
    """Made-up gaps that grow with the difference in electronegativity; some are none."""
    from rdkit import Chem

    table, rows = Chem.GetPeriodicTable(), []
    for place, (metal, other) in enumerate(product(METALS, OTHERS)):
        number = table.GetAtomicNumber
        gap = max(0.0, 3.0 - 0.06 * number(metal) + 0.8 * OTHERS.index(other) % 3)
        a, b = 1 + place % 2, 1 + place % 3
        rows.append((f"{metal}{a}{other}{b}", f"({other}{2 * b}){metal}{2 * a}", gap))
    (tmp_path / "study.toml").write_text(STUDY)
    (tmp_path / "computed.csv").write_text(
        "formula,gap\n" + "".join(f"{first},{0.7 * gap:.3f}\n" for first, _, gap in rows)
    )
    (tmp_path / "measured.csv").write_text(
        "formula,gap\n" + "".join(f"{other},{1e3 * gap:.1f}\n" for _, other, gap in rows[::2])
    )
    return load_study(tmp_path / "study.toml")


def test_both_notations_are_one_material_and_systems_stay_together(oxides):
    data = load_data(oxides, show_progress=False)
    assert set(data.target.keys) <= set(data.source.keys)
    split = Design.of(oxides, data).splits[0]
    systems = np.array([chemical_system(key) for key in data.target.keys])
    assert not set(systems[split.train]) & set(systems[split.test])
    assert not set(data.source.keys[split.source]) & set(data.target.keys[split.test])


def test_a_study_of_compositions_runs_to_its_page(oxides, tmp_path):
    finished = run_study(oxides, tmp_path / "run", show_progress=False)
    assert (tmp_path / "run" / "report.html").is_file()
    errors = finished.summary.query("metric == 'rmse'").set_index(["n_source", "n_target"])["mean"]
    assert errors[80, 10] < errors[0, 10]
    assert finished.folder.predictions()["predicted"].min() >= 0.0
