"""What has been simulated so far: the last state, all samples, and a file that holds both."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from forescale._machine.files import replace_file
from forescale.engines.md.backend import Samples
from forescale.engines.md.cell import Floats, State

SERIES = ("density", "potential", "temperature", "profile")
"""What is kept of the samples of each piece."""


@dataclass
class History:
    """Pieces of dynamics that are done.

    Attributes
    ----------
    identity
        What is simulated, with versions; a checkpoint of anything else is not used.
    state
        The last state.
    stages
        Stage of each piece.
    samples
        What was seen in each piece.
    durations, radii
        Length (ps) of each piece, and the chains' radius of gyration (Å) at its end.
    """

    identity: str
    state: State
    stages: list[str] = field(default_factory=list)
    samples: list[Samples] = field(default_factory=list)
    durations: list[float] = field(default_factory=list)
    radii: list[float] = field(default_factory=list)

    def add(
        self, stage: str, state: State, samples: Samples, duration: float, radius: float
    ) -> None:
        """Add a piece."""
        self.state = state
        self.stages.append(stage)
        self.samples.append(samples)
        self.durations.append(duration)
        self.radii.append(radius)

    def of(self, stage: str, quantity: str) -> list[Floats]:
        """A quantity in each piece of a stage."""
        pairs = zip(self.stages, self.samples, strict=True)
        return [getattr(samples, quantity) for name, samples in pairs if name == stage]

    def radius_of_gyration(self, stage: str) -> float:
        """Mean radius of gyration at the ends of a stage's pieces, Å."""
        pairs = zip(self.stages, self.radii, strict=True)
        return float(np.mean([radius for name, radius in pairs if name == stage]))

    def save(self, path: Path) -> None:
        """Write to a file so that a reader finds the old or the new one, never half."""
        path.parent.mkdir(parents=True, exist_ok=True)
        joined: dict[str, Any] = {
            name: np.concatenate([getattr(s, name) for s in self.samples] or [np.empty(0)])
            for name in SERIES
        }
        with replace_file(path) as temporary, temporary.open("wb") as stream:
            np.savez(
                stream,
                identity=np.array(self.identity),
                positions=self.state.positions,
                velocities=self.state.velocities,
                length=np.array(self.state.length),
                stages=np.array(self.stages, dtype=np.str_),
                counts=np.array(
                    [[len(getattr(s, name)) for name in SERIES] for s in self.samples],
                    dtype=np.int64,
                ).reshape(-1, len(SERIES)),
                durations=np.array(self.durations),
                radii=np.array(self.radii),
                **joined,
            )

    @classmethod
    def load(cls, path: Path, identity: str) -> History | None:
        """What was saved, or ``None`` if there is nothing usable of this identity."""
        try:
            with np.load(path, allow_pickle=False) as raw:
                if str(raw["identity"]) != identity:
                    return None
                edges = np.cumsum(raw["counts"], axis=0)[:-1]
                parts = [
                    np.split(raw[name], ends) for name, ends in zip(SERIES, edges.T, strict=True)
                ]
                return cls(
                    identity,
                    State(raw["positions"], raw["velocities"], float(raw["length"])),
                    [str(stage) for stage in raw["stages"]],
                    [Samples(*rows) for rows in zip(*parts, strict=True)][: len(raw["counts"])],
                    [float(value) for value in raw["durations"]],
                    [float(value) for value in raw["radii"]],
                )
        except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile):
            return None
