"""Dynamics by OpenMM (Eastman et al. 2024, doi 10.1021/acs.jpcb.3c06662)."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from forescale._machine.imports import optional
from forescale.engines.md.backend import TERMS, Integration, Samples
from forescale.engines.md.barostat import Barostat
from forescale.engines.md.cell import GAS, Cell, Floats, State
from forescale.engines.md.current import Slabs
from forescale.engines.md.openmm_system import KCAL, NM, build_system
from forescale.engines.md.stages import Stage
from forescale.errors import EngineError, MissingDependencyError

GENTLE_FRICTION = 20.0  # 1/ps
CONSTRAINT_TOLERANCE = 1e-6
SHRINK_STEPS = 10
"""Steps between two changes of a shrinking box."""
EXCHANGE_STEPS = 10
"""Steps between two exchanges of heat, where heat flows."""
MINIMUM = (10.0, 500)
"""Largest force left by a minimisation, kJ/(mol nm), and its steps."""


class OpenMM:
    """The OpenMM back end.

    Parameters
    ----------
    platform
        ``"CPU"``, or another of OpenMM's platforms (``"CUDA"`` needs its plugin package).
    """

    def __init__(self, platform: str = "CPU") -> None:
        self.platform = platform

    @property
    def version(self) -> str:
        """OpenMM's version and platform."""
        return f"openmm {metadata.version('openmm')} {self.platform}"

    def check(self) -> None:
        """Raise unless OpenMM can be imported and has the platform."""
        openmm = optional("openmm", "md")
        names = [
            openmm.Platform.getPlatform(index).getName()
            for index in range(openmm.Platform.getNumPlatforms())
        ]
        if self.platform not in names:
            raise MissingDependencyError(
                f"OpenMM has no platform {self.platform!r} here, only {', '.join(names)}"
            )

    def energies(
        self, cell: Cell, positions: Floats, length: float, tolerance: float, _folder: Path
    ) -> dict[str, float]:
        """Energy of each term, kcal/mol."""
        system = build_system(cell, length, tolerance, "terms")
        context = self._context(system, _verlet(), 1)
        _place(context, cell, positions, length)
        return {name: _potential(context, {group}) for group, name in enumerate(TERMS)}

    def minimise(self, cell: Cell, positions: Floats, length: float, _folder: Path) -> Floats:
        """A nearby minimum by L-BFGS, first with soft repulsion in place of pair interactions."""
        openmm = optional("openmm", "md")
        for interactions in ("soft", "cut off"):
            system = build_system(cell, length, 0.0, interactions)
            context = self._context(system, _verlet(), 1)
            _place(context, cell, positions, length)
            openmm.LocalEnergyMinimizer.minimize(context, *MINIMUM)
            positions = _positions(context)
        return positions

    def advance(
        self,
        cell: Cell,
        state: State,
        stage: Stage,
        integration: Integration,
        seed: int,
        _folder: Path,
    ) -> tuple[State, Samples]:
        """Langevin dynamics (Zhang et al. 2019, doi 10.1021/acs.jpca.9b02771).

        Bonds to hydrogen are constrained; pressure by :class:`Barostat`. Where heat flows: no
        thermostat, but velocity Verlet and :class:`Slabs`.
        """
        openmm = optional("openmm", "md")
        step, samples, between = integration.steps(stage)
        interactions = "cut off" if stage.packing else "long range"
        system = build_system(
            cell, state.length, integration.tolerance, interactions, constrained=True
        )
        friction = GENTLE_FRICTION if stage.packing else integration.friction
        if stage.slabs:
            integrator = _velocity_verlet(step / 1000.0)
        else:
            integrator = openmm.LangevinMiddleIntegrator(stage.start, friction, step / 1000.0)
            integrator.setRandomNumberSeed(_seed(seed, 2))
        integrator.setConstraintTolerance(CONSTRAINT_TOLERANCE)
        try:
            context = self._context(system, integrator, integration.threads)
            _place(context, cell, state.positions, state.length)
            context.applyConstraints(CONSTRAINT_TOLERANCE)
            _set_velocities(context, state.velocities)
            context.applyVelocityConstraints(CONSTRAINT_TOLERANCE)
            barostat = Barostat(cell, stage, step * between, seed)
            run = _Run(context, cell, stage, barostat, state.length)
            rows = [run.sample(number, samples, between) for number in range(samples)]
        except openmm.OpenMMException as error:
            raise EngineError(f"stage {stage.name!r}: {error}") from error
        last = State(_positions(context), _velocities(context), run.length)
        profile = [run.slabs.profile()] if run.slabs else []
        return last, Samples(*np.array(rows).T, *profile)

    def _context(self, system: Any, integrator: Any, threads: int) -> Any:
        openmm = optional("openmm", "md")
        platform = openmm.Platform.getPlatformByName(self.platform)
        options = {}
        if self.platform == "CPU":
            options = {"Threads": str(threads), "DeterministicForces": "true"}
        return openmm.Context(system, integrator, platform, options)


