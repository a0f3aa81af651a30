"""``forescale compare`` on run folders."""

import json

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
        folder = tmp_path / name / "errors"
        folder.mkdir(parents=True)
        pd.DataFrame(rows, columns=columns).to_parquet(folder / "part-00000.parquet")
        manifest = {"name": name, "metric_unit": "K", "noise_floor": None}
        (tmp_path / name / "manifest.json").write_text(json.dumps(manifest))
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
