"""Pools made by rules: repeat units, substituents, compositions."""

from __future__ import annotations

import pytest

from forescale.errors import ConfigError, DataError, MaterialError
from forescale.materials import Composition, Molecule, Polymer
from forescale.simulation import Campaign
from forescale.simulation.campaign import EngineConfig, MaterialsConfig
from forescale.simulation.generators.compositions import compositions
from forescale.simulation.generators.repeat_units import RULES, repeat_units
from forescale.simulation.generators.substituents import substituted
from forescale.simulation.sources import list_materials

DIACID, DIOL, DIAMINE = "O=C(O)CCCCC(=O)O", "OCCO", "NCCCCCCN"
DIISOCYANATE, BISPHENOL = "O=C=NCCCCCCN=C=O", "CC(C)(c1ccc(O)cc1)c1ccc(O)cc1"
DIANHYDRIDE, ANILINES = "O=C1OC(=O)c2cc3C(=O)OC(=O)c3cc12", "Nc1ccc(Oc2ccc(N)cc2)cc1"


@pytest.mark.parametrize(
    ("rule", "monomers", "made"),
    [
        ("vinyl", ["C=Cc1ccccc1"], "*CC(*)c1ccccc1"),
        ("vinyl", ["C=C(C)C(=O)OC"], "*CC(*)(C)C(=O)OC"),
        ("lactone", ["O=C1CCCCCO1"], "*OCCCCCC(*)=O"),
        ("lactam", ["O=C1CCCCCN1"], "*NCCCCCC(*)=O"),
        ("epoxide", ["CC1CO1"], "*CC(C)O*"),
        ("hydroxy-acid", ["CC(O)C(=O)O"], "*OC(C)C(*)=O"),
        ("amino-acid", ["NCCCCCC(=O)O"], "*NCCCCCC(*)=O"),
        ("polyester", [DIACID, DIOL], "*OCCOC(=O)CCCCC(*)=O"),
        ("polyamide", [DIACID, DIAMINE], "*NCCCCCCNC(=O)CCCCC(*)=O"),
        ("polyurethane", [DIISOCYANATE, DIOL], "*OCCOC(=O)NCCCCCCNC(*)=O"),
        ("polyurea", [DIISOCYANATE, DIAMINE], "*NCCCCCCNC(=O)NCCCCCCNC(*)=O"),
        (
            "polyimide",
            [DIANHYDRIDE, ANILINES],
            "*c1ccc(Oc2ccc(N3C(=O)c4cc5c(cc4C3=O)C(=O)N(*)C5=O)cc2)cc1",
        ),
        ("polycarbonate", [BISPHENOL], "*OC(=O)Oc1ccc(C(C)(C)c2ccc(*)cc2)cc1"),
    ],
)
def test_each_rule_makes_the_polymer_of_the_textbook(rule, monomers, made):
    assert list(repeat_units(monomers, [rule])) == [Polymer.parse(made).key]


def test_every_rule_has_its_polymer_above():
    marks = test_each_rule_makes_the_polymer_of_the_textbook.pytestmark
    assert {case[0] for mark in marks for case in mark.args[1]} == set(RULES)


def test_repeat_units_come_once_and_not_more_than_asked():
    monomers = ["C=C", "C=CC", "C=CCl", "C=C", "C=CC#N"]
    every = list(repeat_units(monomers))
    assert len(every) == len(set(every)) == 4
    assert list(repeat_units(monomers, most=2)) == every[:2]


def test_monomers_that_react_with_nothing_give_nothing():
    assert list(repeat_units(["CCCC", "c1ccccc1"])) == []
    with pytest.raises(ConfigError, match="expected some of vinyl"):
        list(repeat_units(["C=C"], ["magic"]))
    with pytest.raises(MaterialError):
        list(repeat_units(["C=C=("]))


def test_substituents_are_put_at_every_site_once():
    found = set(substituted(["c1cc([*:1])ccc1[*:2]"], ["*[H]", "*F", "*C#N"]))
    wanted = ["c1ccccc1", "Fc1ccccc1", "N#Cc1ccccc1", "Fc1ccc(F)cc1", "Fc1ccc(C#N)cc1"]
    assert found == {Molecule.parse(s).key for s in [*wanted, "N#Cc1ccc(C#N)cc1"]}


def test_substituted_repeat_units_keep_their_ends():
    found = list(substituted(["*CC(*)[*:1]"], ["*Cl", "*c1ccccc1"]))
    assert found == [Polymer.parse(s).key for s in ("*CC(*)Cl", "*CC(*)c1ccccc1")]


@pytest.mark.parametrize(
    ("scaffolds", "groups", "told"),
    [
        (["c1ccccc1"], ["*C"], "expected a site"),
        (["C[*:1]"], ["C"], "with one \\*"),
        (["C[*:1]"], ["*C*"], "with one \\*"),
        (["C(C)(C)(C)(C)[*:1]"], ["*C"], "is no material"),
    ],
)
def test_scaffolds_and_groups_that_cannot_be_are_named(scaffolds, groups, told):
    with pytest.raises(ConfigError, match=told):
        list(substituted(scaffolds, groups))


def test_compositions_are_reduced_and_neutral_where_asked():
    every = list(compositions(["Fe", "O"], largest=4))
    assert len(every) == len(set(every)) == 2 + 11  # ratios 1:1, 1:2, …, 4:3
    charged = compositions(["Fe", "O"], fewest=2, charges={"Fe": [2, 3], "O": [-2]})
    assert list(charged) == [Composition.parse(f).key for f in ("FeO", "Fe2O3")]
    with pytest.raises(ConfigError, match="got none of O"):
        list(compositions(["Fe", "O"], charges={"Fe": [2]}))


def _campaign(tmp_path, generator, kind, options, limit=None):
    materials = MaterialsConfig(generator=generator, options=options, limit=limit)
    return Campaign(
        name="pool",
        kind=kind,
        results=tmp_path / "results",
        materials=(materials,),
        engine=EngineConfig(name="replay"),
        folder=tmp_path,
    )


def test_campaigns_and_pools_name_them(tmp_path):
    options = {"elements": ["Li", "Fe", "P", "O"], "largest": 3}
    every = list_materials(_campaign(tmp_path, "compositions", "composition", options)).keys
    assert len(every) == len(set(every)) > 100
    some = list_materials(_campaign(tmp_path, "compositions", "composition", options, 20)).keys
    assert len(some) == 20
    assert set(some) < set(every)


def test_a_generator_without_end_is_stopped(tmp_path):
    (tmp_path / "endless.py").write_text(
        "from itertools import count\n\n\ndef make():\n"
        "    for number in count(1):\n        yield 'C' * (number % 3 + 1)\n"
    )
    campaign = _campaign(tmp_path, "endless.py:make", "molecule", {})
    with pytest.raises(DataError, match="more than"):
        list_materials(campaign)
