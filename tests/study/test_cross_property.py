"""A computed property other than the measured one, in another unit, as source."""

import numpy as np
import pandas as pd
import pytest

from forescale.errors import ConfigError
from forescale.study import RunFolder, load_data, run_replicates
from forescale.workflow import run_study


@pytest.fixture
def study(edited, study_file):
    """The computed values turned round and in units that have nothing to do with the target's."""
    table = pd.read_csv(study_file.parent / "computed.csv")
    table["tb"] = 5_000.0 - 37.0 * table["tb"]
    table.to_csv(study_file.parent / "computed.csv", index=False)
    return edited({"source.0.cross_property": True, "source.0.unit": "J/mol"})


def errors_of(study, folder):
    data = load_data(study, show_progress=False)
    run = RunFolder.open(folder, study, data)
    run_replicates(study, data, run, show_progress=False)
    return run.errors()


def test_another_property_helps_whatever_its_sign_and_unit(study, tmp_path):
    errors = errors_of(study, tmp_path / "run")
    mean = errors[errors["metric"] == "rmse"].groupby(["n_source", "n_target"])["value"].mean()
    last = errors["n_source"].max()
    assert mean[last, 20] < 0.8 * mean[0, 20]
    assert 0 not in errors["n_target"].unique(), "no zero-shot of another property"


def test_its_unit_does_not_matter(study, edited, study_file, tmp_path):
    before = errors_of(study, tmp_path / "before")
    table = pd.read_csv(study_file.parent / "computed.csv")
    table["tb"] = 1e-3 * table["tb"] - 4.0
    table.to_csv(study_file.parent / "computed.csv", index=False)
    after = errors_of(edited({"source.0.unit": "eV"}), tmp_path / "after")
    np.testing.assert_allclose(after["value"], before["value"], rtol=1e-5)


def test_a_whole_run_has_laws_and_a_page(study, tmp_path):
    finished = run_study(study, tmp_path / "run", show_progress=False)
    assert {law.n_target for law in finished.laws.laws} == {5, 20, 40, 80}
    assert (tmp_path / "run" / "report.html").is_file()
    assert finished.folder.predictions()["zero_shot"].isna().all()


def test_without_the_switch_the_unit_is_refused_and_the_switch_named(study_file, edited):
    other = edited({"source.0.unit": "J/mol"})
    with pytest.raises(ConfigError, match=r"source\[0\].unit: .*cross_property = true"):
        load_data(other, show_progress=False)


def test_the_switch_is_for_all_sources_and_no_target(edited):
    first = edited({}).to_plain()["source"][0]
    with pytest.raises(ConfigError, match=r"target.cross_property: is for sources"):
        edited({"target.cross_property": True})
    both = [first, {**first, "cross_property": True}]
    with pytest.raises(ConfigError, match="cross_property in some and not in others"):
        edited({"target.cross_property": False, "merge": True, "source": both})
