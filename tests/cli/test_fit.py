"""``forescale fit`` and ``forescale plan`` from files."""

import json

import manifests
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


@pytest.mark.parametrize(
    "option", ["--page=table.csv", "--page=table.html", "--figure=table.png", "--figure=laws.doc"]
)
def test_the_table_is_never_written_over(table, tmp_path, monkeypatch, option):
    monkeypatch.chdir(tmp_path)
    name = option.partition("=")[2]
    if name != "laws.doc":  # whatever it is called, it is the table
        table = table.rename(tmp_path / name)
    before = table.read_bytes()
    result = CliRunner().invoke(app, ["fit", str(table), *option.split("=")])
    assert isinstance(result.exception, (ConfigError, DataError))
    assert table.read_bytes() == before


def test_bad_entries_are_told_in_one_line(tmp_path):
    rows = "".join(f"{n},0.5,x\n" for n in range(10, 40)) + "9" * 400 + ",0.4,1\n"
    (tmp_path / "c.csv").write_text("n,error,m\n" + rows)
    result = CliRunner().invoke(app, ["fit", str(tmp_path / "c.csv"), "--m", "m"])
    told = str(result.exception)
    assert "rows 1, 2, 3 and 27 more: got 'x' in column 'm'" in told
    assert "row 31: got '999" in told
    assert "\n" not in told
    assert len(told) < 500


def test_plan_reads_a_run_folder(tmp_path):
    rows = [
        (r, int(n), 20, "rmse", 0.5 * n**-0.3 + 0.1 + 0.001 * r) for r in range(4) for n in SIZES
    ]
    frame = pd.DataFrame(rows, columns=["replicate", "n_source", "n_target", "metric", "value"])
    manifests.write_errors(tmp_path, frame)
    manifests.write(tmp_path, metric_unit="K")
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


def test_the_published_way_beside_ours_with_figure_page_and_plan(tmp_path):
    rows = [(r, n, (3 * n**-0.5 + 0.2) * (1 + 0.01 * r)) for r in range(5) for n in SIZES]
    pd.DataFrame(rows, columns=["trial", "n", "error"]).to_csv(tmp_path / "c.csv", index=False)
    figure, page = tmp_path / "laws.pdf", tmp_path / "laws.html"
    words = ["fit", tmp_path / "c.csv", "--replicate", "trial", "--published", "--target-error",
             "0.22", "--unit", "eV", "--figure", figure, "--page", page, "--json"]  # fmt: skip
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == 0, result.exception
    answer = json.loads(result.stdout)
    law = answer["published"]["curve"]
    assert law["equation"].startswith("E(n) = 3.06")
    assert law["transfer_gap"]["low"] < 0.204 < law["transfer_gap"]["high"]
    assert answer["plan"]["laws"][0]["sample_size"][0]["target_error"] == 0.22
    assert "bootstrap over 5 trials" in result.stderr
    assert "verdict" in result.stderr
    assert figure.read_bytes().startswith(b"%PDF")
    text = page.read_text(encoding="utf-8")
    assert "data:image/png;base64" in text
    assert "Verdict: " in text
    wrong = CliRunner().invoke(app, ["fit", str(tmp_path / "c.csv"), "--replicate", "trial",
                                     "--figure", str(tmp_path / "laws.doc")])  # fmt: skip
    assert isinstance(wrong.exception, ConfigError)
