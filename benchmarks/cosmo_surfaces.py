"""Sigma surfaces: time and agreement of both levels of theory, and how much chain a unit needs.

Two tables, printed as they grow:

* processor seconds, area, volume and outlying charge of molecules and pieces of chains at both
  levels of theory, and the correlation of their charge densities (segments weighted by area);
* the inner unit of polystyrene with 1, 2 and 3 flanking bonds (3: about its trimer).

    python benchmarks/cosmo_surfaces.py [times] [flanks]
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import _kit
import numpy as np
from numpy.typing import NDArray

from forescale.engines.cosmo.fragment import piece_of
from forescale.engines.cosmo.scf import conductor_surface
from forescale.engines.cosmo.settings import CosmoSettings
from forescale.engines.cosmo.surface import Surface
from forescale.engines.geometry import lowest_conformers

Array = NDArray[Any]
MATERIALS = {
    "water": "O",
    "chloroform": "ClC(Cl)Cl",
    "toluene": "Cc1ccccc1",
    "PMMA": "*CC(*)(C)C(=O)OC",
    "polystyrene": "*CC(*)c1ccccc1",
}
THEORIES = ("hf/6-31g*", "bp86/def2-svp")
EDGES = np.linspace(-0.03, 0.03, 61)  # of the histogram of charge densities, e/Å²


def surfaces(material: str, settings: CosmoSettings) -> list[Surface]:
    """Of its lowest conformers."""
    piece = piece_of(material, settings.flank)
    shapes = lowest_conformers(piece.molecule, material, keep=settings.conformers)
    return [conductor_surface(piece, shape, settings) for shape in shapes]


def histogram(surface: Surface) -> Array:
    """Area of the inner atoms by charge density."""
    inside = surface.counted
    density = surface.charges[inside] / surface.areas[inside]
    return np.histogram(density, EDGES, weights=surface.areas[inside])[0]


def overlap(one: Array, other: Array) -> float:
    """Share of area that two histograms have in common."""
    return float(np.minimum(one, other).sum() / np.maximum(one.sum(), other.sum()))


def agreement(one: Surface, other: Surface) -> tuple[float, float]:
    """Correlation of charge densities, and the slope of the first on the second."""
    x, y, w = other.charges / other.areas, one.charges / one.areas, one.areas
    dx, dy = x - np.average(x, weights=w), y - np.average(y, weights=w)
    product, square = np.sum(w * dx * dy), np.sum(w * dx**2)
    return float(product / np.sqrt(square * np.sum(w * dy**2))), float(product / square)


def times(materials: Sequence[str]) -> None:
    """Both levels of theory."""
    table = _kit.Table(
        "material", "atoms", "level", "CPU s", "area Å²", "volume Å³", "outlying e", "r", "slope"
    )
    first: dict[str, Surface] = {}
    for theory in THEORIES:
        for name in materials:
            (found,) = surfaces(
                MATERIALS[name], CosmoSettings.model_validate({"theory": theory, "conformers": 1})
            )
            row: list[object] = [name, len(found.numbers), theory, f"{found.seconds:.1f}"]
            row += [f"{found.area:.1f}", f"{found.volume:.1f}", f"{found.outlying:.4f}"]
            r, slope = agreement(first.setdefault(name, found), found)
            row += [f"{r:.4f}", f"{slope:.3f}"]
            table.row(*row)


def flanks(material: str, conformers: int) -> None:
    """How much chain a unit needs."""
    table = _kit.Table(
        "flank",
        "heavy atoms",
        "CPU s",
        "area Å²",
        "volume Å³",
        "charge e",
        "overlap conformers",
        "3",
    )
    seen = {}
    for flank in (3, 2, 1):
        found = surfaces(material, CosmoSettings(flank=flank, conformers=conformers))
        shapes = [histogram(surface) for surface in found]
        seen[flank] = np.mean(shapes, axis=0)
        row: list[object] = [
            flank,
            int((found[0].numbers > 1).sum()),
            f"{sum(s.seconds for s in found):.0f}",
        ]
        for values in ([s.area for s in found], [s.volume for s in found]):
            row.append(" ".join(f"{value:.1f}" for value in values))
        row.append(" ".join(f"{s.charge:+.3f}" for s in found))
        row += [f"{overlap(shapes[0], shapes[-1]):.3f}", f"{overlap(seen[flank], seen[3]):.3f}"]
        table.row(*row)


def main(argv: Sequence[str] | None = None) -> None:
    """Print one table or both."""
    parser = _kit.parser(__doc__)
    parser.add_argument("tables", nargs="*", default=["times", "flanks"])
    told = _kit.parse(parser, argv)
    if "times" in told.tables:
        times(["water"] if told.smoke else list(MATERIALS))
    if "flanks" in told.tables:
        print()
        flanks("*CC*" if told.smoke else MATERIALS["polystyrene"], 1 if told.smoke else 2)


if __name__ == "__main__":
    main()
