"""PySCF's continuum solvent as an ideal conductor, with its integrals kept between SCF cycles.

This module imports PySCF: import it only where PySCF is known to be there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyscf import df, gto, lib
from pyscf.solvent import pcm
from scipy.linalg import cho_factor, cho_solve

Floats = NDArray[np.float64]

BLOCK = 240
"""Surface charges whose integrals are computed together."""
KEPT_BYTES = 1.2e9
"""Integrals with surface charges that are kept, bytes; beyond, they are computed in every cycle."""


class Conductor(pcm.PCM):  # type: ignore[misc]
    """COSMO whose screening charges minimise the energy exactly in every cycle.

    PySCF computes the integrals between pairs of basis functions and surface charges twice in every
    cycle and solves the linear system for the charges anew. Here both are done once.

    Attributes
    ----------
    screening
        Cholesky factor of the matrix of interactions between the segments.
    """

    _keys = {"screening", "_kept"}  # noqa: RUF012 (PySCF's own way to name attributes)

    def build(self, ng: int | None = None) -> None:
        """Place the segments and factorise their interactions."""
        super().build(ng)
        self.screening = cho_factor(self._intermediates["S"])
        self._kept: dict[int, Floats] = {}

    def _get_vind(self, dms: Floats) -> tuple[float, Floats]:
        """Energy of the screening, and its potential on the electrons; shape (nao, nao)."""
        if not self._intermediates:
            self.build()
        density = np.asarray(dms).reshape(dms.shape[-2:])
        potential = self.v_grids_n.copy()
        pairs = _pairs(density)
        for start, end, integrals in self._blocks():
            potential[start:end] -= pairs @ integrals
        charges = -cho_solve(self.screening, potential)
        packed = np.zeros(pairs.size)
        for start, end, integrals in self._blocks():
            packed -= integrals @ charges[start:end]
        self._intermediates.update(q=charges, q_sym=charges, v_grids=potential)
        return 0.5 * float(charges @ potential), lib.unpack_tril(packed)

    def _blocks(self) -> Iterator[tuple[int, int, Floats]]:
        """Potential at each segment by each pair of basis functions, some segments at a time."""
        points, widths = self.surface["grid_coords"], self.surface["charge_exp"]
        for start in range(0, len(points), BLOCK):
            end = min(start + BLOCK, len(points))
            integrals = self._kept.get(start)
            if integrals is None:
                integrals = _integrals(self.mol, points[start:end], widths[start:end])
                if sum(kept.nbytes for kept in self._kept.values()) < KEPT_BYTES:
                    self._kept[start] = integrals
            yield start, end, integrals


def _pairs(density: Floats) -> Floats:
    """Lower triangle of a symmetric matrix, in which each off-diagonal element counts twice."""
    packed: Floats = lib.pack_tril(density + density.T)
    index = np.arange(len(density))
    packed[index * (index + 1) // 2 + index] *= 0.5
    return packed


def _integrals(molecule: Any, points: Floats, widths: Floats) -> Floats:
    """Shape (pairs of basis functions, points)."""
    charges = gto.fakemol_for_charges(points, expnt=widths**2)
    charges.cart = molecule.cart
    name = molecule._add_suffix("int3c2e")
    found: Floats = df.incore.aux_e2(molecule, charges, intor=name, aosym="s2ij")
    return found
