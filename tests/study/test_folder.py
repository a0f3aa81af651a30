"""The run folder: refuses what is not its own, recomputes what is damaged, loses nothing."""

import json
import shutil
from functools import partial

import pandas as pd
import pytest
from bare_runs import run_without_laws

from forescale.errors import ConfigError, DataError, RunFolderError
from forescale.study import RunFolder, load_study
from forescale.study.runner import _Shared
from forescale.workflow import run_study


def run(study_file, path, *, laws=False, **options):
    """Run a study; without laws, unless a test asks for them."""
    whole = partial(run_study, show_progress=False) if laws else run_without_laws
    return whole(load_study(study_file), path, **options)


@pytest.fixture(scope="module")
def finished(write_study, tmp_path_factory):
    """A finished small study: its file and its run folder."""
    study_file = write_study(tmp_path_factory.mktemp("finished"), replicates=3)
    run(study_file, study_file.parent / "run", laws=True)
    return study_file


@pytest.fixture
def copied(finished, tmp_path):
    """A copy of the finished run that a test may harm, and the study file it is of."""
    shutil.copytree(finished.parent / "run", tmp_path / "run")
    return finished, tmp_path / "run"


@pytest.fixture
def computed_replicates(monkeypatch):
    """Numbers of the replicates computed in this process from now on."""
    numbers = []
    whole = _Shared.run

    def counted(self, replicate, *rest):
        numbers.append(replicate)
        return whole(self, replicate, *rest)

    monkeypatch.setattr(_Shared, "run", counted)
    return numbers


def same_numbers(left, right):
    pd.testing.assert_frame_equal(
        RunFolder(left).errors(), RunFolder(right).errors(), check_exact=True
    )
    pd.testing.assert_frame_equal(
        RunFolder(left).predictions(), RunFolder(right).predictions(), check_exact=True
    )


def test_a_run_folder_holds_a_whole_study(finished):
    path = finished.parent / "run"
    errors = RunFolder(path).errors()
    assert list(errors.columns) == ["replicate", "n_source", "n_target", "metric", "value"]
    assert errors.groupby(["replicate", "metric"]).size().eq(6 * 5 - 1).all()
    assert set(errors["replicate"]) == {0, 1, 2}
    predictions = RunFolder(path).predictions()
    assert set(predictions["key"]) <= set(pd.read_csv(finished.parent / "measured.csv")["smiles"])
    manifest = RunFolder(path).manifest
    assert manifest.tables.source.unit == manifest.metric_unit == "degC"
    assert manifest.study.evaluation.overlap == "exclude"
    for name in ("law.json", "plan.json"):
        json.loads((path / name).read_text())
    assert len(pd.read_csv(path / "summary.csv")) == 6 * 5 - 1
    assert not [p for p in path.rglob(".*") if p.name != ".lock"]


def test_a_finished_run_computes_nothing_again(copied, computed_replicates):
    study_file, path = copied
    before = {part: part.read_bytes() for part in path.rglob("*.parquet")}
    run(study_file, path)
    assert computed_replicates == []
    assert before == {part: part.read_bytes() for part in path.rglob("*.parquet")}


@pytest.mark.parametrize("kind", ["errors", "predictions"])
@pytest.mark.parametrize(
    "harm",
    [
        lambda part: part.write_bytes(part.read_bytes()[:-30]),
        lambda part: part.write_bytes(b""),
        lambda part: part.unlink(),
        lambda part: shutil.copy(part.with_name("part-00000.parquet"), part),
        lambda part: pd.DataFrame({"a": [1]}).to_parquet(part),
    ],
    ids=["truncated", "empty", "deleted", "of-another-replicate", "of-something-else"],
)
def test_a_damaged_part_is_computed_again(copied, computed_replicates, capfd, kind, harm):
    study_file, path = copied
    part = path / kind / "part-00001.parquet"
    harm(part)
    harmed_part_exists = part.exists()
    run(study_file, path)
    assert computed_replicates == [1]
    same_numbers(path, study_file.parent / "run")
    deleted = kind == "errors" and not harmed_part_exists
    assert ("damaged, computed again" in capfd.readouterr().err) == (not deleted)


