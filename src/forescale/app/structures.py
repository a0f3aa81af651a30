"""Drawings of molecules, repeat units and pairs, as SVG."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import Response

from forescale.app.folder import NotHereError
from forescale.errors import MaterialError
from forescale.labels import MaterialKind

router = APIRouter()

_LONGEST = 2000
_MOST_ATOMS = 250
_WIDTH, _HEIGHT = 320, 220

Text = Annotated[str, Query(max_length=_LONGEST)]


@router.get("/structure.svg")
def structure(text: Text, kind: MaterialKind = MaterialKind.MOLECULE) -> Response:
    """One structure; a pair has its two sides beside each other."""
    image = drawn(text, kind)
    return Response(
        image, media_type="image/svg+xml", headers={"cache-control": "private, max-age=3600"}
    )


def can_be_drawn(kind: str) -> bool:
    """Whether materials of a kind have a structure to draw; a formula has none."""
    return kind != MaterialKind.COMPOSITION


@lru_cache(maxsize=2000)
def drawn(text: str, kind: str) -> str:
    """Return a drawing as SVG, black on nothing.

    Raises
    ------
    NotHereError
        If it is no material of the kind, or none that can be drawn.
    """
    from forescale.materials import parse_material
    from forescale.materials.pair import sides_of

    try:
        key = parse_material(kind, text).key
    except MaterialError as error:
        raise NotHereError(str(error)) from None
    if not can_be_drawn(kind):
        raise NotHereError("a formula has no structure to draw")
    if kind != MaterialKind.PAIR:
        return _svg(key)
    sides = sides_of(key)
    return _svg(f"{sides.solute}.{sides.solvent}")


def _svg(smiles: str) -> str:
    from rdkit import Chem
    from rdkit.Chem.Draw import rdMolDraw2D

    mol = Chem.MolFromSmiles(smiles)
    if mol is None or mol.GetNumAtoms() > _MOST_ATOMS:
        raise NotHereError("too large to be drawn")
    canvas = rdMolDraw2D.MolDraw2DSVG(_WIDTH, _HEIGHT)
    options: Any = canvas.drawOptions()
    options.clearBackground = False
    options.bondLineWidth = 1.6
    options.dummiesAreAttachments = True
    rdMolDraw2D.PrepareAndDrawMolecule(canvas, mol)
    canvas.FinishDrawing()
    return re.sub(r"<\?xml[^>]*\?>\s*", "", canvas.GetDrawingText())
