"""The md protocol: barostat, samples, convergence, checkpoints, ends of all kinds."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from md_cells import BRIEF, Scripted, methanes

from forescale.engines.md.backend import Integration, Samples
from forescale.engines.md.barostat import ATM, Barostat, heavy_groups
from forescale.engines.md.cell import DENSITY, GAS, Cell, Floats, State
from forescale.engines.md.history import History
from forescale.engines.md.properties import (
    RepeatUnit,
    bulk_properties,
    density_drift,
    mean_and_error,
)
from forescale.engines.md.settings import MdSettings
from forescale.engines.md.simulate import Simulation
from forescale.engines.md.stages import Stage
from forescale.errors import EngineError
from forescale.simulation import Campaign, campaign_table, run_campaign


def test_heavy_hydrogens_keep_the_mass() -> None:
    cell = methanes(3)
    assert cell.chain.heavier_hydrogens(2.0).tolist() == [8.0, 2.0, 2.0, 2.0, 2.0]
    assert cell.mass == 48.0
    assert cell.freedom == 3 * 15 - 12 - 3
    assert cell.density(cell.length(0.7)) == pytest.approx(0.7)
    assert cell.density(10.0) == pytest.approx(48.0 / 6.02214076e23 / 1e-21)


def test_a_chain_has_its_radius_of_gyration() -> None:
    cell = methanes(2)
    positions = np.zeros((10, 3))
    positions[[1, 6], 0], positions[[2, 7], 0] = 2.0, -2.0  # two of mass 1 at ±2 Å, of 16
    assert cell.radius_of_gyration(positions) == pytest.approx(np.sqrt(2 * 4.0 / 16.0))
    assert cell.radius_of_gyration(positions + 7.0) == pytest.approx(np.sqrt(0.5))
    assert cell.longest_stretch(positions) == pytest.approx(2.0 - 1.09)


def test_the_barostat_gives_an_ideal_gas_its_volume() -> None:
    """Groups without interactions: the mean volume is (groups + 1)·kT/p."""
    cell, temperature, pressure = methanes(20), 350.0, 40.0
    stage = Stage("gas", 1.0, temperature, temperature, pressure)
    barostat = Barostat(cell, stage, sample=200.0, seed=4)
    assert barostat.count == 20
    assert sum(barostat.intervals(37)) == 37
    positions, length, volumes = np.zeros((100, 3)), 25.0, []
    for _ in range(30_000):
        _, trial = barostat.propose(positions, length)
        length = trial if barostat.accept(0.0, length, trial, temperature) else length
        volumes.append(length**3)
    expected = 21 * GAS * temperature / (pressure * ATM)
    assert np.mean(volumes[5000:]) == pytest.approx(expected, rel=0.15)


def test_a_change_of_volume_moves_groups_as_they_are() -> None:
    cell = methanes(4)
    assert heavy_groups(cell).tolist() == [0] * 5 + [1] * 5 + [2] * 5 + [3] * 5
    barostat = Barostat(cell, Stage("x", 1.0, 300.0, 300.0, 1.0), 200.0, seed=0)
    positions = np.random.default_rng(0).uniform(0.0, 20.0, (20, 3))
    moved, length = barostat.propose(positions, 20.0)
    assert length != 20.0
    for group in range(4):
        of_group = slice(5 * group, 5 * group + 5)
        before, after = positions[of_group], moved[of_group]
        assert after.mean(axis=0) == pytest.approx(before.mean(axis=0) * length / 20.0)
        assert after - after.mean(axis=0) == pytest.approx(before - before.mean(axis=0))


def test_drift_and_error_of_a_density() -> None:
    random = np.random.default_rng(0)
    noise = [random.normal(1.0, 0.01, 400) for _ in range(10)]
    mean, error = mean_and_error(noise)
    assert abs(mean - 1.0) < 4 * error
    assert error == pytest.approx(0.01 / np.sqrt(4000), rel=0.6)
    assert abs(density_drift(noise)) < 0.002
    ramp = np.linspace(1.0, 1.1, 400)
    assert density_drift([ramp[:200], ramp[200:]]) == pytest.approx(0.1 / 1.05, rel=0.01)


def simulated(
    density: Any, checkpoint: Path | None = None, **settings: Any
) -> tuple[History, Simulation, Cell, MdSettings]:
    chosen = MdSettings.model_validate(BRIEF | settings)
    cell = methanes(60)
    backend: Any = Scripted(density)
    simulation = Simulation(
        cell, chosen, backend, Integration(4.0), seed=5, packed=0.5,
        scratch=Path(), checkpoint=checkpoint,
    )  # fmt: skip
    positions = np.random.default_rng(0).uniform(0.0, 0.5, (cell.size, 3))
    history = simulation.run("me", lambda: State(positions, np.zeros_like(positions), 30.0))
    return history, simulation, cell, chosen


def test_properties_of_a_known_solid() -> None:
    """Density falling with temperature; harmonic energy: 3R a site and R·freedom/2 kinetic."""
    expansion = 3e-4
    history, _, cell, settings = simulated(lambda _, stage: np.exp(-expansion * (stage.stop - 300)))
    unit = RepeatUnit(mass=28.0, vdw_volume=30.0, polarizability=3.6)
    found = bulk_properties(history, cell, settings, unit)
    assert found["density"] == pytest.approx(1.0)
    assert found["density_error"] == pytest.approx(0.0, abs=1e-12)
    assert found["thermal_expansion"] == pytest.approx(expansion, rel=1e-6)
    per_mass = (1.5 * 3 * cell.size + 0.5 * cell.freedom) * GAS * 4184e3 / cell.mass
    assert found["heat_capacity"] == pytest.approx(per_mass, rel=1e-6)
    share = 4 * np.pi / 3 * 3.6 / (28.0 * DENSITY)
    assert found["refractive_index"] == pytest.approx(np.sqrt((1 + 2 * share) / (1 - share)))


def test_sampling_goes_on_until_the_density_stays() -> None:
    def settling(done: int, stage: Stage) -> float:
        return 1.0 - 0.5 * np.exp(-done / 8.0)

    history, *_ = simulated(settling, drift=0.01, extensions=20)
    count = history.stages.count("sample")
    assert 3 < count < 23
    assert abs(density_drift(history.of("sample", "density")[-3:])) <= 0.01
    assert abs(density_drift(history.of("sample", "density")[-4:-1])) > 0.01
    with pytest.raises(EngineError, match=r"not converged: after 2 ps at 300 K.*drifts by \+"):
        simulated(settling, drift=0.001, extensions=2)


def test_dynamics_that_blow_up_are_reported() -> None:
    with pytest.raises(EngineError, match=r"unstable dynamics in stage 'melt'.*not finite"):
        _broken("melt", np.nan)
    with pytest.raises(EngineError, match=r"unstable dynamics in stage 'cool'.* 9000 K"):
        _broken("cool", 9000.0)


def _broken(where: str, kelvin: float) -> None:
    class Broken(Scripted):
        def advance(self, *args: Any) -> tuple[State, Samples]:
            state, samples = super().advance(*args)
            if args[2].name == where:
                samples = replace(samples, temperature=np.full(3, kelvin))
            return state, samples

    cell = methanes(60)
    backend: Any = Broken(lambda *_: 1.0)
    chosen = MdSettings.model_validate(BRIEF)
    simulation = Simulation(
        cell, chosen, backend, Integration(4.0), seed=5, packed=0.5, scratch=Path(), checkpoint=None
    )
    zeros: Floats = np.zeros((cell.size, 3))
    simulation.run("me", lambda: State(zeros, zeros, 30.0))


def test_a_bond_through_a_ring_is_reported() -> None:
    cell = methanes(60)
    backend: Any = Scripted(lambda *_: 1.0)
    chosen = MdSettings.model_validate(BRIEF)
    positions = np.zeros((cell.size, 3))
    positions[1] = 3.0
    start = State(positions, np.zeros_like(positions), 30.0)
    simulation = Simulation(
        cell, chosen, backend, Integration(4.0), seed=5, packed=0.5, scratch=Path(), checkpoint=None
    )
    with pytest.raises(EngineError, match=r"a bond is .* Å too long"):
        simulation.run("me", lambda: start)


def test_a_checkpoint_is_gone_on_from(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "history.npz"
    whole, *_ = simulated(lambda *_: 1.0)

    def dies(done: int, stage: Stage) -> float:
        if done == 6:
            raise KeyboardInterrupt
        return 1.0

    with pytest.raises(KeyboardInterrupt):
        simulated(dies, path)
    history, simulation, *_ = simulated(lambda *_: 1.0, path)
    assert simulation.resumed == 5
    assert history.stages == whole.stages
    assert np.array_equal(history.state.positions, whole.state.positions)
    assert np.array_equal(np.concatenate(history.of("sample", "potential")),
                          np.concatenate(whole.of("sample", "potential")))  # fmt: skip


def test_a_damaged_or_foreign_checkpoint_is_not_used(tmp_path: Path) -> None:
    path = tmp_path / "history.npz"
    simulated(lambda *_: 1.0, path)
    assert History.load(path, "me") is not None
    assert History.load(path, "another") is None
    path.write_bytes(path.read_bytes()[:1000])
    assert History.load(path, "me") is None
    assert History.load(tmp_path / "none.npz", "me") is None


CAMPAIGN = """
kind = "polymer"
retries = 0
[[materials]]
file = "polymers.csv"
[engine]
name = "md"
[engine.protocol]
atoms = 300
chains = 2
cutoff = 6.0
packing = 4.0
melt = 2.0
cooling = 500.0
hot = 500.0
block = 2.0
blocks = 3
drift = 0.5
piece = 0.4
"""


@pytest.mark.processes
@pytest.mark.slow
def test_kill_9_resumes_from_the_last_checkpoint(tmp_path: Path) -> None:
    pytest.importorskip("openmm", reason="the md engine needs openmm")
    pytest.importorskip("radonpy", reason="the md engine needs radonpy-pypi")
    for name in ("killed", "whole"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "c.toml").write_text(CAMPAIGN)
        (tmp_path / name / "polymers.csv").write_text("smiles\n*CCO*\n")
    code = "from forescale.cli.main import main; main()"
    command = [sys.executable, "-c", code, "simulate", str(tmp_path / "killed" / "c.toml")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    results = tmp_path / "killed" / "c-results"
    pieces = _pieces_in(results, at_least=4)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert _pieces_in(results, at_least=pieces) >= 4
    again = Campaign.from_toml(tmp_path / "killed" / "c.toml")
    assert run_campaign(again).done == 1
    notes = (next((results / "results").glob("*/*.jsonl"))).read_text()
    assert "resumed after" in notes
    assert not any((results / "checkpoints").glob("*/*"))
    whole = Campaign.from_toml(tmp_path / "whole" / "c.toml")
    assert run_campaign(whole).done == 1
    first, second = (
        campaign_table(campaign.results, "density").values[0] for campaign in (again, whole)
    )
    assert first == pytest.approx(second, rel=1e-9)


def _pieces_in(results: Path, at_least: int) -> int:
    """Wait until a checkpoint holds so many pieces."""
    deadline = time.monotonic() + 600.0
    while time.monotonic() < deadline:
        for path in results.glob("checkpoints/*/*/history.npz"):
            with np.load(path) as raw:
                if (pieces := len(raw["stages"])) >= at_least:
                    return pieces
        time.sleep(0.05)
    raise AssertionError("no checkpoint in time")
