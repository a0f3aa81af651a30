"""What tables are guessed to hold, and what stays open."""

import tomllib

import numpy as np
import pandas as pd
import pytest

from forescale.drafts import Said, draft_study, guess_table
from forescale.drafts.units import unit_in_name
from forescale.errors import ConfigError, DataError
from forescale.study import load_study

ALKANES = ["C" * n for n in range(1, 31)]
BOILING = [100.0 + 25 * n for n in range(1, 31)]


def written(path, **columns):
    """Write columns as CSV."""
    pd.DataFrame(columns).to_csv(path, index=False)
    return path


@pytest.mark.parametrize(
    ("materials", "kind"),
    [
        (["CCO", "c1ccccc1", "CC(=O)O"], "molecule"),
        (["*CC*", "*CC(*)C", "*C*"], "polymer"),
        (["NaCl", "Fe2O3", "LiFePO4"], "composition"),
    ],
)
def test_the_kind_is_told_by_the_cells_whatever_the_column_is_called(tmp_path, materials, kind):
    path = written(tmp_path / "t.csv", what=materials, id=["PI1", "PI2", "PI3"], y=[1.5, 2.0, 3.1])
    found = guess_table(path, Said(unit="eV"))
    assert (found.kind, found.material, found.value, found.complete) == (kind, "what", "y", True)


def test_smiles_win_over_formulas_of_the_same_molecules(tmp_path):
    path = written(tmp_path / "t.csv", formula=["C2H6O", "CH4"], smiles=["CCO", "C"], tb_K=[1, 2])
    found = guess_table(path)
    assert (found.kind, found.material, found.unit) == ("molecule", "smiles", "K")


def test_scatter_numbering_and_conditions_are_no_values(tmp_path):
    path = written(
        tmp_path / "t.csv", id=[1, 2], smiles=["CCO", "CCC"], temperature=[298, 300],
        density_std=[0.1, 0.1], rho=[0.78, 0.5],
    )  # fmt: skip
    found = guess_table(path)
    assert (found.value, found.unit) == ("rho", "g/cm^3")
    assert "guessed" in dict(found.reasons)["unit"]


def test_what_cannot_be_told_is_open_with_its_options(tmp_path):
    path = written(tmp_path / "t.csv", smiles=["CCO", "CCC"], a=[1.0, 2.0], b=[2.0, 3.0])
    found = guess_table(path)
    assert [(one.role, one.options) for one in found.open] == [("value", ("a", "b"))]
    with pytest.raises(ConfigError, match=r"--value: several columns hold numbers.*\(a, b\)"):
        found.needed()
    said = guess_table(path, Said(value="b"))
    assert [one.role for one in said.open] == ["unit"]
    assert guess_table(path, Said(value="b", unit="eV")).complete


def test_a_column_that_is_said_and_not_there_is_answered_with_the_closest(tmp_path):
    path = written(tmp_path / "t.csv", smiles=["CCO"], density=[1.0])
    with pytest.raises(DataError, match="did you mean 'density'"):
        guess_table(path, Said(value="densty"))
    with pytest.raises(DataError, match="no such file"):
        guess_table(tmp_path / "absent.csv")


def test_decimal_commas_pairs_and_temperatures_are_seen(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("polymer;solvent;T;chi\n*CC*;CCO;25,5;0,5\n*CC(*)C;O;30,1;0,6\n")
    found = guess_table(path)
    assert (found.kind, found.solute, found.solvent) == ("pair", "polymer", "solvent")
    assert (found.temperature, found.temperature_unit, found.decimal) == ("T", "degC", ",")
    assert found.unit == ""


def test_sheets_are_asked_for(tmp_path):
    path = tmp_path / "t.xlsx"
    with pd.ExcelWriter(path) as book:
        for name in ("md", "notes"):
            pd.DataFrame({"smiles": ["CCO"], "tb_K": [351]}).to_excel(
                book, sheet_name=name, index=False
            )
    (asked,) = guess_table(path).open
    assert (asked.role, asked.options) == ("sheet", ("md", "notes"))
    assert guess_table(path, Said(sheet="md")).complete


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("Tg [°C]", "°C"), ("cp (J/(kg*K))", "J/(kg*K)"), ("E / eV", "eV"), ("gap_eV", "eV"),
        ("kappa_W_mK", "W/(m*K)"), ("density_g_cm3", "g/cm^3"), ("rho_md", None), ("x_exp", None),
        ("value (calc)", None), ("tb in K", "K"), ("C", None), ("n (-)", ""),
    ],
)  # fmt: skip
def test_units_in_names(name, unit):
    assert unit_in_name(name)[1] == unit


