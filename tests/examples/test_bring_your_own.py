"""The worked examples of learners and embeddings people bring run as their pages say."""

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from forescale.learners import get_learner
from forescale.learners.testing import LearnerSuite
from forescale.study import RunFolder

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
SMALLER = {
    "replicates = 5": "replicates = 2",
    "sample = 3000": "sample = 300",
    "sample = 1000": "sample = 150",
    "to = 2000, count = 8": "to = 200, count = 4",
    "trees = 300": "trees = 10",
}


class TestGradientBoosting(LearnerSuite):
    rtol = 0.1  # rounding decides between splits that are equally good

    @pytest.fixture
    def learner(self, monkeypatch):
        monkeypatch.syspath_prepend(EXAMPLES / "learners")
        return get_learner(
            "gradient_boosting:GradientBoosting", {"trees": 30, "fine_tune_trees": 15}
        )


def run(study, folder, **environment):
    """Run an example, smaller, in a process of its own."""
    text = study.read_text()
    for old, new in SMALLER.items():
        text = text.replace(old, new)
    (folder / study.name).write_text(text)
    command = "from forescale.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", command, "run", study.name, "--out", "run", "--workers", "2"],
        cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (folder / "run" / "report.html").is_file()
    return RunFolder(folder / "run")


@pytest.mark.slow
def test_a_learner_of_ones_own_follows_a_law(tmp_path):
    study = EXAMPLES / "learners" / "gradient-boosting.toml"
    finished = run(study, tmp_path, PYTHONPATH=str(EXAMPLES / "learners"))
    assert len(finished.lost_cells()) == 0
    errors = finished.errors()
    rmse = errors[errors["metric"] == "rmse"].groupby(["n_source", "n_target"])["value"].mean()
    assert rmse[200, 80] < rmse[30, 0]


@pytest.mark.slow
def test_a_table_of_embeddings_is_a_descriptor(tmp_path):
    script = EXAMPLES / "embeddings" / "make_embeddings.py"
    table = tmp_path / "embeddings.parquet"
    subprocess.run([sys.executable, script, table], check=True, capture_output=True)
    assert pd.read_parquet(table).shape[1] == 43
    finished = run(EXAMPLES / "embeddings" / "embeddings.toml", tmp_path)
    assert finished.manifest.descriptor.startswith("table sha256 ")
    assert finished.manifest.features == 42


@pytest.mark.parametrize(
    "shown", ["learners/gradient_boosting.py", "embeddings/make_embeddings.py"]
)
def test_the_page_shows_them_whole(shown):
    page = (ROOT / "docs" / "bring-your-own.md").read_text(encoding="utf-8")
    assert (EXAMPLES / shown).read_text(encoding="utf-8") in page
