"""The protocol, piece by piece: pack, equilibrate, sample until converged, sweep, conduct heat."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from forescale.engines.md.backend import (
    BackEnd,
    Integration,
    require_stable,
    thermal_velocities,
    without_drift,
)
from forescale.engines.md.cell import Cell, State
from forescale.engines.md.conductivity import conductivity
from forescale.engines.md.history import History
from forescale.engines.md.properties import density_drift, sampled
from forescale.engines.md.settings import MdSettings
from forescale.engines.md.stages import Stage
from forescale.errors import EngineError

SPEARED = 0.6
"""A bond this much longer than at rest (Å), after packing, passes through a ring or another
bond."""
FURTHER = 3
"""Times that heat may flow once more for as long, until the conductivity is known well enough."""
FEWEST = 10
"""Least number of pieces of each time."""


class Simulation:
    """A cell taken through the protocol.

    Parameters
    ----------
    cell
        What is simulated.
    settings
        The protocol.
    backend
        The program.
    integration
        How it integrates.
    seed
        Seed of thermostat and barostat.
    packed
        Density to which the dilute cell shrinks, g/cm³.
    scratch
        Folder for the program's files.
    checkpoint
        File that is written after every piece.
    """

    def __init__(
        self,
        cell: Cell,
        settings: MdSettings,
        backend: BackEnd,
        integration: Integration,
        *,
        seed: int,
        packed: float,
        scratch: Path,
        checkpoint: Path | None,
    ) -> None:
        self.cell, self.settings, self.backend = cell, settings, backend
        self.integration, self.seed, self.packed = integration, seed, packed
        self.scratch, self.checkpoint = scratch, checkpoint
        self.resumed = 0

    def run(self, identity: str, start: Callable[[], State]) -> History:
        """Do what is missing of the protocol.

        Parameters
        ----------
        identity
            What is simulated, with versions; a checkpoint of anything else is not used.
        start
            Makes the first state if there is no checkpoint.

        Raises
        ------
        EngineError
            If the dynamics blow up, the density goes on drifting or the heat current does not
            become stationary; with the reason.
        """
        history = None
        if self.checkpoint is not None:
            history = History.load(self.checkpoint, identity)
        if history is None:
            history = History(identity, start())
            self._save(history)
        self.resumed = len(history.stages)
        for number, piece in enumerate(self._pieces(history)):
            if number < self.resumed:
                continue
            self._do(piece, number, history)
            self._save(history)
        return history

    def _save(self, history: History) -> None:
        if self.checkpoint is not None:
            history.save(self.checkpoint)

    def _pieces(self, history: History) -> Iterator[Stage]:
        """All pieces in order; how many are sampled depends on what was seen."""
        settings, longest = self.settings, self.settings.piece
        for stage in settings.equilibrating(self.packed):
            yield from stage.pieces(longest)
        for block in itertools.count(1):
            yield from settings.sampling().pieces(longest)
            if block >= settings.blocks and self._converged(history, block):
                break
        for stage in settings.sweeping():
            yield from stage.pieces(longest)
        if settings.conductivity:
            density = float(np.concatenate(sampled(history, settings, "density")).mean())
            for stage in settings.before_conducting(density):
                yield from stage.pieces(longest)
            pieces = settings.conducting().pieces(min(longest, settings.flow / FEWEST))
            for times in itertools.count(1):
                yield from pieces
                if self._stationary(history, times, times * len(pieces)):
                    break

    def _stationary(self, history: History, times: int, pieces: int) -> bool:
        # On going on from a checkpoint, later pieces are there already: they do not count yet.
        found = conductivity(history, self.cell, self.settings, pieces)
        if found.complaint and times > FURTHER:
            raise EngineError(
                f"no thermal conductivity after {times * self.settings.flow:g} ps "
                f"({found.value:.3f} ± {found.error:.3f} W/(m K)): {found.complaint}"
            )
        return not found.complaint

    def _converged(self, history: History, blocks: int) -> bool:
        settings = self.settings
        per_block = len(settings.sampling().pieces(settings.piece))
        seen = history.of("sample", "density")[: blocks * per_block]
        drift = density_drift(seen[-settings.counted :])
        if abs(drift) <= settings.drift:
            return True
        if blocks >= settings.blocks + settings.extensions:
            raise EngineError(
                f"not converged: after {blocks * settings.block:g} ps at "
                f"{settings.temperature:g} K the density still drifts by {drift:+.2%} in "
                f"{settings.blocks * settings.block:g} ps; {settings.drift:.2%} is allowed"
            )
        return False

    def _do(self, piece: Stage, number: int, history: History) -> None:
        digest = hashlib.sha256(f"{self.seed}/{number}".encode()).digest()
        seed = int.from_bytes(digest[:4], "big")
        cell, state = self.cell.repeated(piece.copies), history.state
        if len(state.positions) != cell.size:  # velocities anew: copies must not stay the same
            state = state.repeated(piece.copies)
            state = replace(state, velocities=thermal_velocities(cell, piece.start, seed))
        if piece.slabs:  # the thermostat before leaves a drift through the slabs
            state = replace(state, velocities=without_drift(cell, state.velocities))
        if piece.density is not None:  # an equal share of the way to it, in logarithms
            now = cell.density(state.length)
            piece = replace(piece, density=now * (piece.density / now) ** (1.0 / piece.left))
        state, samples = self.backend.advance(
            cell, state, piece, self.integration, seed, self.scratch
        )
        require_stable(cell, state, samples, piece)
        stretch = cell.longest_stretch(state.positions)
        if not piece.packing and stretch > SPEARED:
            raise EngineError(
                f"stage {piece.name!r}: a bond is {stretch:.2f} Å too long; "
                "it passes through a ring or another bond"
            )
        radius = cell.radius_of_gyration(state.positions)
        history.add(piece.name, state, samples, piece.duration, radius)
