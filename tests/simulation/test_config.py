"""Campaign files: every complaint names the key, what was got and what is allowed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from forescale.errors import ConfigError, DataError
from forescale.simulation import Campaign
from forescale.simulation.runner import header_of
from forescale.simulation.sources import list_materials

EXAMPLES = Path(__file__).parents[2] / "examples" / "campaigns"
GOOD = """
workers = 2
[[materials]]
file = "lists/molecules.csv"
[engine]
name = "xtb"
"""


def load(tmp_path: Path, text: str) -> Campaign:
    path = tmp_path / "campaign.toml"
    path.write_text(text)
    return Campaign.from_toml(path)


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    campaign = load(tmp_path, GOOD)
    assert campaign.name == "campaign"
    assert campaign.results == tmp_path / "campaign-results"
    assert campaign.materials[0].file == tmp_path / "lists" / "molecules.csv"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("workers = 2", "workers = 0"), "workers: got 0"),
        (
            ("workers = 2", "worker = 2"),
            "worker: got 2; there is no such key, expected one of .*workers",
        ),
        (
            ("workers = 2", "kind = 'crystal'"),
            "kind: got 'crystal'.*'molecule', 'polymer' or 'pair'",
        ),
        (("file = ", "dataset = 'x'\nfile = "), "materials.0: .*file and dataset.*exactly one"),
        (('[engine]\nname = "xtb"', ""), "engine: is required"),
        (('name = "xtb"', 'name = "xtb"\nseeds = 1'), "engine.seeds: .*expected one of name, seed"),
        (("workers = 2", "workers ="), "not valid TOML"),
        (("workers = 2", "[limits]\ntime = -1"), "limits.time: got -1"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    text = GOOD.replace(*change)
    if change[1].startswith("[limits]"):
        text = GOOD.replace("workers = 2", "") + change[1]
    with pytest.raises(ConfigError, match=message):
        load(tmp_path, text)


@pytest.mark.parametrize(
    ("engine", "message"),
    [
        ('name = "xbt"', "engine.name: got 'xbt', expected one of xtb, md, cosmo, replay"),
        ('name = "no_such_module:Engine"', "cannot be imported"),
        ('name = "engine.py:Engine"', "no such file"),
        ('name = "json:JSONDecoder"', "of Python's standard library"),
        (
            'name = "xtb"\n[engine.protocol]\ngeometry = "dft"',
            "engine.protocol.geometry: got 'dft'.*'forcefield' or 'gfn2'",
        ),
        (
            'name = "xtb"\n[engine.protocol]\nconformer = 2',
            "engine.protocol.conformer: .*allowed keys: geometry, conformers",
        ),
    ],
)
def test_engines_and_their_settings_are_checked(tmp_path: Path, engine: str, message: str) -> None:
    campaign = load(tmp_path, GOOD.replace('name = "xtb"', engine))
    with pytest.raises(ConfigError, match=message):
        header_of(campaign)


def test_lists_are_merged_shuffled_and_limited(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("smiles\nCCO\nOCC\nC\nCC\n")
    (tmp_path / "make.py").write_text(
        "def alkanes(n):\n    return ['C' * k for k in range(1, n)]\n"
    )
    text = """
    [[materials]]
    file = "a.csv"
    [[materials]]
    generator = "make.py:alkanes"
    options = { n = 30 }
    limit = 10
    [engine]
    name = "xtb"
    """
    campaign = load(tmp_path, text)
    keys = list_materials(campaign).keys
    assert {"CCO", "C", "CC"} < set(keys)
    assert 11 <= len(keys) <= 13
    assert keys == list_materials(campaign).keys
    other = list_materials(campaign.model_copy(update={"seed": 1}))
    assert other.keys != keys


def test_a_catalog_entry_is_a_list_of_materials(tmp_path: Path) -> None:
    text = GOOD.replace('file = "lists/molecules.csv"', 'dataset = "refractive-index-measured"')
    assert len(list_materials(load(tmp_path, text)).keys) > 3000
    with pytest.raises(ConfigError, match="no-such-entry"):
        list_materials(load(tmp_path, text.replace("refractive-index-measured", "no-such-entry")))


@pytest.mark.parametrize(
    ("generator", "message"),
    [
        ('"nothing"', "expected one of chemicals"),
        ('"chemicals"\noptions = { size = 3 }', "materials.options"),
    ],
)
def test_generators_are_checked(tmp_path: Path, generator: str, message: str) -> None:
    text = GOOD.replace('file = "lists/molecules.csv"', f"generator = {generator}")
    with pytest.raises(ConfigError, match=message):
        list_materials(load(tmp_path, text))


def test_the_command_line_reports_and_exits(tmp_path: Path) -> None:
    (tmp_path / "values.py").write_text(
        (Path(__file__).parent / "engines_under_test.py").read_text()
    )
    (tmp_path / "campaign.toml").write_text(
        '[[materials]]\nfile = "m.csv"\n[engine]\nname = "values.py:Length"\n'
    )
    (tmp_path / "m.csv").write_text("smiles\nCCO\nC\n")
    command = [sys.executable, "-c", "from forescale.cli.main import main; main()", "simulate"]
    done = subprocess.run(
        [*command, str(tmp_path / "campaign.toml"), "--json"], capture_output=True, check=True
    )
    answer = json.loads(done.stdout)
    assert (answer["done"], answer["left"], answer["failed"]) == (2, 0, 0)
    assert (Path(answer["tables"]) / "length.parquet").exists()
    wrong = subprocess.run([*command, "no-such.toml"], capture_output=True, check=False)
    assert wrong.returncode == 2
    assert b"no such campaign file" in wrong.stderr


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.toml")), ids=lambda path: path.stem)
def test_the_examples_are_valid(path: Path) -> None:
    campaign = Campaign.from_toml(path)
    if campaign.engine.name == "md":
        pytest.importorskip("openmm", reason="the md engine needs openmm")
        pytest.importorskip("radonpy", reason="the md engine needs radonpy-pypi")
    assert header_of(campaign).engine == campaign.engine.name


def test_materials_come_from_the_sheet_that_is_named(tmp_path: Path) -> None:
    path = tmp_path / "two.xlsx"
    with pd.ExcelWriter(path) as book:
        pd.DataFrame({"smiles": ["O"]}).to_excel(book, sheet_name="notes", index=False)
        pd.DataFrame({"smiles": ["CCO", "OCC"]}).to_excel(book, sheet_name="ours", index=False)
    named = GOOD.replace("lists/molecules.csv", "two.xlsx")
    with pytest.raises(DataError, match="say which with sheet"):
        list_materials(load(tmp_path, named))
    named = named.replace("[engine]", 'sheet = "ours"\n[engine]')
    assert list_materials(load(tmp_path, named)).keys == ["CCO"]
    generated = named.replace('file = "two.xlsx"', 'generator = "chemicals"')
    with pytest.raises(ConfigError, match="sheet 'ours', expected it beside file"):
        load(tmp_path, generated)
