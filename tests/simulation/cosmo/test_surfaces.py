"""Cavities and screening charges against geometry, physics and published values."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from forescale.engines.cosmo import cavity, scf
from forescale.engines.cosmo.cavity import atomic_volumes, radii_of
from forescale.engines.cosmo.fragment import piece_of
from forescale.engines.cosmo.scf import conductor_surface, mean_field
from forescale.engines.cosmo.settings import CosmoSettings
from forescale.engines.cosmo.surface import Surface
from forescale.engines.geometry import lowest_conformers
from forescale.errors import DataError, EngineError, MaterialError

pytest.importorskip("pyscf")

HARTREE_FOCK = CosmoSettings()
DENSITY_FUNCTIONAL = CosmoSettings(theory="bp86/def2-svp")
#: Area (Å²) and volume (Å³) of the cavities of BP/DNP geometries in the open database of Mullins
#: et al. 2006 (doi 10.1021/ie060370h), in the copy by Bell et al. 2020 (doi
#: 10.1021/acs.jctc.9b01016). Its cavities have smoothed seams, so the figures differ a little.
PUBLISHED = {"O": (43.27, 25.73), "CCO": (88.41, 70.20), "c1ccccc1": (121.92, 110.22)}


def computed(smiles: str, settings: CosmoSettings = HARTREE_FOCK) -> Surface:
    piece = piece_of(smiles, settings.flank)
    (geometry,) = lowest_conformers(piece.molecule, smiles, keep=1)
    return conductor_surface(piece, geometry, settings)


@pytest.fixture(scope="module")
def water() -> Surface:
    return computed("O")


@pytest.fixture(scope="module")
def methanol() -> Surface:
    return computed("CO")


def test_two_spheres_have_their_volume() -> None:
    apart, large, small = 2.2, 2.0, 1.3
    volumes = atomic_volumes(
        np.array([[0.0, 0.0, 0.0], [apart, 0.3, 0.0]]), np.array([large, small])
    )
    d = np.hypot(apart, 0.3)
    lens = np.pi * (large + small - d) ** 2
    lens *= d**2 + 2 * d * (large + small) - 3 * (large - small) ** 2
    lens /= 12 * d
    union = 4 / 3 * np.pi * (large**3 + small**3) - lens
    assert volumes.sum() == pytest.approx(union, rel=0.01)
    # Each has its ball without the cap beyond the plane in which the spheres meet.
    cap = large - (d**2 + large**2 - small**2) / (2 * d)
    own = 4 / 3 * np.pi * large**3 - np.pi * cap**2 * (3 * large - cap) / 3
    assert volumes[0] == pytest.approx(own, rel=0.01)


def test_elements_without_a_radius_are_refused() -> None:
    assert radii_of(np.array([1, 6, 53])).tolist() == [1.30, 2.00, 2.32]
    with pytest.raises(MaterialError, match=r"atomic number 5, 26; expected one of 1, 6"):
        radii_of(np.array([26, 6, 5]))


@pytest.mark.parametrize("smiles", PUBLISHED)
def test_cavities_have_published_area_and_volume(smiles: str) -> None:
    from forescale.engines.cosmo.scf import in_conductor

    piece = piece_of(smiles, 2)
    (geometry,) = lowest_conformers(piece.molecule, smiles, keep=1)
    method = in_conductor(mean_field(piece.numbers, geometry.positions, "hf/6-31g*"), 110)
    method.with_solvent.build()
    area = method.with_solvent.surface["area"].sum() * scf.BOHR**2
    volume = atomic_volumes(geometry.positions, radii_of(piece.numbers)).sum()
    assert (area, volume) == pytest.approx(PUBLISHED[smiles], rel=0.03)


def test_one_atom_has_the_area_of_its_sphere() -> None:
    from forescale.engines.cosmo.scf import in_conductor

    method = in_conductor(mean_field(np.array([8, 1, 1]), np.eye(3) * 9.0, "hf/6-31g*"), 110)
    method.with_solvent.build()
    area = method.with_solvent.surface["area"].sum() * scf.BOHR**2
    assert area == pytest.approx(4 * np.pi * (1.72**2 + 2 * 1.30**2), rel=1e-6)


def test_charges_obey_gauss(water: Surface, methanol: Surface) -> None:
    for surface in (water, methanol):
        assert abs(surface.charges.sum()) < 1e-12
        assert -0.03 < surface.outlying < 0.0  # a little of the electrons is outside, no more
    assert abs(methanol.outlying) == pytest.approx(0.0119, abs=0.002)


def test_water_is_screened_as_its_dipole_asks(water: Surface) -> None:
    density = water.charges / water.areas
    oxygen = water.numbers[water.owner] == 8
    heights = (water.points - water.positions[0]) @ (
        water.positions[1:].mean(axis=0) - water.positions[0]
    )
    far, near = oxygen & (heights < 0), ~oxygen & (heights > np.quantile(heights, 0.8))
    assert (density[near] < -0.008).all()  # negative before the hydrogens
    assert density[far].mean() > 0.01  # positive before the lone pairs
    atoms = np.bincount(water.owner, weights=water.charges)
    assert atoms == pytest.approx([0.265, -0.133, -0.133], abs=0.03)  # BP/DNP, same database


def test_the_conductor_lowers_the_energy(methanol: Surface) -> None:
    vacuum = mean_field(methanol.numbers, methanol.positions, "hf/6-31g*").kernel()
    # 4–6 kcal/mol of screening for a molecule of 1.7 D
    assert -0.012 < methanol.energy - vacuum < -0.006


def test_an_independent_conductor_agrees(water: Surface) -> None:
    """PySCF's own PCM at a huge permittivity, without density fitting."""
    from pyscf import gto
    from pyscf import scf as pyscf_scf

    atoms = list(zip(water.numbers.tolist(), water.positions, strict=True))
    method = pyscf_scf.RHF(gto.M(atom=atoms, basis="6-31g*", verbose=0)).PCM()
    method.with_solvent.set(method="C-PCM", eps=1e9, lebedev_order=17)
    method.with_solvent.radii_table = np.zeros(60)
    for number, radius in cavity.RADII.items():
        method.with_solvent.radii_table[number] = radius / scf.BOHR
    assert method.kernel() == pytest.approx(water.energy, abs=2e-4)
    raw = method.with_solvent._intermediates["q_sym"]
    assert raw.sum() == pytest.approx(water.outlying, abs=1e-4)
    large = method.with_solvent.surface["area"] * scf.BOHR**2 > scf.SMALLEST_AREA
    assert water.charges == pytest.approx(raw[large], abs=3e-4)  # of up to 8e-3


