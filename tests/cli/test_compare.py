"""``forescale compare`` on run folders."""

import json
import pathlib

import manifests
import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from forescale.cli.main import app
from forescale.errors import ConfigError

SIZES = 100 * 2.0 ** np.arange(8)


@pytest.fixture
def runs(tmp_path):
    for name, scale, gap in (("cheap", 3, 0.2), ("careful", 6, 0.1)):
        rows = [
            (r, int(n), m, "rmse", (scale * n**-0.5 + gap) * (1 + 0.002 * r))
            for r in range(4)
            for n in (0, *SIZES)
            for m in (0, 20)
            if n
        ]
        columns = ["replicate", "n_source", "n_target", "metric", "value"]
        manifests.write_errors(tmp_path / name, pd.DataFrame(rows, columns=columns))
        study = {"name": name, "source": [{"dataset": name}]}
        manifests.write(tmp_path / name, metric_unit="K", study=study)
    return [str(tmp_path / "cheap"), str(tmp_path / "careful")]


def test_best_source_depends_on_the_budget(runs):
    result = CliRunner().invoke(
        app, ["compare", *runs, "--budget", "200", "--budget", "50000", "--json"]
    )
    assert result.exit_code == 0, result.exception
    answer = json.loads(result.stdout)
    assert answer["n_target"] == 20
    best = [max(row["probability_best"], key=row["probability_best"].get)
            for row in answer["budgets"]]  # fmt: skip
    assert best == ["cheap", "careful"]
    assert "cross at" in result.stderr


def test_wrong_requests_are_refused(runs):
    run = CliRunner().invoke
    assert isinstance(run(app, ["compare", runs[0]]).exception, ConfigError)
    assert isinstance(run(app, ["compare", *runs, "--m", "7"]).exception, ConfigError)
    assert isinstance(run(app, ["compare", *runs, "--cost", "1"]).exception, ConfigError)


@pytest.fixture
def learners(tmp_path):
    """Two learners on one study: "steep" is better with much data, never from scratch."""
    for name, scale, gap, scratch in (("flat", 1.0, 0.30, 0.5), ("steep", 4.0, 0.20, 0.6)):
        noise = np.random.default_rng(0).normal(1, 0.1, 6)
        rows = [
            (r, int(n), m, "rmse", noise[r] * (scale * n**-0.5 + gap if n else scratch))
            for r in range(6)
            for n in (0, *SIZES)
            for m in (0, 20)
            if n + m
        ]
        if name == "steep":
            rows = [row if row[:3] != (3, 100, 20) else (*row[:4], np.nan) for row in rows]
        columns = ["replicate", "n_source", "n_target", "metric", "value"]
        manifests.write_errors(tmp_path / name, pd.DataFrame(rows, columns=columns))
        study = {"name": name, "learner": {"name": name}, "replicates": 6}
        manifests.write(tmp_path / name, metric_unit="K", study=study)
    return [str(tmp_path / "flat"), str(tmp_path / "steep")]


def test_learners_on_one_study_are_paired(learners):
    result = CliRunner().invoke(app, ["compare", *learners, "--json"])
    assert result.exit_code == 0, result.exception
    answers = {a["n_target"]: a for a in json.loads(result.stdout)["learners"]}
    assert set(answers) == {0, 20}
    cells = {cell["n_source"]: cell for cell in answers[20]["cells"]}
    assert cells[0]["probability_best"] == {"flat": 1.0, "steep": 0.0}
    assert cells[100]["probability_best"]["flat"] == 1.0
    assert cells[12800]["probability_best"]["steep"] == 1.0
    noise = np.random.default_rng(0).normal(1, 0.1, 6)
    kept = np.delete(noise, 3).mean()  # one failed there: it counts for neither
    assert cells[100]["error"] == pytest.approx({"flat": 0.4 * kept, "steep": 0.6 * kept})
    assert answers[20]["ahead"]["n_source"] == 128000
    assert answers[20]["ahead"]["probability_best"]["steep"] > 0.9
    assert "zero-shot, 6 replicates paired" in result.stderr
    assert "n = 128\u202f000  flat 0." in result.stderr


def test_runs_of_different_studies_are_not_taken_for_learners(learners, runs):
    manifest = json.loads((pathlib.Path(learners[0]) / "manifest.json").read_text())
    manifest["study"]["seed"] = 1
    (pathlib.Path(learners[0]) / "manifest.json").write_text(json.dumps(manifest))
    for pair in (learners, runs):
        result = CliRunner().invoke(app, ["compare", *pair, "--json"])
        assert result.exit_code == 0, result.exception
        assert "learners" not in json.loads(result.stdout)


def test_a_page_and_a_figure_show_the_laws_on_one_axis(runs, tmp_path):
    page, figure = tmp_path / "both.html", tmp_path / "both.svg"
    result = CliRunner().invoke(
        app, ["compare", *runs, "--cost", "1", "--cost", "2", "--page", str(page),
              "--figure", str(figure)]
    )  # fmt: skip
    assert result.exit_code == 0, result.exception
    text = page.read_text()
    assert "Cheap and Careful compared" in text
    assert "careful" in text
    assert figure.read_text().lstrip().startswith("<?xml")
