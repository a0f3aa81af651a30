"""A study as papers run it."""

from pathlib import Path

import pytest

from forescale.study import load_study
from forescale.workflow import as_published

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.parametrize(("asked", "run"), [(20, 100), (150, 150)])
def test_a_study_as_papers_run_it_has_a_hundred_trials_or_more(asked, run):
    study = load_study(EXAMPLES / "polymer-density.toml")
    wanted = as_published(study.model_copy(update={"replicates": asked}))
    assert wanted.replicates == run
    assert str(wanted.evaluation.metrics[0]) == "mae"
    assert str(wanted.evaluation.test) == "random"
    assert wanted.grid == study.grid
