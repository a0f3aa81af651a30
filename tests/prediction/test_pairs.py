"""A model of pairs: its columns, its temperatures, the sides it knows."""

import numpy as np
import pandas as pd
import pytest
from bare_runs import run_without_laws

from forescale.prediction import Predictor, predict_file
from forescale.study import load_study
from forescale.workflow import run_study

STUDY = """
name = "pairs"
replicates = 2
[[source]]
file = "computed.csv"
kind = "pair"
solute = "solute"
solvent = "solvent"
temperature = "T"
temperature_unit = "degC"
value = "v"
unit = "kcal/mol"
[target]
file = "measured.csv"
kind = "pair"
solute = "solute"
solvent = "solvent"
temperature = "T"
temperature_unit = "degC"
value = "v"
unit = "kcal/mol"
[descriptor]
name = "morgan"
[learner]
lengths = [1.0]
noises = [0.02]
[grid]
n_source = [10, 20, 40]
n_target = [5, 20]
"""
SOLVENTS = {"O": 1.0, "CCO": 0.5, "CCCCCC": -1.0}


def rows(temperatures, noise):
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        [
            ("C" * n + "O", solvent, t, n * polarity + 0.01 * t + noise * rng.standard_normal())
            for n in range(1, 11)
            for solvent, polarity in SOLVENTS.items()
            for t in temperatures
        ],
        columns=["solute", "solvent", "T", "v"],
    )


@pytest.fixture(scope="module", params=[(25.0, 60.0), (25.0,)], ids=["two", "one"])
def model(request, tmp_path_factory):
    """Run folder of a study at several temperatures, and at one, and how many those are."""
    folder = tmp_path_factory.mktemp("pairs")
    several = len(request.param) > 1
    rows(request.param, 0.0).to_csv(folder / "computed.csv", index=False)
    chosen = rows(request.param, 0.1).sample(frac=0.6 if several else 1.0, random_state=1)
    chosen.to_csv(folder / "measured.csv", index=False)
    text = (
        STUDY
        if several
        else STUDY.replace("[10, 20, 40]", "[5, 10, 20]").replace("[5, 20]", "[5, 10]")
    )
    (folder / "study.toml").write_text(text)
    run_without_laws(load_study(folder / "study.toml"), folder / "run")
    return folder / "run", several


def test_pairs_are_predicted(model, tmp_path):
    run, several = model
    new = rows([25.0], 0.0).iloc[::2]
    new["solute"] = new["solute"].str[::-1]  # as others draw it
    if not several:
        new = new.drop(columns="T")
    new.to_csv(tmp_path / "new.csv", index=False)
    predictor = Predictor.load(run)
    predict_file(predictor, tmp_path / "new.csv", tmp_path / "out.csv", tmp_path / "bad.csv")
    table = pd.read_csv(tmp_path / "out.csv")
    assert len(table) == len(new)
    assert table["known"].isin(["computed", "both"]).all()
    assert np.corrcoef(table["prediction"], new["v"])[0, 1] > 0.8
    assert table["distance"].max() < 1e-6
    assert set(table["unit"]) == {"kcal/mol"}


def test_temperatures_that_do_not_fit_are_named(model):
    run, several = model
    predictor = Predictor.load(run)
    _, reasons = predictor.predict_keys(["CCO in O", "CCO in O at 298.15 K", "CCO in O at 350 K"])
    if several:
        assert reasons == ["has no temperature, and the model was trained at several", None, None]
    else:
        assert reasons[:2] == [None, None]
        assert (
            "got a temperature of 350 K, but the model was trained on pairs at 298.15 K"
            in (reasons[2])
        )


@pytest.mark.parametrize("policy", ["exclude-group", "disjoint"])
def test_a_run_keeps_a_model_under_every_policy(tmp_path, policy):
    """The whole run, with its page, where groups or all measured materials are hidden."""
    rows((25.0, 60.0, 80.0), 0.0).to_csv(tmp_path / "computed.csv", index=False)
    rows((25.0,), 0.1).to_csv(tmp_path / "measured.csv", index=False)
    evaluation = (
        f'[evaluation]\nmetrics = ["rmse"]\nsplit = "group:solute"\noverlap = "{policy}"\n[grid]'
    )
    text = STUDY.replace("[grid]", evaluation).replace("[10, 20, 40]", "[10, 20]")
    (tmp_path / "study.toml").write_text(text.replace("[5, 20]", "[5, 10]"))
    study = load_study(tmp_path / "study.toml")
    run_study(study, tmp_path / "run", workers=1, show_progress=False)
    model = Predictor.load(tmp_path / "run")
    assert policy in model.manifest.calibrations
    assert (tmp_path / "run" / "report.html").exists()