def test_foreign_files_among_the_parts_are_left_alone(copied, computed_replicates):
    study_file, path = copied
    for name in ("part-00001 (copy).parquet", ".part-00001.parquet.99.tmp", "part-x.parquet"):
        shutil.copy(path / "errors" / "part-00001.parquet", path / "errors" / name)
    run(study_file, path)
    assert computed_replicates == []
    same_numbers(path, study_file.parent / "run")


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('name = "tiny"', 'name = "tiny"\nseed = 5', "study.seed: the folder has 0, asked for 5"),
        ("[evaluation]", "[evaluation]\ntest_fraction = 0.3", "study.evaluation.test_fraction"),
        ('"morgan"', '"rdkit2d"', "study.descriptor.name: the folder has 'morgan'"),
        ("[evaluation]", '[evaluation]\noverlap = "allow"', "study.evaluation.overlap: "),
        ("noises = [0.003", "noises = [0.004", "study.learner.noises: "),
    ],
)
def test_the_run_of_another_study_is_refused(copied, old, new, key):
    study_file, path = copied
    text = study_file.read_text()
    assert old in text
    other = study_file.with_name("other.toml")
    other.write_text(text.replace(old, new))
    before = {part: part.read_bytes() for part in path.rglob("*") if part.is_file()}
    with pytest.raises(RunFolderError) as caught:
        run(other, path)
    assert key in str(caught.value)
    assert f"{path}: holds the run of another study; choose another folder" in str(caught.value)
    assert before == {part: part.read_bytes() for part in path.rglob("*") if part.is_file()}


def test_the_same_study_of_other_data_is_refused(write_study, tmp_path):
    study_file = write_study(tmp_path, replicates=1)
    run(study_file, tmp_path / "run")
    text = (tmp_path / "measured.csv").read_text()
    first_value = text.splitlines()[1].split(",")[1]
    (tmp_path / "measured.csv").write_text(text.replace(first_value, "123.456", 1))
    with pytest.raises(RunFolderError, match=r"data\.target: the folder has") as caught:
        run(study_file, tmp_path / "run")
    assert "data.source" not in str(caught.value)


def test_a_study_whose_files_moved_is_the_same_study(write_study, tmp_path, computed_replicates):
    (tmp_path / "old").mkdir()
    run(write_study(tmp_path / "old", replicates=1), tmp_path / "run")
    (tmp_path / "old").rename(tmp_path / "new")
    moved = next((tmp_path / "new").glob("*.toml"))
    computed_replicates.clear()
    run(moved, tmp_path / "run")
    assert computed_replicates == []


def test_a_folder_of_something_else_is_refused(study_file, tmp_path):
    folder = tmp_path / "thesis"
    folder.mkdir()
    (folder / "chapter.tex").write_text("x")
    with pytest.raises(RunFolderError, match=r"thesis: not empty and not a run folder"):
        run(study_file, folder)
    assert [entry.name for entry in folder.iterdir()] == ["chapter.tex"]


def test_a_manifest_that_cannot_be_read_is_refused(copied):
    study_file, path = copied
    (path / "manifest.json").write_text("{")
    with pytest.raises(RunFolderError, match="not a readable run folder"):
        run(study_file, path)


def test_a_file_in_place_of_the_folder_is_refused(study_file, tmp_path):
    (tmp_path / "run").write_text("a file")
    for path in (tmp_path / "run", tmp_path / "run" / "deeper"):
        with pytest.raises(RunFolderError, match=r"cannot be written .*choose another folder"):
            run(study_file, path)
    assert (tmp_path / "run").read_text() == "a file"


def test_a_folder_that_becomes_unwritable_keeps_what_is_finished(
    copied, computed_replicates, monkeypatch
):
    study_file, path = copied
    for number in (1, 2):
        (path / "errors" / f"part-0000{number}.parquet").unlink()
    (path / "predictions" / "part-00002.parquet").unlink()
    (path / "predictions" / ".part-00002.parquet").mkdir()
    whole = RunFolder.add

    def full_disk(self, replicate, errors, predictions):
        if replicate == 2:
            shutil.move(path / "errors", path / "moved")
            (path / "errors").write_text("a file in place of the folder")
        whole(self, replicate, errors, predictions)

    monkeypatch.setattr(RunFolder, "add", full_disk)
    with pytest.raises(RunFolderError, match=r"cannot be written .*what is finished is kept"):
        run(study_file, path)
    monkeypatch.undo()
    (path / "errors").unlink()
    shutil.move(path / "moved", path / "errors")
    assert RunFolder(path).done()[0] == {0, 1}
    run(study_file, path)
    same_numbers(path, study_file.parent / "run")


