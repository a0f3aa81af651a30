"""A run folder grows: more replicates, other sizes; what is there stays as it is."""

import pandas as pd
import pytest

from forescale.errors import RunFolderError
from forescale.study import Design, RunFolder, load_data, load_study, run_replicates

CELL = ["replicate", "n_source", "n_target", "metric"]


@pytest.fixture
def run(write_study, tmp_path):
    """Run the small study with other keys; gives its folder."""

    def run(out="run", replicates=2, **changes):
        grid = {"grid.n_source": [20, 40, 80]}
        study = load_study(write_study(tmp_path / "study", replicates, **grid | changes))
        data = load_data(study, show_progress=False)
        design = Design.of(study, data, RunFolder(tmp_path / out).grid_of(study))
        folder = RunFolder.open(tmp_path / out, study, data, design)
        run_replicates(study, data, folder, design=design, show_progress=False)
        return folder

    return run


def values(folder):
    return folder.errors().set_index(CELL)["value"].sort_index()


def test_more_replicates_add_parts(run):
    two = values(run())
    folder = run(replicates=3)
    pd.testing.assert_series_equal(values(folder).loc[:1], two)
    assert set(folder.errors()["replicate"]) == {0, 1, 2}
    pd.testing.assert_series_equal(values(folder), values(run("fresh", replicates=3)))
    assert folder.manifest.study.replicates == 3


def test_other_sizes_add_cells(run):
    few = values(run())
    more = {"grid.n_source": [20, 60, 80, 120], "grid.n_target": [5, 10, 20, 40]}
    folder, fresh = run(**more), run("fresh", **more)
    grown = values(folder)
    pd.testing.assert_series_equal(grown.loc[few.index], few)
    expected = values(fresh)
    assert set(expected.index) < set(grown.index)
    pd.testing.assert_series_equal(grown.loc[expected.index], expected, rtol=1e-9)
    pd.testing.assert_frame_equal(folder.predictions(), fresh.predictions())
    half = folder.half_capacity_errors()
    assert set(half["n_source"]) <= {120}


def test_a_size_between_others_leaves_the_corner(run):
    before = run().predictions()
    folder = run(**{"grid.n_source": [20, 30, 40, 80]})
    pd.testing.assert_frame_equal(folder.predictions(), before)
    assert {n for _, n, *_ in values(folder).index} == {0, 20, 30, 40, 80}


def test_what_changes_the_meaning_is_refused(run):
    run()
    with pytest.raises(RunFolderError, match=r"study\.seed: the folder has 0, asked for 3"):
        run(seed=3)


def test_a_size_that_few_replicates_have_is_no_size_of_the_run(run):
    """The end of a range is the smallest source's, which further replicates may lower by one."""
    folder = run(replicates=3)
    before = values(folder)
    part = folder.path / "errors" / "part-00000.parquet"
    cells = pd.read_parquet(part)
    old = cells[cells["n_source"] == 80].assign(n_source=81)
    pd.concat([cells, old]).to_parquet(part)
    pd.testing.assert_series_equal(values(folder), before)
