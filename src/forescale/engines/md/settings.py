"""Settings of the md engine, and its two presets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from pydantic import (
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from forescale.engines.contract import EngineProtocol
from forescale.engines.md.stages import Stage, larsen, melt_and_cool

PRESETS: dict[str, dict[str, Any]] = {
    "quick": {
        "atoms": 1000,
        "chains": 4,
        "time_step": 4.0,
        "hydrogen_mass": 3.0,
        "cutoff": 9.0,
        "tolerance": 5e-4,
        "equilibration": "21-step",
        "scale": 0.03,
        "hot": 700.0,
        "pressure": 50000.0,
        "packing": 4.0,
        "melt": 6.0,
        "cooling": 12.0,
        "block": 6.0,
        "blocks": 4,
        "extensions": 4,
        "drift": 0.01,
        "piece": 6.0,
        "copies": 2,
        "slabs": 16,
        "contrast": 90.0,
        "flow": 90.0,
        "settle": 0.4,
        "noise": 0.15,
    },
    "careful": {
        "atoms": 10000,
        "chains": 10,
        "time_step": 1.0,
        "hydrogen_mass": 1.008,
        "cutoff": 12.0,
        "tolerance": 1e-5,
        "equilibration": "21-step",
        "scale": 1.0,
        "hot": 600.0,
        "pressure": 50000.0,
        "packing": 2000.0,
        "melt": 0.0,
        "cooling": 1.0,
        "block": 1250.0,
        "blocks": 4,
        "extensions": 12,
        "drift": 0.005,
        "piece": 25.0,
        "copies": 3,
        "slabs": 20,
        "contrast": 100.0,
        "flow": 1000.0,
        "settle": 0.8,
        "noise": 0.10,
    },
}
"""What a preset says about each setting that is not given."""

CONDUCTION = ("conductivity", "copies", "slabs", "contrast", "flow", "settle", "noise")
"""Settings that count only where heat flows."""
COPYING = 6.0
"""Time in which copies of a cell come to differ, ps."""


class MdSettings(EngineProtocol):
    """Settings of the md engine. Those that are not given have the value of the preset.

    Attributes
    ----------
    preset
        Where the other settings come from.
    backend
        Program that does the dynamics.
    platform
        OpenMM's platform, such as ``"CPU"`` or ``"CUDA"``.
    temperature
        K.
    atoms, chains
        Atoms in the cell, about, and chains they make up.
    time_step
        fs.
    hydrogen_mass
        Mass of hydrogens in dynamics, g/mol; taken from the atoms they are bound to.
    cutoff
        Cut-off of pair interactions, Å.
    tolerance
        Relative error allowed to long-range Coulomb forces.
    equilibration
        How the cell gets dense.
    hot, pressure
        Highest temperature (K) and pressure (atm) of the equilibration.
    packing
        Time in which the dilute cell shrinks, ps.
    melt
        Time of each part of the melt, ps (melt-and-cool).
    cooling
        Rate of cooling, K/ps (melt-and-cool), and of the temperature sweep.
    scale
        Factor on the durations of the 21 steps.
    block, blocks
        Sampling: length of a block (ps) and how many are averaged.
    extensions
        Further blocks allowed until the density of the last ``blocks`` no longer drifts.
    drift
        Largest drift of the density over those blocks, as a share of it.
    sweep
        Distance (K) of two more temperatures, for thermal expansion and heat capacity.
    piece
        Longest time between two checkpoints, ps.
    conductivity
        Whether heat is made to flow at the end, for the thermal conductivity. All that follows
        counts only then.
    copies
        Cells side by side along the heat current.
    slabs
        Slabs across it, an even number; one is cooled, the one half a box away is heated.
    contrast
        Sets the heat current: the difference in temperature (K) that it would sustain
        between these two in a material of 0.2 W/(m K).
    flow, settle
        Time in which heat flows (ps), and the share of it in which the temperatures settle and
        do not count.
    noise
        Largest standard error of the conductivity, as a share of it. Until it is reached, and the
        temperatures have settled, heat flows as long again, up to three times.
    """

    preset: Literal["quick", "careful"] = "quick"
    backend: Literal["openmm", "lammps"] = "openmm"
    platform: str = "CPU"
    temperature: float = Field(default=300.0, ge=50.0, le=1000.0)
    atoms: int = Field(ge=100, le=200_000)
    chains: int = Field(ge=1, le=500)
    time_step: float = Field(gt=0.0, le=5.0)
    hydrogen_mass: float = Field(ge=1.0, le=4.0)
    cutoff: float = Field(ge=6.0, le=16.0)
    tolerance: float = Field(gt=0.0, le=1e-2)
    equilibration: Literal["melt-and-cool", "21-step"]
    hot: float = Field(ge=300.0, le=1500.0)
    pressure: float = Field(ge=1.0, le=1e5)
    packing: float = Field(gt=0.0)
    melt: float = Field(ge=0.0)
    cooling: float = Field(gt=0.0)
    scale: float = Field(gt=0.0)
    block: float = Field(gt=0.0)
    blocks: int = Field(ge=3, le=100)
    extensions: int = Field(ge=0, le=1000)
    drift: float = Field(gt=0.0, le=1.0)
    sweep: float = Field(default=40.0, gt=0.0, le=200.0)
    piece: float = Field(gt=0.0)
    conductivity: bool = False
    copies: int = Field(ge=1, le=20)
    slabs: int = Field(ge=12, le=200, multiple_of=2)
    contrast: float = Field(gt=0.0, le=400.0)
    flow: float = Field(gt=0.0)
    settle: float = Field(ge=0.0, le=0.9)
    noise: float = Field(gt=0.0, le=1.0)

    @model_validator(mode="before")
    @classmethod
    def _from_preset(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        return PRESETS.get(given.get("preset", "quick"), PRESETS["quick"]) | given

    @model_serializer(mode="wrap")
    def _without_what_is_off(self, serialise: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Settings of a heat current that does not flow change no result: leave them out."""
        every: dict[str, Any] = serialise(self)
        return {k: v for k, v in every.items() if self.conductivity or k not in CONDUCTION}

    def equilibrating(self, packed: float) -> Iterator[Stage]:
        """Stages from the dilute cell to the temperature of interest; ``packed`` in g/cm³."""
        hot, cold = self.hot, self.temperature
        yield Stage("relax", 0.1 * self.packing, cold, hot, packing=True)
        yield Stage("pack", self.packing, hot, hot, density=packed, packing=True)
        if self.equilibration == "21-step":
            yield from larsen(hot, cold, self.pressure, self.scale)
        else:
            yield from melt_and_cool(hot, cold, self.pressure, self.melt, self.cooling)

    def sampling(self) -> Stage:
        """One block of sampling."""
        return Stage("sample", self.block, self.temperature, self.temperature, 1.0)

    @property
    def counted(self) -> int:
        """Pieces of sampling that are averaged: those of the last ``blocks`` blocks."""
        return self.blocks * len(self.sampling().pieces(self.piece))

    def sweeping(self) -> Iterator[Stage]:
        """To the upper and the lower temperature of the sweep, and a block at each."""
        before = self.temperature
        for name, there in (
            ("upper", self.temperature + self.sweep),
            ("lower", self.temperature - self.sweep),
        ):
            yield Stage(f"to {name}", abs(there - before) / self.cooling, before, there, 1.0)
            yield Stage(name, 2.0 * self.block, there, there, 1.0)
            before = there

    def before_conducting(self, density: float) -> Iterator[Stage]:
        """Back from the sweep, and copies at a density in g/cm³."""
        here = self.temperature
        yield Stage("return", self.sweep / self.cooling, here - self.sweep, here, 1.0)
        yield Stage("copy", COPYING, here, here, density=density, copies=self.copies)

    def conducting(self) -> Stage:
        """Heat flows."""
        return Stage(
            "conduct",
            self.flow,
            self.temperature,
            self.temperature,
            copies=self.copies,
            slabs=self.slabs,
            contrast=self.contrast,
        )