def test_levels_of_theory_agree_about_the_charges(methanol: Surface) -> None:
    other = computed("CO", DENSITY_FUNCTIONAL)
    assert other.points == pytest.approx(methanol.points)
    sigma, reference = methanol.charges / methanol.areas, other.charges / other.areas
    assert np.corrcoef(sigma, reference)[0, 1] > 0.99
    assert np.polyfit(reference, sigma, 1)[0] == pytest.approx(1.1, abs=0.1)  # HF: more polar


def test_surfaces_are_reproducible(methanol: Surface) -> None:
    again = computed("CO")
    assert (again.positions == methanol.positions).all()
    assert again.energy == pytest.approx(methanol.energy, abs=1e-9)
    assert again.charges == pytest.approx(methanol.charges, abs=1e-8)


def test_iodine_and_heavier_main_group_elements_have_bases() -> None:
    for theory in ("hf/6-31g*", "bp86/def2-svp"):
        numbers = np.array([53, 35, 14, 15, 16, 17, 9, 7])
        method = mean_field(numbers, np.arange(24.0).reshape(8, 3), theory)
        assert method.mol.nelectron == 25 + 35 + 14 + 15 + 16 + 17 + 9 + 7  # 28 in iodine's core


def test_scf_without_convergence_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scf, "CYCLES", 1)
    monkeypatch.setattr(scf, "DAMPED_CYCLES", 2)
    with pytest.raises(EngineError, match=r"not converged to 1e-07 hartree in 1 cycles, nor in 2"):
        computed("CO")
    monkeypatch.setattr(scf, "DAMPED_CYCLES", 200)  # the second attempt cures the first
    assert computed("CO").energy == pytest.approx(-115.0423, abs=1e-3)


def test_files_hold_a_surface(methanol: Surface, tmp_path: Path) -> None:
    path = tmp_path / "new" / "0.npz"
    methanol.save(path)
    loaded = Surface.load(path)
    assert loaded.charges.tolist() == methanol.charges.tolist()
    assert loaded.energy == methanol.energy
    assert loaded.inner.dtype == bool
    assert (loaded.area, loaded.volume) == (methanol.area, methanol.volume)
    assert [p.name for p in path.parent.iterdir()] == ["0.npz"]


def test_files_that_hold_none_say_so(methanol: Surface, tmp_path: Path) -> None:
    path = tmp_path / "0.npz"
    with pytest.raises(DataError, match=r"0\.npz: not a whole sigma surface"):
        Surface.load(path)
    methanol.save(path)
    whole = path.read_bytes()
    for torn in (
        b"",
        whole[:100],
        whole[: len(whole) // 2],
        whole[:-10],
        b"PK\x03\x04" + b"0" * 99,
    ):
        path.write_bytes(torn)
        with pytest.raises(DataError, match="not a whole"):
            Surface.load(path)
    np.save(path.with_suffix(".npy"), np.array([{"code": 1}], dtype=object))
    with pytest.raises(DataError, match="not a whole"):
        Surface.load(path.with_suffix(".npy"))
    replace(methanol, volumes=np.zeros(2)).save(path)
    with pytest.raises(DataError, match=r"volumes has shape \(2,\), expected \(6,\)"):
        Surface.load(path)
