"""Sigma surfaces on disk: each is computed once, whoever asks first.

    FOLDER/<hash>/0.npz, 1.npz, …   surfaces, one a conformer, written as each is done
    FOLDER/<hash>/surfaces.json     what they are of, and how long they took; written last
    FOLDER/<hash>/failure.json      instead of it: why there are none
    FOLDER/<hash>/.lock             held by the process that computes

The hash is that of everything that changes the numbers.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

from forescale._machine.files import locked, write_text
from forescale.engines.cosmo.fragment import Piece, piece_of
from forescale.engines.cosmo.scf import conductor_surface
from forescale.engines.cosmo.settings import SURFACE_FIELDS, CosmoSettings
from forescale.engines.cosmo.surface import Surface
from forescale.engines.geometry import lowest_conformers
from forescale.engines.xtb import require_supported
from forescale.errors import DataError, EngineError, RunFolderError

RECIPE = 1
"""Raised when the way from material to surface changes, so that older surfaces are not used."""
EMBEDDED = 30
"""Conformers embedded, from which the lowest are taken."""


class SurfaceLibrary:
    """Surfaces of molecules and repeat units in a folder that several processes may share.

    Parameters
    ----------
    folder
        Where the surfaces are kept; made if it is not there.

    Examples
    --------
    >>> library = SurfaceLibrary(Path("surfaces"))
    >>> lowest, *others = library.get("*CC(*)c1ccccc1", CosmoSettings())  # doctest: +SKIP
    >>> lowest.area, lowest.volume  # of one repeat unit  # doctest: +SKIP
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)

    def get(self, material: str, settings: CosmoSettings, seed: int = 0) -> tuple[Surface, ...]:
        """Surfaces of a material's conformers, lowest energy in the conductor first.

        What is there is read; what is missing is computed and stored, one conformer after the
        other. A second process that asks for the same material meanwhile waits.

        Parameters
        ----------
        material
            Canonical SMILES of a molecule or repeat unit.
        settings
            Those named in :data:`SURFACE_FIELDS` count.
        seed
            Seed of the conformers.

        Raises
        ------
        MaterialError
            If the material is not one that can be computed.
        EngineError
            If the SCF of a conformer does not converge, now or when it was tried before.
        """
        identity = identify(material, settings, seed)
        place = self.folder / _digest(identity)
        if (ready := _read(place)) is not None:
            return ready
        with _held(place):
            if (ready := _read(place)) is not None:  # another process was faster
                return ready
            return self._compute(place, identity, settings)

    def _compute(
        self, place: Path, identity: dict[str, Any], settings: CosmoSettings
    ) -> tuple[Surface, ...]:
        for stale in place.glob("*.tmp"):
            stale.unlink()
        piece = piece_of(identity["material"], settings.flank)
        require_supported(piece.smiles, settings.max_heavy_atoms)
        geometries = lowest_conformers(
            piece.molecule,
            identity["material"],
            seed=identity["seed"],
            keep=settings.conformers,
            embedded=max(EMBEDDED, 3 * settings.conformers),
        )
        surfaces = []
        for number, geometry in enumerate(geometries):
            surface = _stored(place / f"{number}.npz")
            if surface is None:
                try:
                    surface = conductor_surface(piece, geometry, settings)
                except EngineError as error:
                    reason = f"{piece.smiles!r}, conformer {number}: {error}"
                    _write(place / "failure.json", identity | {"reason": reason})
                    raise EngineError(reason) from error
                surface.save(place / f"{number}.npz")
            surfaces.append(surface)
        _write(place / "surfaces.json", identity | _described(piece, surfaces))
        return _sorted(surfaces)


def identify(material: str, settings: CosmoSettings, seed: int) -> dict[str, Any]:
    """Everything that changes the numbers of a material's surfaces."""
    chosen = {name: getattr(settings, name) for name in SURFACE_FIELDS}
    if "*" not in material:
        del chosen["flank"]
    versions = {name: metadata.version(name) for name in ("pyscf", "rdkit")}
    return {"material": material, "seed": seed, "recipe": RECIPE, **chosen, **versions}


def _digest(identity: dict[str, Any]) -> str:
    text = json.dumps(identity, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def _described(piece: Piece, surfaces: list[Surface]) -> dict[str, Any]:
    """What a reader of the folder may want to know."""
    return {
        "computed": piece.smiles,
        "atoms": len(piece.numbers),
        "inner_atoms": int(piece.inner.sum()),
        "surfaces": len(surfaces),
        "energy_hartree": [surface.energy for surface in surfaces],
        "outlying_charge": [round(surface.outlying, 5) for surface in surfaces],
        "processor_seconds": [round(surface.seconds, 2) for surface in surfaces],
    }


def _read(place: Path) -> tuple[Surface, ...] | None:
    """What the folder holds, or ``None`` if it is not all there."""
    if failure := _json(place / "failure.json"):
        raise EngineError(f"{failure['reason']} (to try again, delete {place / 'failure.json'})")
    described = _json(place / "surfaces.json")
    if described is None:
        return None
    found = [_stored(place / f"{number}.npz") for number in range(described["surfaces"])]
    whole = [surface for surface in found if surface is not None]
    return _sorted(whole) if whole and len(whole) == len(found) else None


def _sorted(surfaces: list[Surface]) -> tuple[Surface, ...]:
    return tuple(sorted(surfaces, key=lambda surface: surface.energy))


def _stored(path: Path) -> Surface | None:
    try:
        return Surface.load(path)
    except DataError:  # absent or torn: to be computed
        return None


def _json(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _write(path: Path, content: dict[str, Any]) -> None:
    write_text(path, json.dumps(content, indent=2) + "\n")


@contextlib.contextmanager
def _held(place: Path) -> Iterator[None]:
    """Hold a material's folder; wait while another process does. The lock ends with the process."""
    try:
        with locked(place / ".lock", "another campaign", wait=True):
            yield
    except RunFolderError as error:
        raise EngineError(f"{error}") from error
