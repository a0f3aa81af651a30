"""The sigma surface of one conformer: what it holds, and the file it is kept in."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forescale._machine.files import replace_file
from forescale.errors import DataError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Surface:
    """Screening charges on the cavity of one conformer in a conductor.

    Attributes
    ----------
    numbers
        Atomic numbers; shape (atoms,).
    positions
        Coordinates, Å; shape (atoms, 3).
    bonds
        Atoms that are bound to each other; shape (bonds, 2).
    inner
        Atoms that count: all of a molecule, the repeat unit's own in a piece of a chain; shape
        (atoms,).
    volumes
        Share of the cavity's volume that belongs to each atom, Å³; shape (atoms,).
    owner
        Atom that each segment belongs to; shape (segments,).
    points
        Centres of the segments, Å; shape (segments, 3).
    areas, charges
        Areas (Å²) and screening charges (e) of the segments. The charges sum to zero; shape
        (segments,).
    energy
        Energy in the conductor, hartree.
    outlying
        What the screening charges summed to before they were corrected, e.
    seconds
        Processor time that the surface took, s.
    """

    numbers: Integers
    positions: Floats
    bonds: Integers
    inner: Flags
    volumes: Floats
    owner: Integers
    points: Floats
    areas: Floats
    charges: Floats
    energy: float
    outlying: float
    seconds: float

    @property
    def counted(self) -> Flags:
        """Segments that belong to inner atoms, shape (segments,)."""
        flags: Flags = self.inner[self.owner]
        return flags

    @property
    def area(self) -> float:
        """Area of the inner atoms, Å²."""
        return float(self.areas[self.counted].sum())

    @property
    def volume(self) -> float:
        """Volume of the inner atoms, Å³."""
        return float(self.volumes[self.inner].sum())

    @property
    def charge(self) -> float:
        """Screening charge of the inner atoms, e: near zero where the cuts are far enough."""
        return float(self.charges[self.counted].sum())

    def save(self, path: Path) -> None:
        """Write to a file (npz) so that a reader finds all of it or nothing."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with replace_file(path) as temporary, temporary.open("wb") as stream:
            np.savez_compressed(stream, **{f.name: getattr(self, f.name) for f in fields(self)})

    @classmethod
    def load(cls, path: Path) -> Surface:
        """Read a file written by :meth:`save`.

        Raises
        ------
        DataError
            If the file is absent, torn or something else.
        """
        try:
            with np.load(path, allow_pickle=False) as raw:
                found: dict[str, Any] = {f.name: raw[f.name] for f in fields(cls)}
            numbers = {name: float(found[name]) for name in ("energy", "outlying", "seconds")}
            surface = cls(**found | numbers)
        except (OSError, EOFError, ValueError, KeyError, AttributeError, TypeError) as error:
            raise DataError(f"{path}: not a whole sigma surface ({error!r})") from error
        except zipfile.BadZipFile as error:
            raise DataError(f"{path}: not a whole sigma surface ({error})") from error
        surface._require_consistent(path)
        return surface

    def _require_consistent(self, path: Path) -> None:
        atoms, segments = len(np.atleast_1d(self.numbers)), len(np.atleast_1d(self.areas))
        expected = {
            "numbers": (atoms,),
            "positions": (atoms, 3),
            "inner": (atoms,),
            "volumes": (atoms,),
            "owner": (segments,),
            "points": (segments, 3),
            "areas": (segments,),
            "charges": (segments,),
        }
        for name, shape in expected.items():
            if (got := np.shape(getattr(self, name))) != shape:
                raise DataError(f"{path}: {name} has shape {got}, expected {shape}")
