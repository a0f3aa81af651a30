"""``forescale fit`` and ``forescale plan`` from files."""

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from forescale.cli.main import app
from forescale.errors import ConfigError, DataError, RunFolderError

SIZES = 100 * 2.0 ** np.arange(6)


@pytest.fixture
def table(tmp_path):
    frame = pd.DataFrame({"id": "a", "n": SIZES, "error": 3 * SIZES**-0.5 + 0.2})
    path = tmp_path / "curves.csv"
    frame.to_csv(path, index=False)
    return path


def test_json_on_stdout_and_text_on_stderr(table):
    result = CliRunner().invoke(
        app, ["fit", str(table), "--curve", "id", "--at", "6400,1e4", "--json"]
    )
    assert result.exit_code == 0
    law = json.loads(result.stdout)["curves"]["a"]
    assert [f["n_source"] for f in law["forecast"]] == [6400, 10000]
    assert set(law["decay_rate"]) == {"estimate", "low", "high"}
    assert "transfer gap C" in result.stderr


def test_parquet_is_read(table, tmp_path):
    path = tmp_path / "curves.parquet"
    pd.read_csv(table).to_parquet(path)
    result = CliRunner().invoke(app, ["fit", str(path)])
    assert result.exit_code == 0
    assert "transfer gap C" in result.stdout


def test_wrong_requests_are_refused(table, tmp_path):
    run = CliRunner().invoke
    assert isinstance(run(app, ["fit", str(tmp_path / "none.csv")]).exception, DataError)
    assert isinstance(run(app, ["fit", str(table), "--n", "size"]).exception, DataError)
    assert isinstance(run(app, ["fit", str(table), "--at", "x"]).exception, ConfigError)
    assert isinstance(run(app, ["plan", str(tmp_path)]).exception, RunFolderError)


def test_plan_reads_a_run_folder(tmp_path):
    rows = [
        (r, int(n), 20, "rmse", 0.5 * n**-0.3 + 0.1 + 0.001 * r) for r in range(4) for n in SIZES
    ]
    frame = pd.DataFrame(rows, columns=["replicate", "n_source", "n_target", "metric", "value"])
    (tmp_path / "errors").mkdir()
    frame.to_parquet(tmp_path / "errors" / "part-00000.parquet")
    (tmp_path / "manifest.json").write_text('{"metric_unit": "K", "noise_floor": null}')
    result = CliRunner().invoke(app, ["plan", str(tmp_path), "--target-error", "0.11", "--json"])
    assert result.exit_code == 0, result.exception
    answer = json.loads(result.stdout)
    assert answer["metric_unit"] == "K"
    assert answer["laws"][0]["sample_size"][0]["target_error"] == 0.11


def test_a_table_with_m_also_answers_with_the_joint_law(tmp_path):
    n, m = (g.ravel() for g in np.meshgrid(SIZES, [10, 20, 40, 80]))
    error = (3 * n**-0.5 + 0.2) * m**-0.3
    pd.DataFrame({"n": n, "error": error, "m": m}).to_csv(tmp_path / "grid.csv", index=False)
    result = CliRunner().invoke(app, ["fit", str(tmp_path / "grid.csv"), "--m", "m", "--json"])
    assert result.exit_code == 0, result.exception
    answer = json.loads(result.stdout)
    assert [law["n_target"] for law in answer["curves"].values()] == [10, 20, 40, 80]
    assert sum(answer["joint"]["curve"]["forms"].values()) == pytest.approx(1)
