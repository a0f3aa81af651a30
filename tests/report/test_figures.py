"""Figures for papers, and the numbers beside them."""

import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from forescale.report.figures import parity


def test_numbers_beside_the_figures(finished):
    figures = finished[0] / "figures"
    curves = pd.read_csv(figures / "learning_curves_rmse.csv")
    row = curves.query("n_source == 300 and n_target == 40").iloc[0]
    mean = (1.5 * 300**-0.4 + 0.2) * (1 + 40**-0.5)
    assert row["mean (g/cm^3)"] == pytest.approx(mean)
    assert row["replicates_high (g/cm^3)"] == pytest.approx(mean * (1 + 0.02 * 1.35))
    std = 0.02 * mean * np.std([-1.5, -0.5, 0.5, 1.5], ddof=1)
    assert row["mean_high (g/cm^3)"] == pytest.approx(mean + 2.3534 * std / 2, rel=1e-4)
    heat = pd.read_csv(figures / "heatmap_rmse.csv").set_index("n_source")
    assert heat.loc[300, "m=40 (g/cm^3)"] == pytest.approx(mean)
    assert np.isnan(heat.loc[0, "m=0 (g/cm^3)"])
    r2 = pd.read_csv(figures / "learning_curves_r2.csv")
    assert "mean" in r2


def test_json_beside_the_figures_equals_the_csv(finished):
    figures = finished[0] / "figures"
    records = json.loads((figures / "law_rmse.json").read_text())
    table = pd.read_csv(figures / "law_rmse.csv")
    assert len(records) == len(table)
    assert records[5]["law_median (g/cm^3)"] == pytest.approx(table["law_median (g/cm^3)"][5])
    assert any(record["mean (g/cm^3)"] is None for record in records)


def test_law_table(finished):
    path, _, laws, plan = finished
    table = pd.read_csv(path / "law.csv", keep_default_na=False)
    assert len(table) == len(laws) == 6
    for law, row in zip(laws, table.to_dict("records"), strict=True):
        assert (row["metric"], row["n_target"]) == (law.metric, law.n_target)
        assert row["transfer_gap (g/cm^3)"] == pytest.approx(law.transfer_gap.estimate)
        assert row["decay_rate_high"] == pytest.approx(law.decay_rate.high)
    scratch = table.query("metric == 'mae' and n_target == 10")["scratch (g/cm^3)"].iloc[0]
    assert float(scratch) == pytest.approx(0.7 * 0.9 * (1 + 10**-0.5))
    doubling = [answers.next_doubling.median for answers in plan.laws]
    assert table["next_doubling (g/cm^3)"].tolist() == pytest.approx(doubling)


def test_images_are_for_print(finished):
    figures = finished[0] / "figures"
    with Image.open(figures / "learning_curves_rmse.png") as image:
        assert round(image.info["dpi"][0]) == 300
        assert image.width == round(3.4 * 300)
    names = {path.stem for path in figures.glob("*.png")}
    assert {"law_rmse", "law_mae", "heatmap_mae", "parity", "learning_curves_r2"} <= names


def test_parity_scores():
    table = pd.DataFrame(
        {
            "replicate": [0, 0, 1, 1],
            "row": [0, 1, 0, 2],
            "measured": [1.0, 2.0, 1.0, 3.0],
            "predicted": [1.1, 2.1, 1.3, 2.7],
            "std": [0.1, 0.1, 0.1, 0.1],
            "scratch": [1.5, 1.5, 2.0, 2.0],
        }
    )
    scores = parity.scores(table)
    assert scores.loc["predicted", "rmse"] == pytest.approx(0.2)
    assert scores.loc["predicted", "mae"] == pytest.approx(0.2)
    assert scores.loc["predicted", "r2"] == pytest.approx((0.96 + 0.91) / 2)
    assert scores.loc["predicted", "coverage"] == 0.5
    assert scores.loc["scratch", "r2"] == pytest.approx(0.0)
    assert np.isnan(scores.loc["scratch", "coverage"])


def test_parity_thins_only_what_is_drawn():
    values = np.linspace(0, 1, 5000)
    table = pd.DataFrame({"measured": values, "predicted": values, "scratch": values})
    assert len(parity.shown(table)) == parity.SHOWN
    assert parity.shown(table).equals(parity.shown(table))


def test_lines_off_the_chart_are_left_out(finished, read_charts):
    # the noise floor, 0.05, lies far below every error of this run
    names = [t.get("name") for t in read_charts(finished[1])["law/rmse/40"]["data"]]
    assert "Scratch" in names
    assert "Noise floor" not in names
