"""Isotopologues are materials of their own, alike in structure and different in mass."""

import numpy as np
import pytest

from forescale.descriptors import get_descriptor
from forescale.errors import MaterialError
from forescale.materials import GROUPINGS, Molecule, Polymer
from forescale.materials.polymer_class import polymer_class


def rows(name, kind, keys):
    descriptor = get_descriptor(name, kind)
    values = descriptor.rows(keys)
    differing = ~np.isclose(values[0], values[1], equal_nan=True)
    columns = [column.name for column in descriptor.columns]
    return [name for name, differs in zip(columns, differing, strict=True) if differs]


@pytest.mark.parametrize(
    ("plain", "labelled"),
    [
        ("CCO", "[2H]OC([2H])([2H])C"),
        ("c1ccccc1", "[2H]c1c([2H])c([2H])c([2H])c([2H])c1[2H]"),
        ("CC(=O)O", "[13CH3][13C](=O)[18OH]"),
        ("C[C@H](N)C(=O)O", "[2H]OC(=O)[C@H](C)N"),
    ],
)
def test_molecules_differ_in_mass_alone(plain, labelled):
    keys = [Molecule.parse(plain).key, Molecule.parse(labelled).key]
    assert keys[0] != keys[1]
    assert set(rows("structure", "molecule", keys)) <= {"MolWt", "ExactMolWt"}
    assert len(rows("structure", "molecule", keys)) == 2
    scaffold = GROUPINGS["molecule"]["scaffold"]
    assert scaffold(keys[0]) == scaffold(keys[1])


def test_polymers_differ_by_what_is_per_mass():
    keys = [
        Polymer.parse(unit).key for unit in ("*CC(*)C", "*C([2H])([2H])C([2H])(*)C([2H])([2H])[2H]")
    ]
    descriptor = get_descriptor("periodic", "polymer")
    values = descriptor.rows(keys)
    names = [column.name for column in descriptor.columns]
    mass = values[:, names.index("mass_per_backbone_atom")]
    assert mass == pytest.approx([42.081 / 2, 48.118 / 2], rel=1e-4)
    per_mass = names.index("HeavyAtomCount")
    assert values[0, per_mass] * mass[0] == pytest.approx(values[1, per_mass] * mass[1], rel=1e-5)
    assert values[0, names.index("refraction_per_volume")] == pytest.approx(
        values[1, names.index("refraction_per_volume")]
    )
    assert polymer_class(keys[0]) == polymer_class(keys[1])


@pytest.mark.parametrize(
    ("unit", "mass"),  # of four units between methyl groups, g/mol
    [
        ("*CC*", 142.286),
        ("*C([2H])([2H])C([2H])([2H])*", 158.384),
        ("*[13CH2]C*", 4 * (13.00335 + 12.011 + 4 * 1.008) + 2 * 15.035),
    ],
)
def test_chains_of_molecular_dynamics_have_the_mass_of_their_isotopes(unit, mass):
    chains = pytest.importorskip("forescale.engines.md.chains")
    pytest.importorskip("radonpy")
    chain, _ = chains.build_chains(unit, degree=4, chains=1, seed=0)
    topology, _ = chains.assign_force_field(chain, unit)
    assert topology.masses.sum() == pytest.approx(mass, abs=0.01)


def test_tritium_is_refused_where_chains_are_joined_by_it():
    chains = pytest.importorskip("forescale.engines.md.chains")
    with pytest.raises(MaterialError, match="tritium"):
        chains.require_supported("*CC([3H])*")


@pytest.mark.parametrize(
    ("plain", "labelled"), [("O", "[2H]O[2H]"), ("CO", "[2H]OC"), ("CNC", "[2H]N(C)C"), ("C", "C")]
)
def test_polar_hydrogens_count_whatever_their_isotope(plain, labelled):
    from forescale.engines.xtb import polar_hydrogens

    assert polar_hydrogens(Molecule.parse(labelled).key) == polar_hydrogens(plain)
