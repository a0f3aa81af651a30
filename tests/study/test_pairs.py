"""A study of pairs: blocks, groups and both policies, from a user's own files."""

import numpy as np
import pytest

from forescale.errors import ConfigError, DataError
from forescale.study import Design, load_data, load_study, run_replicates
from forescale.study.folder import RunFolder

POLYMERS = {"*CC*": 1.0, "*CC(*)C": 1.4, "*CC(*)CC": 1.7, "*CCO*": -0.5, "*CC(*)O": -1.0}
SOLVENTS = {"CO": -1.2, "CCO": -0.8, "CCCO": -0.5, "CCCCO": -0.2, "CCCCC": 1.1, "CCCCCC": 1.2}
STUDY = """
name = "pairs"
replicates = 2
[[source]]
file = "computed.csv"
kind = "pair"
solute = "polymer"
solvent = "solvent"
temperature = "T"
temperature_unit = "K"
value = "chi"
unit = ""
[target]
file = "measured.csv"
kind = "pair"
solute = "polymer"
solvent = "solvent"
temperature = "T"
temperature_unit = "degC"
value = "chi"
unit = ""
[descriptor]
name = "morgan"
[learner]
lengths = [1.0, 2.0]
noises = [0.003, 0.1]
[grid]
n_source = [20, 60]
n_target = [5, 20]
"""


@pytest.fixture
def write(tmp_path):
    def write(replacements=None, temperatures=(300.0, 350.0)):
        rng = np.random.default_rng(0)
        rows = [
            (p, s, t, (a - b) ** 2 * 300 / t)
            for p, a in POLYMERS.items()
            for s, b in SOLVENTS.items()
            for t in (*temperatures, 400.0)
        ]
        (tmp_path / "computed.csv").write_text(
            "polymer,solvent,T,chi\n" + "".join(f"{p},{s},{t},{v}\n" for p, s, t, v in rows)
        )
        (tmp_path / "measured.csv").write_text(
            "polymer,solvent,T,chi\n"
            + "".join(
                f"{p},{s},{t - 273.15},{0.3 + 1.2 * v + rng.normal(0, 0.05)}\n"
                for p, s, t, v in rows
                if t != 400.0
            )
        )
        text = STUDY
        for old, new in (replacements or {}).items():
            assert old in text, old
            text = text.replace(old, new)
        (tmp_path / "study.toml").write_text(text)
        return load_study(tmp_path / "study.toml")

    return write


def load(study):
    return load_data(study, show_progress=False)


def test_each_side_is_described_once(write):
    data = load(write())
    blocks = {block.name: block for block in data.blocks}
    assert list(blocks) == ["solute", "solvent", "temperature"]
    rows = {name: len(block.features.values) for name, block in blocks.items()}
    assert rows == {"solute": len(POLYMERS), "solvent": len(SOLVENTS), "temperature": 3}
    assert blocks["temperature"].features.values.ravel().tolist() == [300.0, 350.0, 400.0]
    assert blocks["temperature"].features.columns[0].unit == "K"
    for block in blocks.values():
        assert len(block.index) == len(data.source) + len(data.target)
    assert data.source.keys[0] == "*C* in CO at 300 K"


def test_one_temperature_is_no_block(write):
    study = write({}, temperatures=(400.0,))
    path = study.source[0].file
    path.write_text("\n".join(line for line in path.read_text().splitlines()))
    study.target.file.write_text(path.read_text().replace(",400.0,", ",126.85,"))
    assert [block.name for block in load(study).blocks] == ["solute", "solvent"]


def test_pairs_with_and_without_a_temperature_do_not_mix(write):
    study = write({'temperature = "T"\ntemperature_unit = "K"\n': ""})
    with pytest.raises(DataError, match="pairs with a temperature and 30 without"):
        load(study)


@pytest.mark.parametrize("name", ["solvent", "solute", "polymer", "pair"])
def test_whole_sides_are_on_one_side_of_a_split(write, name):
    study = write({"[grid]": f'[evaluation]\nsplit = "group:{name}"\n[grid]'})
    data = load(study)
    design = Design.of(study, data)
    place = {"solute": 0, "polymer": 0, "solvent": 1}
    for replicate in range(2):
        split = design.splits[replicate]
        parts = [
            {
                key.split(" at ")[0].split(" in ")[place[name]]
                if name in place
                else key.split(" at ")[0]
                for key in data.target.keys[rows]
            }
            for rows in (split.train, split.test)
        ]
        assert not parts[0] & parts[1]


@pytest.mark.parametrize(("policy", "shared"), [("exclude", True), ("exclude-group", False)])
def test_whole_groups_may_be_hidden_from_the_source(write, policy, shared):
    evaluation = f'[evaluation]\nsplit = "group:pair"\noverlap = "{policy}"\n[grid]'
    study = write({"[grid]": evaluation, "n_source = [20, 60]": "n_source = [20]"})
    data = load(study)
    split = Design.of(study, data).splits[0]
    learnt = {key.split(" at ")[0] for key in data.source.keys[split.source]}
    tested = {key.split(" at ")[0] for key in data.target.keys[split.test]}
    assert bool(learnt & tested) == shared  # the source has 400 K, the target has not


def test_hiding_groups_needs_groups_that_materials_tell(write):
    with pytest.raises(ConfigError, match=r"exclude-group with split = 'random'.*solvent"):
        load(write({"[grid]": '[evaluation]\noverlap = "exclude-group"\n[grid]'}))


def test_a_study_of_pairs_runs_and_learns(write, tmp_path):
    study = write()
    data = load(study)
    folder = RunFolder.open(tmp_path / "run", study, data)
    run_replicates(study, data, folder, workers=1, show_progress=False)
    errors = folder.errors().query("metric == 'rmse'")
    mean = errors.groupby(["n_source", "n_target"])["value"].mean()
    assert mean[60, 20] < 0.7 * mean[0, 20]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('solvent = "solvent"\n', "", "pairs need solute and solvent columns"),
        ('solute = "polymer"\n', 'material = "x"\n', "pairs need solute and solvent columns"),
        ('temperature_unit = "degC"\n', "", 'temperature needs temperature_unit, such as "K"'),
        (
            'temperature = "T"\ntemperature_unit = "K"',
            'temperature_unit = "K"',
            "needs temperature",
        ),
        ('kind = "pair"', 'kind = "polymer"', 'expected it only with kind = "pair"'),
        (
            'temperature = "T"',
            'temperature = "T"\nvalid_temperature = [500, 200]',
            "valid_temperature is the lowest and the highest",
        ),
        ('temperature_unit = "degC"', 'temperature_unit = "eV"', "temperature_unit: got 'eV'"),
        ('name = "morgan"', 'name = "morgan"\nsolvent = "nope"', "got 'nope'"),
    ],
)
def test_what_does_not_make_a_pair_is_refused(write, old, new, words):
    with pytest.raises(ConfigError, match=words):
        load(write({old: new}))


def test_a_descriptor_of_solvents_is_for_pairs(study_file, edited):
    study = edited({"descriptor.solvent": "morgan"})
    with pytest.raises(ConfigError, match=r"descriptor\.solvent: got 'morgan', .*for pairs"):
        load(study)


def test_solvents_may_have_a_descriptor_of_their_own(write):
    data = load(write({'name = "morgan"': 'name = "morgan"\nsolvent = "rdkit2d"'}))
    solute, solvent, _ = data.blocks
    assert solute.version.startswith("morgan ")
    assert solvent.version.startswith("rdkit2d ")
