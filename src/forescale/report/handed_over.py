"""What the page says of the model that a run keeps for new materials."""

from __future__ import annotations

from typing import Any

from forescale.errors import ModelError
from forescale.prediction import ModelFolder
from forescale.prediction.card import card_sections
from forescale.report.cards import linked
from forescale.report.contents import Contents
from forescale.report.text import number, percent, pretty_unit
from forescale.study import RunFolder

_CANDIDATES = {
    "exclude": "not simulated",
    "allow": "simulated",
    "exclude-group": "no one of their group simulated",
    "disjoint": "no measured one simulated",
}


def view(contents: Contents) -> dict[str, Any] | None:
    """Numbers, card and command of the run's model; None if it keeps none of its own."""
    try:
        settings = ModelFolder(contents.path / "model").settings()
    except ModelError:
        return None
    if settings["identity"] != RunFolder(contents.path).identity:
        return None
    return {
        "n_source": settings["n_source"],
        "n_target": settings["n_target"],
        "command": f"forescale predict {contents.path.name} CANDIDATES.csv",
        "levels": _levels(settings),
        "sections": [
            (title, [(name, linked(value)) for name, value in rows])
            for title, rows in card_sections(settings, pretty_unit)[:-1]  # the page has origins
        ],
    }


def _levels(settings: dict[str, Any]) -> list[list[str]]:
    return [
        [
            percent(row["level"]),
            _CANDIDATES[policy],
            percent(row["raw_coverage"]),
            number(row["raw_width"]),
            percent(row["coverage"]),
            number(row["width"]),
        ]
        for policy, one in settings["calibrations"].items()
        for row in one["levels"]
    ]
