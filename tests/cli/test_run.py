"""``forescale run``: one answer, one message, one exit code."""

import json
import subprocess
import sys

import pytest

SMALL = {
    "n_source = { from = 20, count = 5 }": "n_source = [20, 40, 80, 160]",
    "n_target = [5, 20, 40]": "n_target = [5]",
    "replicates = 4": "replicates = 3",
}


@pytest.fixture
def change(study_file):
    """Change the text of one of the small study's files."""

    def change(replacements, name="study.toml"):
        path = study_file.parent / name
        text = path.read_text()
        for old, new in replacements.items():
            assert old in text, old
            text = text.replace(old, new)
        path.write_text(text)

    return change


def test_json_is_one_object_and_a_rerun_gives_it_again(forescale, study_file, change, tmp_path):
    change(SMALL)
    command = ("run", study_file, "--out", tmp_path / "run", "--workers", 1, "--json")
    code, out, err = forescale(*command)
    answer = json.loads(out)
    assert code == 0
    assert set(answer) >= {"run", "summary", "laws"}
    assert answer["run"] == str(tmp_path / "run")
    keys = {"learner", "n_source", "n_target", "metric", "mean", "std_error", "replicates"}
    assert all(set(row) == keys and row["replicates"] == 3 for row in answer["summary"])
    assert {(row["n_source"], row["n_target"]) for row in answer["summary"]} == {
        (n, m) for n in (0, 20, 40, 80, 160) for m in (0, 5, 80)
    } - {(0, 0)}
    assert {law["n_target"] for law in answer["laws"]} == {0, 5, 80}
    assert "°C" in err
    assert forescale(*command)[:2] == (code, out)


@pytest.mark.parametrize(
    ("replacements", "file", "code", "words"),
    [
        ({"replicates": "repeats"}, "study.toml", 2, "repeats: got 4; there is no such key"),
        ({'"tb_c"': '"tbc"'}, "study.toml", 2, "measured.csv: got columns smiles, tb_c, lab"),
        ({'"degC"': '"degX"'}, "study.toml", 2, "target.unit: got unit 'degX'"),
        ({"[5, 20, 40]": "[5000]"}, "study.toml", 2, "got up to 5000, expected at most 80"),
        ({"count = 5": "to = 5000"}, "study.toml", 2, "got 5000, expected at most"),
        ({"tb_c,lab": "tb_c"}, "measured.csv", 2, "measured.csv: cannot be read"),
        ({",lab1\n": ",lab1\nC1CC,5,lab1\n"}, "measured.csv", 2, "got 'C1CC', which is not valid"),
    ],
)
def test_a_wrong_request_is_one_message_and_two(
    forescale, study_file, change, tmp_path, replacements, file, code, words
):
    change(replacements, file)
    answer = forescale("run", study_file, "--out", tmp_path / "run", "--workers", 1, "--json")
    assert answer[:2] == (code, "")
    assert words in answer[2]
    # Where no test before this one has filled the cache, progress comes first.
    message = answer[2].removeprefix("Featurising (morgan) (210)\n")
    assert message.startswith("forescale: ")
    assert not (tmp_path / "run").exists()


def test_a_file_of_the_wrong_hash_is_refused_and_one(
    forescale, study_file, change, tmp_path, monkeypatch
):
    from forescale.catalog import get_entry

    file = get_entry("radonpy-pi1070").file
    mirrored = tmp_path / "mirror" / file.repository / file.commit / file.path
    mirrored.parent.mkdir(parents=True)
    mirrored.write_text("smiles,density\n*CC*,1\n")
    monkeypatch.setenv("FORESCALE_MIRROR", str(tmp_path / "mirror"))
    change(
        {
            'file = "computed.csv"\nkind = "molecule"\nmaterial = "smiles"\n'
            'value = "tb"\nunit = "K"': 'dataset = "radonpy-pi1070"\nproperty = "density"'
        }
    )
    for command in (("data", "fetch", "radonpy-pi1070"), ("run", study_file)):
        code, out, err = forescale(*command)
        assert (code, out) == (1, "")
        assert f"{mirrored}: got sha256" in err


def test_a_study_that_is_not_there_is_two(forescale, tmp_path):
    code, out, err = forescale("run", tmp_path / "none.toml")
    assert (code, out) == (2, "")
    assert "none.toml: no such study file" in err


def test_a_file_in_place_of_the_run_folder_is_two(forescale, study_file, tmp_path):
    (tmp_path / "run").write_text("")
    code, _, err = forescale("run", study_file, "--out", tmp_path / "run", "--workers", 1)
    assert code == 2
    assert "cannot be written" in err


def test_help_needs_no_heavy_imports():
    code = (
        "import sys, forescale.cli.main\n"
        "print([m for m in ('numpy', 'pandas', 'rdkit', 'scipy', 'pydantic') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
