"""Settings of the cosmo engine."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from forescale.engines.contract import EngineProtocol

SURFACE_FIELDS = ("theory", "lebedev", "conformers", "flank", "max_heavy_atoms")
"""Settings that change a sigma surface; the others only what is made of it."""


class CosmoSettings(EngineProtocol):
    """Settings of the cosmo engine.

    Attributes
    ----------
    quantity
        Flory–Huggins chi of a polymer in a solvent, or ln γ of a molecule at infinite dilution in
        another.
    volume_fraction
        Volume fraction of the polymer at which chi is taken.
    theory
        Method and basis of the sigma surfaces.
    lebedev
        Points on the whole sphere of an atom; those inside other atoms fall away.
    conformers
        Conformers, the lowest in force-field energy, whose surfaces are computed.
    flank
        Bonds up to which the neighbours of a repeat unit are part of the calculation.
    max_heavy_atoms
        Larger molecules (for a polymer: fragments of the chain) are refused.
    """

    quantity: Literal["chi", "ln_gamma"] = "chi"
    volume_fraction: float = Field(default=0.5, gt=0.0, le=1.0)
    theory: Literal["hf/6-31g*", "bp86/def2-svp"] = "hf/6-31g*"
    lebedev: Literal[50, 110, 194, 302] = 110
    conformers: int = Field(default=3, ge=1, le=50)
    flank: int = Field(default=2, ge=1, le=12)
    max_heavy_atoms: int = Field(default=60, ge=1, le=200)
