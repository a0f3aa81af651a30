"""What the page says of the model that a run keeps for new materials."""

from __future__ import annotations

from typing import Any

from forescale.errors import ModelError
from forescale.prediction import ModelFolder
from forescale.prediction.card import card_sections
from forescale.prediction.manifest import ModelManifest
from forescale.report.cards import linked
from forescale.report.contents import Contents
from forescale.splits import Overlap
from forescale.study import RunFolder
from forescale.words import number, percent, pretty_unit


def view(contents: Contents) -> dict[str, Any] | None:
    """Numbers, card and command of the run's model; None if it keeps none of its own."""
    try:
        manifest = ModelFolder(contents.path / "model").manifest()
    except ModelError:
        return None
    if manifest.identity != RunFolder(contents.path).identity:
        return None
    return {
        "n_source": manifest.n_source,
        "n_target": manifest.n_target,
        "command": f"forescale predict {contents.path.name} CANDIDATES.csv",
        "levels": _levels(manifest),
        "sections": [
            (title, [(name, linked(value)) for name, value in rows])
            for title, rows in card_sections(manifest, pretty_unit)[:-1]  # the page has origins
        ],
    }


def _levels(manifest: ModelManifest) -> list[list[str]]:
    return [
        [
            percent(row.level),
            Overlap(policy).label,
            percent(row.raw_coverage),
            number(row.raw_width),
            percent(row.coverage),
            number(row.width),
        ]
        for policy, one in manifest.calibrations.items()
        for row in one.levels
    ]