def test_a_study_that_does_not_fit_leaves_no_folder(study_file, tmp_path):
    text = study_file.read_text()
    for old, new in [
        ("count = 5", "to = 9999"),
        ("[5, 20, 40]", "[999]"),
        ("[learner]", '[learner]\nkernel = "cubic"'),
        ("[learner]", '[learner]\nname = "forest"'),
        ('"degC"', '"g/cm^3"'),
    ]:
        study_file.write_text(text.replace(old, new))
        with pytest.raises(ConfigError, match="got"):
            run(study_file, tmp_path / "run")
        assert not (tmp_path / "run").exists()
    study_file.write_text(text)
    run(study_file, tmp_path / "run")


def test_reading_a_folder_without_a_run_says_what_is_expected(tmp_path):
    with pytest.raises(RunFolderError, match="expected one made by forescale run"):
        _ = RunFolder(tmp_path).manifest
    with pytest.raises(RunFolderError, match="run the study first"):
        RunFolder(tmp_path).errors()


class TestRejects:
    """Bad rows end the run, or are set aside with their numbers."""

    @pytest.fixture
    def study_with_bad_rows(self, study_file):
        with (study_file.parent / "measured.csv").open("a") as file:
            file.write("C1CC,5,lab1\nCCBr,warm,lab1\n\nCCCBr,inf,lab1\n")
        return study_file

    def test_strict_by_default(self, study_with_bad_rows, tmp_path):
        with pytest.raises(DataError, match=r"(?s)measured\.csv: 3 bad rows.*row 101: .*row 104: "):
            run(study_with_bad_rows, tmp_path / "run")
        assert not (tmp_path / "run").exists()

    def test_set_aside_when_asked(self, study_with_bad_rows, tmp_path):
        run(study_with_bad_rows, tmp_path / "run", on_error="skip")
        rejects = pd.read_csv(tmp_path / "run" / "rejects.csv", keep_default_na=False)
        assert rejects["row"].tolist() == [101, 102, 104]
        assert rejects["value"].tolist() == ["5", "warm", "inf"]
        assert set(rejects["file"]) == {str(study_with_bad_rows.parent / "measured.csv")}
        assert RunFolder(tmp_path / "run").manifest.tables.target.rejected_rows == 3

    def test_the_others_count_as_if_they_were_alone(self, study_with_bad_rows, finished, tmp_path):
        study_file = study_with_bad_rows
        study_file.write_text(finished.read_text())
        run(study_file, tmp_path / "run", on_error="skip")
        same_numbers(tmp_path / "run", finished.parent / "run")


def _make_constant(study_file, name):
    frame = pd.read_csv(study_file.parent / name)
    frame.isetitem(1, 5.0)
    frame.to_csv(study_file.parent / name, index=False)


def test_computed_values_that_do_not_vary_end_in_finite_errors(study_file, tmp_path):
    _make_constant(study_file, "computed.csv")
    finished = run(study_file, tmp_path / "run", laws=True)
    assert finished.summary["mean"].notna().all()
    json.dumps(finished.to_json(), allow_nan=False)


def test_measured_values_that_do_not_vary_are_refused(study_file, tmp_path):
    _make_constant(study_file, "measured.csv")
    with pytest.raises(DataError, match=r"target: got 5 .* for all \d+ materials"):
        run(study_file, tmp_path / "run")


def test_one_replicate_is_enough_to_run(write_study, tmp_path):
    finished = run(write_study(tmp_path, replicates=1), tmp_path / "run", laws=True)
    assert finished.summary["std_error"].isna().all()
    json.dumps(finished.to_json(), allow_nan=False)
