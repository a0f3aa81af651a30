"""Every error of a study file names the key, what was got and what is allowed."""

import pytest

from forescale.errors import ConfigError
from forescale.study import load_study


@pytest.mark.parametrize(
    ("changes", "key", "got", "allowed"),
    [
        ({"replicates": 0}, "replicates", "0", "greater than or equal to 1"),
        ({"replicates": 2.5}, "replicates", "2.5", "integer"),
        (
            {"replicates": None, "repeats": 4},
            "repeats",
            "4",
            "expected one of name, seed, replicates",
        ),
        ({"name": "../up"}, "name", "'../up'", "letters, digits"),
        ({"seed": -1}, "seed", "-1", "greater than or equal to 0"),
        ({"source": {"dataset": "x"}}, "source", "{", r"[[source]]"),
        ({"source": None, "sources": []}, "source", "", "is required"),
        ({"target": None, "targets": {}}, "target", "", "is required"),
        ({"source.0.unit": None}, "source.0", "{", "all of kind, material, value and unit"),
        ({"source.0.file": None}, "source.0", "{", "either dataset"),
        ({"source.0.dataset": "x"}, "source.0", "{", "either dataset"),
        ({"source.0.valid": [9, 1]}, "source.0", "{", "in that order"),
        ({"source.0.sample": 3}, "source.0.sample", "3", "equal to 10"),
        ({"source.0.units": "K"}, "source.0.units", "'K'", "property, sample, "),
        (
            {"source.0.kind": "alloy"},
            "source.0.kind",
            "'alloy'",
            "'molecule', 'pair' or",
        ),
        ({"grid.n_source": 7}, "grid.n_source", "7", "list of sizes, or { from"),
        ({"grid.n_source": [20, 10]}, "grid.n_source", "[20, 10]", "ascend"),
        ({"grid.n_source": [20, 20]}, "grid.n_source", "[20, 20]", "differ"),
        ({"grid.n_source": []}, "grid.n_source", "[]", "at least one"),
        ({"grid.n_source": [1, 9]}, "grid.n_source.0", "1", "equal to 2"),
        ({"grid.n_source": [9.5]}, "grid.n_source.0", "9.5", "integer"),
        ({"grid.n_source": {"from": 1}}, "grid.n_source.from", "1", "equal to 5"),
        ({"grid.n_source": {"start": 9}}, "grid.n_source.start", "9", "expected one of from, to"),
        ({"grid.n_target": 20}, "grid.n_target", "20", "list"),
        ({"grid.n_target": [1]}, "grid.n_target.0", "1", "equal to 3"),
        ({"grid.m": 3}, "grid.m", "3", "expected one of n_source, n_target"),
        ({"evaluation.split": "scaffold"}, "evaluation.split", "'scaffold'", '"group:COLUMN"'),
        ({"evaluation.split": "group:"}, "evaluation.split", "'group:'", '"group:COLUMN"'),
        (
            {"evaluation.overlap": "drop"},
            "evaluation.overlap",
            "'drop'",
            "'exclude', 'allow', 'exclude-group' or",
        ),
        ({"evaluation.test_fraction": 1}, "evaluation.test_fraction", "1", "less than 1"),
        ({"evaluation.test_fraction": 0}, "evaluation.test_fraction", "0", "greater than 0"),
        (
            {"evaluation.test_fraction": float("nan")},
            "evaluation.test_fraction",
            "nan",
            "less than 1",
        ),
        ({"evaluation.metrics": ["mse"]}, "evaluation.metrics.0", "'mse'", "'rmse', 'mae' or"),
        ({"evaluation.metrics": ["r2"]}, "evaluation.metrics", "['r2']", "rmse or mae"),
        ({"evaluation.metrics": []}, "evaluation.metrics", "[]", "at least one"),
    ],
)
def test_a_wrong_key_is_named_with_what_is_allowed(study_file, edited, changes, key, got, allowed):
    with pytest.raises(ConfigError) as caught:
        edited(changes)
    first, *lines = str(caught.value).splitlines()
    assert first.startswith(f"{study_file}: {len(lines)} wrong key")
    (line,) = [line for line in lines if line.startswith(f"  {key}: ")]
    assert allowed in line
    assert line.startswith(f"  {key}: got {got}" if got else f"  {key}: {allowed}")


def test_all_wrong_keys_are_named_at_once(edited):
    with pytest.raises(ConfigError, match=r"(?s)2 wrong keys.*replicates: .*grid.n_target"):
        edited({"replicates": 0, "grid.n_target": []})


def test_a_start_key_is_spelt_from(edited):
    assert edited({"grid.n_source": {"from": 9}}).grid.n_source.start == 9


def test_broken_toml_names_the_line(study_file):
    study_file.write_text('name = "x"\nseed = = 1\n')
    with pytest.raises(ConfigError, match=rf"{study_file}: not valid TOML: .*line 2"):
        load_study(study_file)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"name = '\xe9'"])
def test_a_file_that_is_no_text_is_refused(study_file, content):
    study_file.write_bytes(content)
    with pytest.raises(ConfigError, match="not valid TOML"):
        load_study(study_file)


def test_a_study_that_is_not_there_is_named(tmp_path):
    for path in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(ConfigError, match=f"{path}: no such study file"):
            load_study(path)


def test_a_byte_order_mark_and_crlf_are_read(study_file):
    plain = load_study(study_file)
    study_file.write_bytes(b"\xef\xbb\xbf" + study_file.read_bytes().replace(b"\n", b"\r\n"))
    assert load_study(study_file) == plain


def test_files_are_relative_to_the_study_file(study_file, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    study = load_study(study_file.relative_to(tmp_path))
    assert study.target.file == study_file.parent / "measured.csv"
    assert study.source[0].file == study_file.parent / "computed.csv"


def test_defaults_are_written_out(edited):
    plain = edited({"evaluation": None}).to_plain()
    assert plain["evaluation"] == {
        "metrics": ["rmse", "mae", "r2"],
        "split": "random",
        "test_fraction": 0.2,
        "test": "balanced",
        "overlap": "exclude",
    }
    assert plain["grid"]["n_source"] == {"from": 20, "count": 5}
    assert plain["learner"] == {"name": "gp", "lengths": [0.5, 1.0], "noises": [0.003, 0.1]}