def test_the_other_table_tells_the_column_and_the_unit(tmp_path):
    rng = np.random.default_rng(0)
    one = written(tmp_path / "md.csv", smiles=ALKANES, first=rng.normal(size=30), second=BOILING)
    other = written(tmp_path / "exp.csv", smiles=ALKANES[:20], tb_K=np.add(BOILING[:20], 3.0))
    draft = draft_study(one, other)
    assert (draft.computed.guess.value, draft.computed.guess.unit) == ("second", "K")
    assert (draft.shared, draft.correlation, draft.problems) == (20, 1.0, ())


def test_a_study_file_says_why_and_loads(tmp_path):
    (tmp_path / "data").mkdir()
    one = written(tmp_path / "data" / "md.csv", smiles=ALKANES, tb_K=BOILING)
    other = written(
        tmp_path / "data" / "exp.csv", smiles=[*ALKANES[:20], "C1C"], tb_K=[*BOILING[:20], 3.0]
    )
    draft = draft_study(one, other)
    assert draft.rejected == 1
    text = draft.study_toml(tmp_path)
    assert 'unit = "K"  # the column\'s name says so' in text
    assert tomllib.loads(text)["target"]["file"] == "data/exp.csv"
    (tmp_path / "exp.toml").write_text(text)
    study = load_study(tmp_path / "exp.toml")
    assert study.target.file == other
    assert study.model_dump() == draft.study().model_dump()


def test_a_study_of_compositions_is_the_same_from_its_file_and_at_once(tmp_path):
    formulas = ["SiO2", "TiO2", "GaAs", "ZnO", "CdS", "NaCl", "MgO", "AlN", "GaN", "InP"]
    gaps = [5.7, 1.9, 0.2, 0.8, 1.1, 5.0, 4.5, 4.0, 1.7, 0.5]
    one = written(tmp_path / "dft.csv", formula=formulas, gap=gaps)
    other = written(tmp_path / "exp.csv", formula=formulas, gap=np.add(gaps, 0.5))
    draft = draft_study(one, other)
    (tmp_path / "exp.toml").write_text(draft.study_toml(tmp_path))
    study = load_study(tmp_path / "exp.toml")
    assert study.learner.name == "blend"
    assert study.model_dump() == draft.study().model_dump()


def test_the_defaults_that_the_file_shows_are_those_of_studies(tmp_path):
    one = written(tmp_path / "md.csv", psmiles=["*CC*", "*CO*"], rho_g_cm3=[0.8, 1.0])
    text = draft_study(one, one).study_toml(tmp_path)
    head, tail = text.split("# All that follows", 1)
    lines = [line.removeprefix("# ") for line in tail.splitlines()[1:]]
    keys = [line for line in lines if line.startswith(("[", "n_", "name", "split", "overlap"))]
    plain = tmp_path / "plain.toml"
    plain.write_text(head)
    full = tmp_path / "full.toml"
    full.write_text(head + "\n".join(keys).partition("[plan]")[0])
    a, b = load_study(plain), load_study(full)
    assert (a.evaluation, a.grid.n_source) == (b.evaluation, b.grid.n_source)


def test_different_properties_and_kinds_are_told(tmp_path):
    one = written(tmp_path / "md.csv", smiles=ALKANES, tb_K=BOILING)
    other = written(tmp_path / "exp.csv", smiles=ALKANES, gap_eV=BOILING)
    draft = draft_study(one, other)
    assert draft.cross_property
    assert "cross_property = true" in draft.study_toml(tmp_path)
    other = written(tmp_path / "exp.csv", formula=["NaCl", "Fe2O3"], tb_K=[1.0, 2.0])
    draft = draft_study(one, other)
    assert "expected one kind of material" in draft.problems[0]
    with pytest.raises(ConfigError, match="expected one kind"):
        draft.study_toml(tmp_path)


@pytest.mark.parametrize(
    ("cells", "decimal"),
    [
        (["0,95", "1,234", "0,9"], ","),
        (["1.351,5", "1.310", "2.000"], ","),
        (["<0,5", "1,25", "3"], ","),
        (["1.5", "2.5", "3"], "."),
    ],
)
def test_decimal_commas_are_guessed_and_said(tmp_path, cells, decimal):
    path = tmp_path / "t.csv"
    path.write_text("smiles;y\n" + "".join(f"{'C' * n};{c}\n" for n, c in enumerate(cells, 1)))
    found = guess_table(path, Said(unit="K"))
    assert found.decimal == decimal
    assert ("decimal" in dict(found.reasons)) == (decimal == ",")


def test_commas_that_may_separate_thousands_are_asked_about(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text('smiles,y\nCCO,"1,234"\nCCC,"12,345"\nCCN,999\n')
    assert (guess_table(path).value, guess_table(path).decimal) == ("y", ".")
    draft = draft_study(path, path, computed_says=Said(unit="K"), measured_says=Said(unit="K"))
    assert "do they separate thousands, or are they decimal commas?" in draft.problems[0]
    said = draft_study(
        path, path, computed_says=Said(unit="K", decimal=","), measured_says=Said(unit="K")
    )
    assert said.computed.table.values.max() == 999
    assert said.computed.table.values.min() == 1.234
