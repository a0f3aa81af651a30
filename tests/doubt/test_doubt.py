"""Values that can hardly be what they say are named, and stay."""

import numpy as np
import pandas as pd
import pytest

from forescale.doubt import (
    concentration,
    doubt_of_unit,
    doubts_of,
    in_words,
    keep_doubts,
    kept_doubts,
    refuse,
)
from forescale.errors import DataError, RunFolderError
from forescale.study import load_data, load_study
from forescale.tables import ColumnMap, Provenance, build_table

ENDS = ["O", "N", "C#N", "Cl", "C=O", "C(=O)O", "F", "Br", "c1ccccc1"]
SMILES = ["C" * size + end for end in ENDS for size in range(2, 9)]


def table(values, *, name="bp", unit="K", kind="molecule", materials=SMILES):
    return build_table(
        pd.DataFrame({"m": materials, "v": values}),
        ColumnMap("m", "v"),
        name=name,
        unit=unit,
        kind="measured",
        material_kind=kind,
        provenance=Provenance(),
    )


def smooth(seed=0):
    rng = np.random.default_rng(seed)
    ends = {end: 40 * rng.standard_normal() for end in ENDS}
    return np.array(
        [300 + 18 * size + ends[end] + rng.normal(0, 3) for end in ENDS for size in range(2, 9)]
    )


@pytest.mark.parametrize(
    ("mistake", "unit", "words"),
    [
        (lambda v: v - 273.15, "K", "degrees Celsius read as K"),
        (lambda v: v * 1000, "g/cm^3", "a factor of 1,000"),
        (lambda v: v * 96.485, "eV", "96.485 (eV and kJ/mol)"),
        (lambda v: v * 1.05, "K", None),
        (lambda v: v + 30, "K", None),
    ],
)
@pytest.mark.parametrize("shared", [len(SMILES), 0])
def test_a_side_in_another_unit_throughout_is_named(mistake, unit, words, shared):
    computed = smooth() * (1 if unit == "K" else 0.003)
    if unit == "K":
        computed = 300 + (computed - 300) / 4  # narrow enough to tell 273 K
    places = slice(0, None, 2) if not shared else slice(None)
    others = slice(1, None, 2) if not shared else slice(None)
    source = table(computed[places], unit=unit, materials=SMILES[places])
    target = table(mistake(computed[others]), unit=unit, materials=SMILES[others])
    found = doubt_of_unit(source, target, "target")
    if words is None:
        assert found is None
        return
    assert words in found.reason
    (line,) = in_words([found])
    assert line.startswith("target: the median of all")


def test_good_values_raise_no_doubt():
    assert doubts_of(table(smooth())) == ()
    assert doubts_of(table(10 ** (smooth() / 20), unit="1/s", name="rate")) == ()


@pytest.mark.parametrize(
    ("mistake", "words"),
    [
        (lambda v: v * 10, "a factor of 10 would make it"),
        (lambda v: v / 1000, "a factor of 1/1,000 would make it|outside 1 to 2500 K"),
        (lambda v: v - 273.15, "degrees Celsius read as K would make it"),
        (lambda v: -v, "outside 1 to 2500 K"),
    ],
)
def test_mistakes_of_units_are_named_with_row_and_remedy(mistake, words):
    values = smooth()
    values[[7, 33]] = mistake(values[[7, 33]])
    found = doubts_of(table(values))
    assert {doubt.rows for doubt in found} == {(8,), (34,)}
    for line in in_words(found):
        assert "similar materials have about" in line
    assert any(pd.Series(in_words(found)).str.contains(words))
    with pytest.raises(DataError, match=r"(?s)mine.csv: 2 doubtful values.*row 8.*--doubt tell"):
        refuse(found, "mine.csv")


def test_ratios_are_compared_where_values_span_decades():
    values = 10 ** (smooth() / 50)
    values[20] *= 1e9
    doubt = doubts_of(table(values, unit="1/s", name="rate"))[0]
    assert doubt.rows == (21,)
    assert "similar materials have about" in doubt.reason