class _Run:
    """Dynamics under way: a context, the box, and what acts on it."""

    def __init__(
        self, context: Any, cell: Cell, stage: Stage, barostat: Barostat, length: float
    ) -> None:
        self.context, self.cell, self.stage = context, cell, stage
        self.barostat, self.length, self.first = barostat, length, length
        self.slabs = Slabs(cell, stage, length) if stage.slabs else None
        self.done = 0

    def sample(self, number: int, samples: int, between: int) -> tuple[float, float, float]:
        """Go on to the next sample; return density, potential energy and temperature."""
        stage, integrator = self.stage, self.context.getIntegrator()
        temperature = stage.start + (stage.stop - stage.start) * (number + 0.5) / samples
        if self.slabs is None:
            integrator.setTemperature(temperature)
        for count in self._intervals(between):
            integrator.step(count)
            if stage.density is not None:
                self.done += count
                self._shrink(stage.density, self.done / (samples * between))
            elif stage.pressure is not None:
                self._change_volume(temperature)
            elif self.slabs is not None:
                self._exchange(self.slabs, count * integrator.getStepSize()._value * 1000.0)
        seen = self.context.getState(getEnergy=True)
        kinetic = seen.getKineticEnergy()._value / KCAL
        kelvin = 2.0 * kinetic / (self.cell.freedom * GAS)
        potential = seen.getPotentialEnergy()._value / KCAL
        return self.cell.density(self.length), potential, kelvin

    def _intervals(self, steps: int) -> list[int]:
        """Steps between two changes of the box or of velocities."""
        if self.stage.density is not None or self.slabs is not None:
            every = SHRINK_STEPS if self.slabs is None else EXCHANGE_STEPS
            return [min(every, steps - done) for done in range(0, steps, every)]
        if self.stage.pressure is not None:
            return self.barostat.intervals(steps)
        return [steps]

    def _shrink(self, density: float, share: float) -> None:
        """Scale all positions with the box, ``share`` of the way to a density."""
        length = self.first * (self.cell.length(density) / self.first) ** share
        self._move(_positions(self.context) * (length / self.length), length)
        self.context.applyConstraints(CONSTRAINT_TOLERANCE)

    def _exchange(self, slabs: Slabs, time: float) -> None:
        """Note temperatures and exchange the heat that flows in ``time`` fs."""
        positions, velocities = _positions(self.context), _velocities(self.context)
        slabs.record(positions, velocities)
        _set_velocities(self.context, slabs.exchange(positions, velocities, time))

    def _change_volume(self, temperature: float) -> None:
        positions = _positions(self.context)
        energy = _potential(self.context)
        trial, length = self.barostat.propose(positions, self.length)
        if length < 2.0 * self.cell.cutoff:
            raise EngineError(
                f"stage {self.stage.name!r}: the box of {length:.1f} Å is smaller than twice the "
                f"cut-off of {self.cell.cutoff:g} Å; ask for more atoms"
            )
        before = self.length
        self._move(trial, length)
        gain = _potential(self.context) - energy
        if not self.barostat.accept(gain, before, length, temperature):
            self._move(positions, before)

    def _move(self, positions: Floats, length: float) -> None:
        _place(self.context, self.cell, positions, length)
        self.length = length


def _seed(seed: int, stream: int) -> int:
    """A positive 31-bit seed; zero would mean a random one."""
    return 1 + int(np.random.SeedSequence([seed, stream]).generate_state(1)[0] % (2**31 - 2))


def _verlet() -> Any:
    return optional("openmm", "md").VerletIntegrator(0.001)


def _velocity_verlet(step: float) -> Any:
    """Velocity Verlet with constraints (RATTLE); velocities and positions are of the same time.

    ``step`` in ps.
    """
    integrator = optional("openmm", "md").CustomIntegrator(step)
    integrator.addPerDofVariable("x1", 0)
    integrator.addUpdateContextState()
    integrator.addComputePerDof("v", "v+0.5*dt*f/m")
    integrator.addComputePerDof("x", "x+dt*v")
    integrator.addComputePerDof("x1", "x")
    integrator.addConstrainPositions()
    integrator.addComputePerDof("v", "v+0.5*dt*f/m+(x-x1)/dt")
    integrator.addConstrainVelocities()
    return integrator


def _place(context: Any, cell: Cell, positions: Floats, length: float) -> None:
    context.setPeriodicBoxVectors(*np.diag(cell.box(length) * NM).tolist())
    context.setPositions(positions * NM)


def _positions(context: Any) -> Floats:
    return np.array(context.getState(getPositions=True).getPositions(asNumpy=True)._value) / NM


def _velocities(context: Any) -> Floats:
    velocities = context.getState(getVelocities=True).getVelocities(asNumpy=True)._value
    return np.array(velocities) / NM / 1000.0


def _set_velocities(context: Any, velocities: Floats) -> None:
    context.setVelocities(velocities * NM * 1000.0)


def _potential(context: Any, groups: set[int] | None = None) -> float:
    chosen = {} if groups is None else {"groups": groups}
    return float(context.getState(getEnergy=True, **chosen).getPotentialEnergy()._value) / KCAL
