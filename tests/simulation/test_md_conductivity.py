"""Thermal conductivity by the md engine: the current, both programs, analysis, protocol."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from md_cells import BRIEF, Scripted, lammps, methanes, packed

from forescale._machine.plugins import load_object
from forescale.engines.md import MdEngine, MdSettings
from forescale.engines.md.backend import (
    KINETIC,
    BackEnd,
    Integration,
    Samples,
    thermal_velocities,
    without_drift,
)
from forescale.engines.md.barostat import heavy_groups
from forescale.engines.md.cell import GAS, Cell, Floats, State
from forescale.engines.md.conductivity import conductivity, from_profiles, halves
from forescale.engines.md.current import (
    WATT,
    Slabs,
    freedom_of_atoms,
    heat_current,
    heated,
)
from forescale.engines.md.history import History
from forescale.engines.md.simulate import Simulation
from forescale.engines.md.stages import Stage
from forescale.errors import EngineError

FLUID = Path(__file__).parents[2] / "benchmarks" / "simulation_nemd.py"
STAGE = Stage("conduct", 6.0, 300.0, 300.0, copies=2, slabs=12, contrast=60.0)


def kinetic(cell: Cell, velocities: Floats) -> float:
    return 0.5 * KINETIC * float(cell.dynamic_masses @ (velocities**2).sum(axis=1))


def test_copies_stand_side_by_side() -> None:
    cell = methanes(2)
    state = State(np.arange(30.0).reshape(10, 3), np.ones((10, 3)), 7.0).repeated(3)
    box = cell.repeated(3)
    assert box.size == 30 == len(state.positions)
    assert box.box(7.0).tolist() == [21.0, 7.0, 7.0]
    assert box.density(7.0) == pytest.approx(cell.density(7.0))
    assert box.length(cell.density(7.0)) == pytest.approx(7.0)
    assert (state.positions[20:] - state.positions[:10]).tolist() == [[14.0, 0.0, 0.0]] * 10


def test_heat_goes_from_the_cold_slab_to_the_hot_one() -> None:
    cell = methanes(200)
    positions = np.random.default_rng(0).uniform(-50.0, 50.0, (200, 1, 3))
    positions = (positions + np.random.default_rng(1).normal(0, 0.5, (200, 5, 3))).reshape(-1, 3)
    velocities = thermal_velocities(cell, 300.0, seed=3)
    # No hydrogen moves along its bond: as after the constraints of a program.
    centre = np.arange(cell.size) // 5 * 5
    velocities = velocities[centre]
    slabs = Slabs(cell, replace(STAGE, copies=1), 24.0)
    after = slabs.exchange(positions, velocities, 50.0)
    heat = heat_current(cell, replace(STAGE, copies=1), 24.0) * 50.0
    changed = (after != velocities).any(axis=1)
    assert 0 < changed.sum() < cell.size
    assert kinetic(cell, after) == pytest.approx(kinetic(cell, velocities), rel=1e-12)
    momentum = cell.dynamic_masses @ (after - velocities)
    assert momentum == pytest.approx(0.0, abs=1e-12)
    assert after == pytest.approx(after[centre])  # bonds to hydrogen keep their lengths
    groups = heavy_groups(cell)
    middles = np.bincount(groups, cell.dynamic_masses * positions[:, 0]) / 16.0
    slab = np.floor(middles / 2.0).astype(int) % 12
    for number, sign in ((0, -1.0), (6, 1.0)):
        inside = (slab == number)[groups][:, None]
        gained = kinetic(cell, after * inside) - kinetic(cell, velocities * inside)
        assert gained == pytest.approx(sign * heat, rel=1e-9)
    slabs.record(positions, velocities)
    share = np.bincount(np.floor(positions[:, 0] / 2.0).astype(int) % 12, minlength=12)
    assert (slabs.profile() > 0).sum() == (share > 0).sum()


def test_the_current_is_that_of_the_contrast() -> None:
    """0.2 W/(m K), 60 K over 30 Å both ways through 30 Å x 30 Å: 7.2e-8 W."""
    watts = heat_current(methanes(10).repeated(2), STAGE, 30.0) / WATT
    assert watts == pytest.approx(0.2 * 60.0 / 30e-10 * 2 * (30e-10) ** 2)
    assert pytest.approx(4184.0 / 6.02214076e23 / 1e-15) == 1.0 / WATT


def test_no_more_heat_is_taken_than_there_is() -> None:
    velocities, masses = np.array([[1e-3, 0.0, 0.0], [-1e-3, 0.0, 0.0]]), np.array([16.0, 16.0])
    with pytest.raises(EngineError, match=r"no 1 kcal/mol of heat to take from a slab with 0\.0"):
        heated(velocities, masses, -1.0)
    cell = methanes(1)
    with pytest.raises(EngineError, match="stage 'conduct': slab 0 has no atoms"):
        Slabs(cell, STAGE, 24.0).exchange(np.full((5, 3), 3.0), np.ones((5, 3)), 1.0)


def test_degrees_of_freedom_are_those_of_equipartition() -> None:
    """Kinetic energies of constrained atoms in equilibrium, from the projected velocities."""
    cell = methanes(1)
    random = np.random.default_rng(0)
    bonds = random.normal(size=(4, 3))
    rows = np.zeros((4, 15))
    for row, (i, j), along in zip(rows, cell.chain.bonds, bonds, strict=True):
        row[3 * i : 3 * i + 3], row[3 * j : 3 * j + 3] = along, -along
    masses = np.repeat(cell.dynamic_masses, 3)
    inverse = 1.0 / masses
    weighted = rows * inverse
    covariance = np.diag(inverse) - weighted.T @ np.linalg.solve(weighted @ rows.T, weighted)
    exact = (masses * np.diag(covariance)).reshape(5, 3).sum(axis=1)
    assert exact.sum() == pytest.approx(11.0)
    found = freedom_of_atoms(cell) * 11.0 / cell.freedom
    assert found.sum() == pytest.approx(11.0)
    assert found == pytest.approx(exact, abs=0.5)
    assert freedom_of_atoms(methanes(7)).sum() == pytest.approx(methanes(7).freedom)


def tent(rise: float, slabs: int = 16) -> Floats:
    """Temperatures that rise by so many kelvins from slab to slab, to the middle."""
    steps = np.arange(slabs)
    return 300.0 + rise * np.minimum(steps, slabs - steps)


def test_a_known_profile_has_its_conductivity() -> None:
    slopes, shares = halves(tent(3.0))
    assert slopes == pytest.approx([3.0, 3.0])
    assert shares == pytest.approx([1.0, 1.0])
    noise = np.random.default_rng(0).normal(0.0, 4.0, (40, 16))
    flux = 3.0 / 2.5 * 0.17 * WATT * 1e-10  # 3 K in 2.5 Å
    value, error = from_profiles(tent(3.0) + noise, flux, 2.5)
    assert abs(value - 0.17) < 3.0 * error
    # A slope of five points: 4/√10; its mean over two halves and forty profiles: /√80.
    assert error / value == pytest.approx(4.0 / np.sqrt(10.0) / np.sqrt(80.0) / 3.0, rel=0.6)


class Conducting(Scripted):
    """A scripted back end with a tent of temperatures where heat flows, and constant energy."""

    def __init__(self, profile: Any, energy: Any = lambda done: 0.0) -> None:
        super().__init__(lambda *_: 1.0)
        self.profile, self.energy = profile, energy

    def advance(self, *args: Any) -> tuple[State, Samples]:
        state, samples = super().advance(*args)
        cell, _, stage = args[:3]
        assert len(state.positions) == cell.size == stage.copies * 300
        if stage.slabs:
            potential = samples.potential + self.energy(self.done)
            samples = replace(samples, potential=potential, profile=self.profile(self.done))
        return state, samples


#: Pieces before heat flows.
BEFORE = 34
WARM: dict[str, Any] = {"conductivity": True, "flow": 8.0, "noise": 0.2}


def simulated(
    backend: Any, checkpoint: Path | None = None, **raw: Any
) -> tuple[History, Simulation, Cell, MdSettings]:
    settings, cell = MdSettings.model_validate(BRIEF | WARM | raw), methanes(60)
    simulation = Simulation(
        cell, settings, backend, Integration(4.0), seed=5, packed=0.5,
        scratch=Path(), checkpoint=checkpoint,
    )  # fmt: skip
    positions = np.random.default_rng(0).uniform(0.0, 0.5, (cell.size, 3))
    history = simulation.run("me", lambda: State(positions, np.zeros_like(positions), 30.0))
    return history, simulation, cell, settings


def test_the_protocol_ends_with_a_heat_current() -> None:
    history, _, cell, settings = simulated(Conducting(lambda done: tent(4.0)))
    stages = list(dict.fromkeys(history.stages))
    assert stages[-5:] == ["to lower", "lower", "return", "copy", "conduct"]
    assert history.stages[BEFORE:] == ["conduct"] * 20
    found = conductivity(history, cell, settings)
    width, contrast = 2 * 30.0 / 16, settings.contrast
    assert found.value == pytest.approx(0.2 * contrast / 30.0 / (4.0 / width))
    assert found.error == pytest.approx(0.0, abs=1e-12)
    assert (found.complaint, found.leak) == ("", pytest.approx(0.0, abs=1e-9))


def test_heat_flows_until_temperatures_have_settled() -> None:
    def settling(done: int) -> Floats:
        return tent(4.0 * (1.0 - np.exp(-(done - BEFORE) / 30.0)))

    history, _, cell, settings = simulated(Conducting(settling))
    assert history.stages.count("conduct") == 40
    assert conductivity(history, cell, settings).complaint == ""
    assert conductivity(history, cell, settings, 20).complaint.startswith("gradients of early")


@pytest.mark.parametrize(
    ("profile", "energy", "reason"),
    [
        (lambda done: tent(4.0), lambda done: 9.0 * done, r"the energy drifts by \+\d+%"),
        (lambda done: tent(-1.0), lambda done: 0.0, "does not rise"),
        (lambda done: tent(4.0 + 9.0 * (-1) ** (done // 8)), lambda done: 0.0, "standard error"),
        (lambda done: tent(4.0) + 9.0 * (-1) ** np.arange(16), lambda done: 0.0, "a line explains"),
        (lambda done: tent(4.0) * (1.0 + 0.02 * (np.arange(16) < 8) * np.arange(16)),
         lambda done: 0.0, "the halves of the box"),
    ],
)  # fmt: skip
def test_what_is_not_stationary_fails_with_the_reason(
    profile: Any, energy: Any, reason: str
) -> None:
    with pytest.raises(EngineError, match=rf"no thermal conductivity after 32 ps .*{reason}"):
        simulated(Conducting(profile, energy))


def test_a_current_is_gone_on_with_from_a_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "history.npz"
    whole, *_ = simulated(Conducting(lambda done: tent(4.0)))

    def dies(done: int) -> Floats:
        if done == len(whole.stages) - 3:
            raise KeyboardInterrupt
        return tent(4.0)

    with pytest.raises(KeyboardInterrupt):
        simulated(Conducting(dies), path)
    history, simulation, *_ = simulated(Conducting(lambda done: tent(4.0)), path)
    assert simulation.resumed == len(whole.stages) - 4
    assert history.stages == whole.stages
    assert np.array_equal(history.state.positions, whole.state.positions)
    assert np.array_equal(history.of("conduct", "profile"), whole.of("conduct", "profile"))


def test_conductivity_is_a_property_only_if_asked_for() -> None:
    off, on = (MdSettings.model_validate(raw) for raw in ({"slabs": 20}, {"conductivity": True}))
    assert "thermal_conductivity" not in MdEngine(off).units
    assert MdEngine(on).units["thermal_conductivity_error"] == "W/(m*K)"
    # What does not flow changes neither labels nor checkpoints.
    assert off.model_dump(mode="json") == MdSettings.model_validate({}).model_dump(mode="json")
    assert not {"slabs", "conductivity"} & set(off.model_dump())
    assert MdSettings.model_validate(on.model_dump(mode="json")) == on


@pytest.mark.parametrize("name", ["openmm", "lammps"])
def test_both_programs_make_the_same_current(name: str, tmp_path: Path) -> None:
    """Heat goes where it should; energy, momentum and bonds to hydrogen are kept."""
    pytest.importorskip("openmm", reason="the md engine needs openmm")
    pytest.importorskip("radonpy", reason="the md engine needs radonpy-pypi")
    from forescale.engines.md.openmm_backend import OpenMM

    backend: BackEnd = lammps() if name == "lammps" else OpenMM()
    cell, positions, length, _ = packed("*CC*", degree=12, count=3, density=0.4)
    integration = Integration(1.0, friction=20.0)
    state = State(positions, thermal_velocities(cell, 300.0, seed=1), length)
    state, _ = backend.advance(
        cell, state, Stage("warm", 0.4, 300.0, 300.0), integration, 1, tmp_path
    )
    box, state = cell.repeated(2), state.repeated(2)
    state = replace(state, velocities=without_drift(box, state.velocities))
    stage = replace(STAGE, duration=0.8, contrast=300.0)
    after, samples = backend.advance(box, state, stage, integration, 2, tmp_path)
    momentum = box.dynamic_masses @ after.velocities
    assert np.abs(momentum).max() < 1e-4
    energy = samples.potential + 0.5 * GAS * box.freedom * samples.temperature
    flowed = heat_current(box, stage, length) * 800.0
    assert np.ptp(energy) < 0.1 * flowed
    chains = after.positions.reshape(box.chains, cell.chain.size, 3)
    ends = chains[:, cell.chain.bonds[cell.chain.hydrogen_bonds]]
    lengths = np.linalg.norm(ends[:, :, 0] - ends[:, :, 1], axis=2)
    rest = cell.chain.bond_terms[cell.chain.hydrogen_bonds, 1]
    assert np.abs(lengths / rest - 1.0).max() < 1e-4
    # Hardly any heat has left the slabs: what they gained is half kinetic.
    assert samples.profile.shape == (12,)
    freedom = box.freedom / 12
    gained = 0.5 * GAS * freedom * (samples.profile[6] - samples.profile[0])
    assert 0.2 * flowed < gained < 1.5 * flowed


def test_a_lennard_jones_fluid_has_the_published_conductivity() -> None:
    """Evans 1986 (doi 10.1103/PhysRevA.34.1449): 3.4 at T* = 1.35, density* = 0.6."""
    pytest.importorskip("openmm", reason="the md engine needs openmm")
    lennard_jones = load_object("engine.name", f"{FLUID}:lennard_jones")
    temperature, density, published = load_object("engine.name", f"{FLUID}:PUBLISHED")
    found, states = lennard_jones(temperature, density, 256, 2, 150.0)
    reduced = found.value / load_object("engine.name", f"{FLUID}:REDUCED")
    assert reduced == pytest.approx(published, rel=0.25)
    assert found.error < 0.2 * found.value
    assert abs(found.leak) < 0.01
    drifts = [np.abs(state.velocities.sum(axis=0)).max() for state in states]
    assert max(drifts) < 1e-6