@pytest.mark.parametrize(
    ("value", "unit", "name", "kind", "material"),
    [
        (268.0, "g/cm^3", "rho", "polymer", "*CC*"),
        (1050.0, "g/cm^3", "rho", "molecule", "CCO"),
        (0.0011, "g/cm^3", "density", "polymer", "*CC*"),
        (-300.0, "degC", "mp", "molecule", "CCO"),
        (900.0, "eV", "band gap", "composition", "ZnO"),
        (0.3, "", "refractive index", "molecule", "CCO"),
    ],
)
def test_values_beyond_what_is_credible_are_doubted_even_alone(value, unit, name, kind, material):
    (doubt,) = doubts_of(table([value], unit=unit, name=name, kind=kind, materials=[material]))
    assert "the range of such a property" in doubt.reason
    assert doubt.rows == (1,)


def test_repeats_name_all_their_rows():
    values, materials = [*smooth(), 3.0, 4.0], [*SMILES, "CCCI", "ICCC"]
    found = doubts_of(table(values, materials=materials))
    assert found[0].rows == (len(SMILES) + 1, len(SMILES) + 2)


def test_of_many_materials_that_carry_the_error_five_are_named():
    keys = [f"M{k:03d}" for k in range(1000)]
    miss = [100.0 + k if k < 15 else 0.1 for k in range(1000)]
    found = concentration(pd.DataFrame({"key": keys, "measured": miss, "predicted": 0.0}))
    assert len(found.materials) > 6
    assert "M014, M013, M012, M011, M010 and" in found.sentence
    assert f"and {len(found.materials) - 5} more. Check" in found.sentence


def test_two_materials_that_carry_the_error_are_named():
    rng = np.random.default_rng(0)
    measured = np.linspace(300, 500, 60)
    predicted = measured + rng.normal(0, 5, 60)
    measured[[4, 9]] = [4210.0, 161.0]
    frame = pd.DataFrame(
        {"key": [f"m{i}" for i in range(60)], "measured": measured, "predicted": predicted}
    )
    found = concentration(pd.concat([frame, frame], ignore_index=True))
    assert found.materials["key"].tolist()[0] == "m4"
    assert found.share > 0.9
    assert "of 60 carr" in found.sentence
    assert concentration(frame.drop([4, 9])) is None


def test_doubts_are_kept_for_the_page_and_damaged_ones_named(tmp_path):
    values = smooth()
    values[3] = 4210.0
    found = doubts_of(table(values), "target")
    keep_doubts(tmp_path, found)
    assert kept_doubts(tmp_path) == found
    assert in_words(found)[0].startswith("target: row 4: CCCCCO: 4210 K is doubtful")
    keep_doubts(tmp_path, ())
    assert kept_doubts(tmp_path) == ()
    (tmp_path / "doubts.json").write_text('[{"key": 1}]')
    with pytest.raises(RunFolderError, match=r"doubts\.json: damaged"):
        kept_doubts(tmp_path)


def test_a_study_tells_doubts_of_its_own_tables_before_it_starts(tmp_path):
    values = smooth()
    for name, column in (
        ("source", values),
        ("target", np.where(values == values[5], 4e3, values)),
    ):
        frame = pd.DataFrame({"smiles": SMILES, "v": column})
        frame.to_csv(tmp_path / f"{name}.csv", index=False)
    side = 'kind = "molecule"\nmaterial = "smiles"\nvalue = "v"\nunit = "K"\n'
    text = (
        f'name = "d"\n[[source]]\nfile = "source.csv"\n{side}[target]\nfile = "target.csv"\n{side}'
    )
    (tmp_path / "study.toml").write_text(text)
    data = load_data(load_study(tmp_path / "study.toml"), show_progress=False)
    assert [(doubt.side, doubt.rows) for doubt in data.doubts] == [("target", (6,))]
    assert len(data.target) == len(SMILES)  # none is removed


def test_tables_of_the_catalog_are_doubted_too_after_one_s_own(tmp_path):
    values = np.where(np.arange(len(SMILES)) == 5, 4e3, smooth())
    pd.DataFrame({"smiles": SMILES, "v": values}).to_csv(tmp_path / "own.csv", index=False)
    (tmp_path / "study.toml").write_text(
        'name = "d"\n[[source]]\nfile = "own.csv"\nkind = "molecule"\nmaterial = "smiles"\n'
        'value = "v"\nunit = "K"\n[target]\ndataset = "boiling-point-measured"\n'
    )
    data = load_data(load_study(tmp_path / "study.toml"), show_progress=False)
    datasets = [doubt.dataset for doubt in data.doubts if doubt.rows]
    assert datasets[0] == ""
    assert set(datasets[1:]) == {"boiling-point-measured"}
    assert in_words(data.doubts)[-1].startswith("target (boiling-point-measured): row")
