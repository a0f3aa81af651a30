"""The study files that users start from are valid, and the pairs' ones learn."""

from pathlib import Path

import pytest

from forescale.catalog import entry_names, get_entry
from forescale.descriptors import get_descriptor
from forescale.learners import get_learner
from forescale.study import load_data, load_study, run_replicates
from forescale.study.folder import RunFolder

STUDIES = sorted((Path(__file__).parents[2] / "examples").glob("*.toml"))


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_a_study_file_is_valid(path):
    study = load_study(path)
    assert study.name == path.stem
    get_learner(study.learner.name, study.learner.options)
    for table in (*study.source, study.target):
        assert table.dataset in entry_names()
        kind = get_entry(table.dataset).material_kind
        get_descriptor(study.descriptor.name, "molecule" if kind == "pair" else kind)


@pytest.mark.mirror
def test_computed_chi_helps_where_measured_pairs_are_few(tmp_path):
    study = load_study(STUDIES[[path.stem for path in STUDIES].index("chi")])
    grid = study.grid.model_copy(update={"n_source": (100, 900), "n_target": (60,)})
    study = study.model_copy(update={"replicates": 3, "grid": grid})
    data = load_data(study, show_progress=False)
    folder = RunFolder.open(tmp_path / "run", study, data)
    run_replicates(study, data, folder, workers=1, show_progress=False)
    errors = folder.errors().query("metric == 'rmse' and n_target == 60")
    mean = errors.groupby("n_source")["value"].mean()
    assert mean[900] < 0.9 * mean[0]
