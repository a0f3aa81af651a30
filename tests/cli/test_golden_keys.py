"""The keys that scripts rely on: they may be added to, never renamed."""

import json

import manifests
import numpy as np
import pandas as pd
import pytest

QUANTITY = {"estimate", "low", "high"}
LAW = {
    "n_target", "metric", "decay_rate", "scale", "transfer_gap", "r_squared", "flags", "backtest",
    "forecast",
}  # fmt: skip
ROW = {"learner", "n_source", "n_target", "metric", "mean", "std_error", "replicates"}
FORECAST = {"n_source", "median", "low", "high"}
ANSWER = {
    "median", "low", "high", "enough_with_90_percent", "at_least_with_90_percent",
    "probability_not_reachable",
}  # fmt: skip
LAW_PLAN = {
    "curve", "n_target", "metric", "n_last", "last_value", "flags", "sample_size",
    "attainable_limit", "next_doubling", "next_size_to_run", "verdict", "ahead",
}  # fmt: skip
JOINT_PLAN = {
    "metric", "n_source", "n_target", "error", "forms", "simulations_per_experiment",
    "simulations_for_doubled_experiments", "experiments_for_doubled_simulations", "contours",
}  # fmt: skip


def check_law(law):
    assert set(law) >= LAW
    for name in ("decay_rate", "scale", "transfer_gap"):
        assert set(law[name]) == QUANTITY
    assert all(set(row) == FORECAST for row in law["forecast"])
    assert law["level"] == 0.9


@pytest.fixture
def run(tmp_path):
    """Errors over three n, three m and two metrics, with half the capacity at the last n."""
    rng, rows = np.random.default_rng(0), []
    for r in range(4):
        for n in (0, 100, 200, 400, 800):
            for m in (0, 10, 20, 40):
                if n + m:
                    error = (2 * max(n, 10) ** -0.4 + 0.2) * (1 + m) ** -0.2
                    error *= np.exp(0.01 * rng.standard_normal())
                    rows.append((r, n, m, "rmse", error, False))
                if n == 800:
                    rows.append((r, n, m, "rmse", 1.3 * error, True))
    columns = ["replicate", "n_source", "n_target", "metric", "value", "half_capacity"]
    frame = pd.DataFrame(rows, columns=columns)
    for folder in ("errors", "predictions"):
        (tmp_path / folder).mkdir()
    for r, part in frame.groupby("replicate"):
        part.to_parquet(tmp_path / "errors" / f"part-{r:05d}.parquet")
        shown = pd.DataFrame(
            {"replicate": r, "row": [0, 1], "key": ["C", "CC"], "measured": [1.0, 2.0],
             "predicted": [1.1, 1.9],
             "std": np.nan, "scratch": [1.2, 1.7], "zero_shot": [1.3, 1.5]}
        )  # fmt: skip
        shown.to_parquet(tmp_path / "predictions" / f"part-{r:05d}.parquet")
    grid = {"n_target": [10, 20, 40]}
    metrics = {"metrics": ["rmse"]}
    study = {"replicates": 4, "grid": grid, "evaluation": metrics, "seed": 7}
    return manifests.write(tmp_path, metric_unit="K", study=study, noise_floor=0.02)


def test_run(forescale, study_file, tmp_path):
    text = study_file.read_text()
    text = text.replace("{ from = 20, count = 5 }", "[20, 40, 80, 160]").replace(
        "replicates = 4", "replicates = 2"
    )
    study_file.write_text(text)
    command = ("run", study_file, "--out", tmp_path / "run", "--workers", 1, "--no-model", "--json")
    code, out, _ = forescale(*command)
    answer = json.loads(out)
    assert code == 0
    assert set(answer) >= {"run", "summary", "laws"}
    assert all(set(row) == ROW for row in answer["summary"])
    for law in answer["laws"]:
        check_law(law)


def test_fit(forescale, tmp_path):
    pd.DataFrame({"n": [10, 20, 40, 80], "error": [4, 3, 2.4, 2.1]}).to_csv(tmp_path / "c.csv")
    code, out, _ = forescale("fit", tmp_path / "c.csv", "--at", "160,320", "--json")
    assert code == 0
    (law,) = json.loads(out)["curves"].values()
    check_law(law)
    assert [row["n_source"] for row in law["forecast"]] == [160, 320]


def test_plan_is_the_plan_of_the_folder(forescale, run):
    assert forescale("report", run)[0] == 0
    code, out, _ = forescale("plan", run, "--json")
    assert code == 0
    answer, kept = json.loads(out), json.loads((run / "plan.json").read_text())
    assert answer.pop("run") == str(run)
    assert answer == kept
    assert set(answer) >= {"metric_unit", "verdict", "laws", "joint"}
    for law in answer["laws"]:
        assert set(law) >= LAW_PLAN
        assert set(law["next_doubling"]) == ANSWER
        assert all(set(size) >= {"target_error", *ANSWER} for size in law["sample_size"])
    for law in answer["joint"]:
        assert set(law) >= JOINT_PLAN
    flags = {(law["metric"], law["n_target"]): law["flags"] for law in answer["laws"]}
    assert "capacity_limited" in flags["rmse", 40]
    told = {(law["metric"], law["n_target"]): law["flags"] for law in
            json.loads((run / "law.json").read_text())}  # fmt: skip
    assert flags == told


def test_plan_of_one_metric_and_m(forescale, run):
    code, out, err = forescale("plan", run, "--metric", "rmse", "--m", 20, "--json")
    assert code == 0
    assert [(a["metric"], a["n_target"]) for a in json.loads(out)["laws"]] == [("rmse", 20)]
    assert err.splitlines()[0].startswith("Verdict: ")
    code, _, err = forescale("plan", run, "--metric", "mse")
    assert code == 2
    assert "no law of mse" in err


def test_compare_tells_of_a_learner_that_limits(forescale, run, tmp_path):
    code, out, err = forescale("compare", run, run, "--json")
    assert code == 0
    assert all("capacity_limited" in flags for flags in json.loads(out)["flags"].values())
    assert "the learner, not the data, may make the limit" in err


@pytest.mark.parametrize(
    "words",
    [
        ("--budget", "nan"), ("--budget", "-1"), ("--batch", "-1"), ("--cost-target", "inf"),
        ("--seed", "-1"), ("--target-error", "nan"), ("--level", "1"), ("--matters", "0"),
        ("--m", "-1"),
    ],
)  # fmt: skip
def test_wrong_numbers_are_refused_in_one_line(forescale, run, words):
    code, out, err = forescale("plan", run, *words)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert words[0] in err


def test_the_figure_of_papers(forescale, run):
    code, out, err = forescale("report", run, "--published", "--json")
    assert code == 0
    assert str(run / "figures" / "published_rmse.png") in json.loads(out)["figures"]
    table = pd.read_csv(run / "figures" / "published_rmse.csv")
    assert set(table["n_target"]) == {0, 10, 20, 40}
    assert table["equation"].str.startswith("E(n) = ").all()
    assert np.allclose(table["fit (K)"], table["mean (K)"], rtol=0.05)
    scratch = table.loc[table["n_target"] == 10, "direct (K)"]
    assert scratch.notna().all()
    assert "published_rmse.pdf" in err
