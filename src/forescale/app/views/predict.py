"""Predictions in words: structures with interval bars and nearest materials, rows of tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from forescale.app.candidates import Batch, Wanted
from forescale.app.opened import Model
from forescale.app.structures import can_be_drawn
from forescale.prediction import ModelFolder, PredictionCounts, Predictor
from forescale.report.contents import in_words
from forescale.words import count, number, percent, spaced_unit

_NEAREST = 3
_EXAMPLES = {
    "molecule": "CCO\nc1ccccc1O",
    "polymer": "*CC(*)c1ccccc1\n*CC*",
    "composition": "GaAs\nLi4Ti5O12",
    "pair": "CCO in O\n*CC(*)c1ccccc1 in Cc1ccccc1 at 298.15 K",
}


def predicted(model: Model, lines: list[str], wanted: Wanted) -> dict[str, Any]:
    """Predictions of structures as the page shows them, each with its nearest neighbours."""
    predictor = model.predictor
    frame = predictor.predict(lines)
    shown = frame[wanted.mask(frame)]
    bad = frame[frame["reason"] != ""]
    scale = _Scale.of(predictor, shown)
    near = _neighbours(model, shown)
    return {
        **_model(predictor),
        "rows": [_row(row, scale, predictor, near) for row in shown.to_dict("records")],
        "bad": [(row["material"], row["reason"]) for row in bad.to_dict("records")],
        "hidden": len(frame) - len(shown) - len(bad),
        "has_nearest": model.nearest is not None,
    }


def _neighbours(model: Model, shown: pd.DataFrame) -> dict[str, list[dict[str, Any]]]:
    nearest = model.nearest
    if nearest is None or shown.empty:
        return {}
    keys = list(dict.fromkeys(shown["key"]))
    found = nearest.find(model.predictor, keys, _NEAREST)
    manifest = model.predictor.manifest
    units = spaced_unit(manifest.sources.unit), spaced_unit(manifest.target.unit)
    out: dict[str, list[dict[str, Any]]] = {}
    for row in found.to_dict("records"):
        computed, measured = row["computed_value"], row["measured_value"]
        out.setdefault(row["key"], []).append(
            {
                "key": row["nearest"],
                "distance": number(row["distance"], 2),
                "computed": "–" if pd.isna(computed) else number(computed, 4) + units[0],
                "measured": "–" if pd.isna(measured) else number(measured, 4) + units[1],
            }
        )
    return out


class _Scale:
    """One axis for all interval bars: the measured values, and what is predicted."""

    def __init__(self, low: float, high: float) -> None:
        pad = 0.03 * (high - low) or 1.0
        self.low, self.high = low - pad, high + pad

    @classmethod
    def of(cls, predictor: Predictor, frame: pd.DataFrame) -> _Scale:
        values = predictor.manifest.values
        ends = [] if values is None else [values.lowest, values.highest]
        ends += [*frame["low"], *frame["high"]]
        return cls(min(ends, default=0.0), max(ends, default=1.0))

    def place(self, value: float) -> float:
        """Where a value stands, in per cent."""
        return round(100 * (value - self.low) / (self.high - self.low), 2)


def _row(
    row: dict[str, Any],
    scale: _Scale,
    predictor: Predictor,
    near: dict[str, list[dict[str, Any]]],
) -> dict[str, Any]:
    unit = spaced_unit(predictor.unit)
    left, right = scale.place(row["low"]), scale.place(row["high"])
    return {
        "material": row["material"],
        "key": row["key"],
        "value": number(row["prediction"], 4) + unit,
        "low": number(row["low"], 4) + unit,
        "high": number(row["high"], 4) + unit,
        "point": scale.place(row["prediction"]),
        "left": left,
        "width": max(right - left, 0.3),
        "distance": number(row["distance"], 2),
        "percentile": percent(row["distance_percentile"] / 100),
        "outside": bool(row["outside"]),
        "warning": row["warning"],
        "known": {"both": "computed and measured"}.get(row["known"], row["known"]),
        "nearest": near.get(row["key"], []),
    }


def rows_of(batch: Batch, wanted: Wanted) -> dict[str, Any]:
    """The first wanted rows of a table that is predicted."""
    assert batch.outcome is not None
    if not batch.outcome.predicted:
        return {"rows": [], "found": 0, "facts": _outcome(batch.outcome, ""), "unit": ""}
    frame, found = batch.page(wanted)
    unit = str(frame["unit"].iloc[0]) if len(frame) else ""
    spaced = spaced_unit(unit)
    rows = [
        (
            count(row["row"]),
            row["material"],
            number(row["prediction"], 4) + spaced,
            f"{number(row['low'], 4)} to {number(row['high'], 4)}",
            percent(row["distance_percentile"] / 100),
            row["warning"] or "–",
        )
        for row in frame.to_dict("records")
    ]
    return {"rows": rows, "found": found, "facts": _outcome(batch.outcome, unit), "unit": unit}


def _outcome(outcome: PredictionCounts, unit: str) -> list[tuple[str, str]]:
    rows = [("Predicted", f"{count(outcome.predicted)} of {count(outcome.rows)} rows")]
    if outcome.lowest is not None:
        ends = f"{number(outcome.lowest, 4)} to {number(outcome.highest, 4)}"
        rows.append(("Range", ends + spaced_unit(unit)))
    rows.append(("Outside", f"{count(outcome.outside)}: far from the materials learnt from"))
    rows.append(("Known", f"{count(outcome.known)}: among the materials learnt from"))
    if outcome.rejected:
        rows.append(("Rejected", f"{count(outcome.rejected)} rows"))
    return rows


def _model(predictor: Predictor) -> dict[str, Any]:
    return {"kind": predictor.material_kind, "drawn": can_be_drawn(predictor.material_kind)}


def about(run: Path) -> dict[str, Any] | None:
    """What the model of a run is, from its settings alone; None if it keeps none."""
    kept = ModelFolder.find(run)
    if not kept.exists():
        return None
    manifest = kept.manifest()
    return {
        "kind": manifest.target.material_kind,
        "drawn": can_be_drawn(manifest.target.material_kind),
        "property": in_words(manifest.target.property),
        "unit": manifest.target.unit,
        "n_source": manifest.n_source,
        "n_target": manifest.n_target,
        "example": _EXAMPLES[manifest.target.material_kind],
        "pair": manifest.target.material_kind == "pair",
        "temperature": manifest.temperature == "varies",
    }
