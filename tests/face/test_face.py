"""What a user types in a notebook gives what the command line gives."""

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import forescale as fs
from forescale.errors import ConfigError, DataError, RunFolderError


@pytest.fixture(scope="module")
def frames():
    """Two data frames: computed values of alkanes and their derivatives, measured ones of some."""
    ends = {"": 0.0, "O": 120.0, "Cl": 60.0, "N": 70.0}
    rows = [
        ("C" * n + "C(C)" * b + end, 100 + 28 * n + extra - 6 * b)
        for n in range(1, 12)
        for b in range(2)
        for end, extra in ends.items()
    ]
    computed = pd.DataFrame(rows, columns=["smiles", "t"])
    measured = computed.iloc[::2].assign(t=lambda frame: 1.1 * frame["t"] - 273.15)
    return computed, measured.rename(columns={"t": "t_exp"})


def study_of(frames, **settings):
    options = {
        "replicates": 3,
        "grid": {"n_source": [10, 20, 40], "n_target": [5, 15]},
        "descriptor": "morgan",
        "learner": {"name": "gp", "lengths": [1.0], "noises": [0.01]},
    }
    return fs.Study.of(
        computed=frames[0],
        measured=frames[1],
        kind="molecule",
        material="smiles",
        value=("t", "t_exp"),
        unit=("K", "degC"),
        name="boiling points",
        **options | settings,
    )


@pytest.fixture(scope="module")
def run(frames, tmp_path_factory):
    """A finished run of two frames."""
    folder = tmp_path_factory.mktemp("face") / "run"
    return fs.run(study_of(frames), str(folder), show_progress=False)


def test_importing_loads_nothing_else():
    code = (
        "import sys, forescale; print([m for m in sys.modules if m.startswith(('numpy', 'pan'))])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_every_public_name_is_there():
    for name in fs.__all__:
        assert getattr(fs, name) is not None
    assert set(fs.__all__) <= set(dir(fs))
    with pytest.raises(AttributeError, match="no attribute 'ruin'"):
        _ = fs.ruin


def test_two_frames_become_errors_laws_and_a_plan(run):
    assert run.unit == "degC"
    assert set(run.errors["n_source"]) == {0, 10, 20, 40}
    assert {law.n_target for law in run.laws} >= {0, 5, 15}
    assert run.law().metric == "rmse"
    written = json.loads((run.path / "law.json").read_text())
    assert [law.to_json() for law in run.laws] == written
    assert run.plan().to_json() == json.loads((run.path / "plan.json").read_text())
    assert run.report.is_file()
    with pytest.raises(DataError, match="m = 7"):
        run.law(m=7)


def test_the_folder_alone_is_enough(run, forescale):
    again = fs.open_run(str(run.path))
    pd.testing.assert_frame_equal(again.errors, run.errors)
    assert again.plan().to_json() == run.plan().to_json()
    code, out, _ = forescale("run", run.path / "study.toml", "--out", run.path, "--json")
    assert code == 0
    assert json.loads(out)["laws"] == [law.to_json() for law in run.laws]


def test_a_folder_that_is_no_run_is_refused(tmp_path):
    with pytest.raises(RunFolderError, match="not a readable run folder"):
        fs.open_run(tmp_path)


def test_any_way_to_write_a_material_is_the_same_material(run, forescale, tmp_path):
    strings = ["CCCCCO", "OCCCCC", "C(CCCC)O"]
    found = run.predictor().predict(strings)
    assert found["key"].nunique() == 1
    assert found["prediction"].nunique() == 1
    (tmp_path / "new.csv").write_text("smiles\n" + "\n".join(strings))
    out = tmp_path / "out.csv"
    code, *_ = forescale("predict", run.path, tmp_path / "new.csv", "--out", out)
    assert code == 0
    np.testing.assert_allclose(pd.read_csv(out)["prediction"], found["prediction"], rtol=1e-6)


def test_bad_rows_keep_their_place_and_say_why(run):
    frame = pd.DataFrame({"smiles": ["CCO", "not a molecule", "CCCC"]}, index=["a", "b", "c"])
    found = run.predictor().predict(frame)
    assert list(found.index) == ["a", "b", "c"]
    assert found["prediction"].notna().tolist() == [True, False, True]
    assert "not a molecule" in found.loc["b", "reason"]


def test_figures_come_in_both_kinds(run):
    for drawn in (run.plot_law(), run.plot_learning_curves(), run.plot_grid(), run.plot_parity()):
        assert drawn._repr_png_().startswith(b"\x89PNG")
    law = run.plotly_law(m=15)
    points = next(trace for trace in law.data if trace.name == "Mean error")
    assert list(points.x) == [10, 20, 40]
    assert run.plotly_learning_curves().data
    assert run.law().plot()._repr_png_().startswith(b"\x89PNG")
    assert list(run.law().plotly().data[-1].x) == [10, 20, 40]


def test_things_show_themselves(run):
    assert "Boiling points" in run._repr_html_()
    assert "Decay rate" in run.law()._repr_html_()
    assert len(repr(run.law())) < 300
    assert repr(run) == f"Run({str(run.path)!r})"


def test_a_frame_without_its_columns_is_refused(frames):
    with pytest.raises(ConfigError, match=r"computed table has the columns smiles, t; .*also x"):
        fs.Study.of(
            computed=frames[0], measured=frames[1], kind="molecule", material="smiles",
            value=("x", "t_exp"), unit="K",
        )  # fmt: skip
    with pytest.raises(ConfigError, match="computed table needs kind, material, value, unit"):
        fs.Study.of(computed=frames[0], measured=frames[1])
    with pytest.raises(ConfigError, match=r"replicate: got 3; there is no such key"):
        study_of(frames, replicate=3)


def test_bad_rows_of_a_frame_are_named(frames):
    wrong = frames[0].assign(smiles=frames[0]["smiles"].where(frames[0].index != 3, "C(("))
    with pytest.raises(DataError, match=r"(?s)computed table: .*row 4"):
        study_of((wrong, frames[1]))
    skipped = study_of((wrong, frames[1]), on_error="skip")
    assert len(skipped.source[0].table.rejected) == 1


def test_groups_of_a_frame_are_kept(frames):
    labelled = frames[1].assign(lab=[f"lab{row % 9}" for row in range(len(frames[1]))])
    study = study_of((frames[0], labelled), evaluation={"split": "group:lab"})
    assert "lab" in study.target.table.frame
    with pytest.raises(ConfigError, match="expected also lab"):
        study_of(frames, evaluation={"split": "group:lab"})


def test_datasets_files_and_tables_are_sources_too(frames, tmp_path):
    frames[0].to_csv(tmp_path / "a.csv", index=False)
    common = {"kind": "molecule", "material": "smiles", "value": "t", "unit": "K"}
    table = fs.read_table(tmp_path / "a.csv", values="computed", **common)
    study = fs.Study.of(
        computed=[str(tmp_path / "a.csv"), table, frames[0]],
        measured="boiling-point-measured",
        **common,
    )
    assert [type(source).__name__ for source in study.source] == [
        "RawTable",
        "HeldTable",
        "HeldTable",
    ]
    assert study.target.dataset == "boiling-point-measured"
    files = [source.file.name for source in study.source]
    assert len(set(files)) == 3
