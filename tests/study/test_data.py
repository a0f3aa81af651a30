"""Both sides of a study are loaded, converted and checked against each other."""

from typing import ClassVar

import numpy as np
import pandas as pd
import pytest

from forescale.errors import ConfigError, DataError
from forescale.study import Design, load_data, load_study
from forescale.tables import ColumnMap, Provenance, build_table


def load(study, **options):
    return load_data(study, show_progress=False, **options)


def test_the_source_is_in_the_unit_of_the_target(study_file):
    data = load(load_study(study_file))
    raw = pd.read_csv(study_file.parent / "computed.csv")
    assert data.source.unit == data.target.unit == "degC"
    assert data.source.values == pytest.approx(raw["tb"].to_numpy() - 273.15)
    assert (
        data.target.values.tolist()
        == pd.read_csv(study_file.parent / "measured.csv")["tb_c"].tolist()
    )


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("source.0.unit", "kelvins?", r"source\[0\]\.unit: got unit 'kelvins\?'"),
        ("target.unit", "celsiu", r"target\.unit: got unit 'celsiu'"),
        (
            "source.0.unit",
            "g/cm^3",
            r"source\[0\]\.unit: .*to 'degC'.*, the unit of the target",
        ),
        (
            "source.0.value",
            "Tb",
            r"computed\.csv: got columns smiles, tb; expected also Tb",
        ),
        ("source.0.file", "gone.csv", r"gone\.csv: no such file"),
        ("descriptor.name", "morgen", r"descriptor\.name: got 'morgen', expected one of"),
        ("descriptor.name", "polymer", r"'polymer', which does not describe a molecule"),
        ("target.kind", "polymer", r"100 bad rows.*row 1: .* 0 open ends"),
    ],
)
def test_sides_that_do_not_fit_are_refused(edited, key, value, message):
    with pytest.raises((ConfigError, DataError), match=f"(?s){message}"):
        load(edited({key: value}))


def test_kinds_of_material_must_agree(edited, study_file):
    (study_file.parent / "computed.csv").write_text("smiles,tb\n*CC*,300\n")
    with pytest.raises(ConfigError, match=r"source\[0\] holds polymers, the target molecules"):
        load(edited({"source.0.kind": "polymer"}))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"grid.n_source": [20, 5000]}, r"grid\.n_source: got 5000, expected at most 1\d\d, "),
        ({"grid.n_source": {"to": 5000}}, r"grid\.n_source\.to: got 5000, expected at most 1\d\d"),
        ({"grid.n_target": [20, 81]}, r"grid\.n_target: got up to 81, expected at most 80: "),
    ],
)
def test_more_than_there_is_is_refused(edited, changes, message):
    study = edited(changes)
    with pytest.raises(ConfigError, match=message):
        Design.of(study, load(study))


def test_a_grid_up_to_all_there_is_fits_every_replicate(edited):
    lab = {"evaluation.split": "group:lab"}  # labs of unlike sizes hide unlike numbers
    study = edited({**lab, "replicates": 30, "grid.n_target": [70]})
    data = load(study)
    design = Design.of(study, data)
    usable = [len(split.source) for split in design.splits]
    assert design.grid.n_source[-1] == min(usable) < max(usable)
    trained = [len(split.train) for split in design.splits]
    assert design.grid.n_target.tolist() == [70, *{min(trained)}.difference({70})]
    assert set(trained) == {min(trained)}


def test_nothing_left_by_the_overlap_policy_is_refused(edited, study_file):
    study = edited({"evaluation.test_fraction": 0.5})
    lines = (study_file.parent / "measured.csv").read_text().splitlines()[1:8]
    rows = "".join(f"{line.split(',')[0]},300\n" for line in lines)
    (study_file.parent / "computed.csv").write_text("smiles,tb\n" + rows)
    with pytest.raises(ConfigError, match=r"'exclude' leaves \d source.*overlap = 'allow'"):
        Design.of(study, load(study))


@pytest.mark.parametrize("policy", ["exclude", "allow"])
def test_computed_values_of_test_materials_are_hidden_unless_allowed(edited, policy):
    study = edited({"evaluation.overlap": policy})
    data = load(study)
    for split in Design.of(study, data).splits:
        learnt = set(data.source.keys[split.source])
        tested = set(data.target.keys[split.test])
        assert bool(learnt & tested) == (policy == "allow")
        assert not set(split.train) & set(split.test)
        assert len(set(split.source)) == len(split.source)


@pytest.mark.parametrize("split", ["group:lab", "cluster"])
def test_groups_never_straddle(edited, study_file, split):
    study = edited({"evaluation.split": split, "grid.n_target": [5]})
    data = load(study)
    if split == "group:lab":
        labs = pd.read_csv(study_file.parent / "measured.csv")["lab"]
        assert pd.Series(data.groups).groupby(labs).nunique().max() == 1
        assert len(set(data.groups)) == 12
    assert len(set(data.groups)) > 2
    for rows in Design.of(study, data).splits:
        assert not set(data.groups[rows.train]) & set(data.groups[rows.test])


def test_rows_without_a_group_are_a_group(edited, study_file):
    path = study_file.parent / "measured.parquet"
    frame = pd.read_csv(study_file.parent / "measured.csv")
    frame.loc[frame.index % 5 == 0, "lab"] = None
    frame.to_parquet(path)
    study = edited({"evaluation.split": "group:lab", "target.file": "measured.parquet"})
    data = load(study)
    assert data.groups.min() == 0
    assert len(set(data.groups[::5])) == 1
    Design.of(study, data)


def test_a_group_column_that_is_not_there_is_refused(edited):
    study = edited({"evaluation.split": "group:labb"})
    with pytest.raises(DataError, match=r"measured\.csv: got columns .*lab; expected also labb"):
        load(study)


def test_repeats_of_a_material_are_one_row(edited, study_file):
    with (study_file.parent / "measured.csv").open("a") as file:
        file.write("OCCCC,900,lab0\nCCCCO,910,lab0\nC(CCC)O,920,lab0\n")
    study = load_study(study_file)
    data = load(study)
    assert len(set(data.target.keys)) == len(data.target)
    row = data.target.frame.set_index("key").loc["CCCCO"]
    assert row["repeats"] >= 3
    assert row["scatter"] > 0


class TestTablesOfForescale:
    """A Parquet table written by forescale needs no column names."""

    @pytest.fixture
    def save(self, study_file):
        def save(kind):
            raw = pd.read_csv(study_file.parent / "measured.csv")
            table = build_table(
                raw,
                ColumnMap("smiles", "tb_c", keep=("lab",)),
                name="tb",
                unit="degC",
                kind=kind,
                material_kind="molecule",
                provenance=Provenance(dataset="mine"),
            )
            table.to_parquet(study_file.parent / "own.parquet")

        return save

    OWN: ClassVar = {"target": {"file": "own.parquet"}}

    def test_is_read_like_the_file_it_came_from(self, study_file, edited, save):
        save("measured")
        plain = load(load_study(study_file))
        own = load(edited({**self.OWN, "evaluation.split": "group:lab"}))
        assert own.digest() == plain.digest()
        assert len(set(own.groups)) == 12

    def test_computed_values_are_no_target(self, edited, save):
        save("computed")
        study = edited(self.OWN)
        with pytest.raises(ConfigError, match=r"target: .*own\.parquet holds computed.*measured"):
            load(study)

    def test_a_group_column_it_lacks_is_named(self, edited, save):
        save("measured")
        study = edited({**self.OWN, "evaluation.split": "group:labb"})
        with pytest.raises(ConfigError, match="no column 'labb'"):
            load(study)


def test_catalog_names_are_checked(edited):
    for source, message in [
        ({"dataset": "nope"}, "got dataset 'nope', expected one of .*boiling-point-joback"),
        ({"dataset": "boiling-point-measured"}, "holds measured values, expected computed"),
        (
            {"dataset": "boiling-point-joback", "property": "p"},
            "got property 'p', expected one of",
        ),
    ]:
        study = edited({"source": [source]})
        with pytest.raises(ConfigError, match=message):
            load(study)


def test_a_sample_is_drawn_by_the_seed(edited):
    def materials(study):
        return set(load(study).source.keys)

    first = edited({"source.0.sample": 50})
    second = edited({"seed": 1})
    assert len(materials(first)) == 50
    assert materials(first) == materials(first) != materials(second)


def test_arrays_hold_source_then_target(study_file):
    data = load(load_study(study_file))
    arrays = data.arrays()
    assert len(arrays.source_values) == len(arrays.source_features) == len(data.source)
    assert len(arrays.target_values) == len(arrays.target_features) == len(data.target)
    assert np.isfinite(arrays.source_features).all()
    assert not set(data.source.keys[arrays.source_only]) & set(data.target.keys)
