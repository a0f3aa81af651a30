"""The model's card: what it is for, how good it is, and when not to use it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Rows = list[tuple[str, str]]
#: Whom the errors hold for, by the policy of overlap.
_CANDIDATES = {
    "exclude": "as if not simulated",
    "allow": "with computed values",
    "exclude-group": "as if none of their group were simulated",
    "disjoint": "as if no measured one were simulated",
}
_METRICS = {"rmse": "RMSE", "mae": "MAE", "r2": "R²"}
_SPLITS = {
    "random": "like the measured ones, drawn at random",
    "cluster": "of clusters that no measured value of training is from",
}


def card_text(settings: Mapping[str, Any]) -> str:
    """The card as Markdown."""
    lines = [f"# Model card: {settings['name']}", ""]
    for title, rows in card_sections(settings):
        lines += [f"## {title}", "", *(f"- **{name}**: {value}" for name, value in rows), ""]
    lines += ["## How to predict", "", f"    {COMMAND}", ""]
    return "\n".join(lines)


COMMAND = "forescale predict RUN CANDIDATES.csv --out predictions.csv"
"""What a reader of the card types; RUN is the run folder, or the folder of the model."""


def card_sections(
    settings: Mapping[str, Any], pretty: Callable[[str], str] = str
) -> list[tuple[str, Rows]]:
    """Sections of (name, value).

    Parameters
    ----------
    settings
        Contents of ``model.json``.
    pretty
        How to write a unit.
    """
    unit = pretty(settings["target"]["unit"])
    return [
        ("What it predicts", _purpose(settings, unit)),
        ("How good it is", _quality(settings, f" {unit}" if unit else "")),
        ("Where it holds", _domain(settings, f" {unit}" if unit else "")),
        ("What it was learnt from", _origin(settings)),
    ]


def _purpose(settings: Mapping[str, Any], unit: str) -> Rows:
    target = settings["target"]
    name = str(target["property"]).replace("_", " ")
    return [
        ("Property", f"{name}, as measured, in {unit}" if unit else f"{name}, as measured"),
        ("Material", f"a {target['material_kind']}"),
        ("Descriptor", "; ".join(block["version"] for block in settings["blocks"])),
        (
            "Learner",
            f"{settings['learner']['name']}, on n = {settings['n_source']:,} computed and "
            f"m = {settings['n_target']:,} measured values",
        ),
    ]


def _quality(settings: Mapping[str, Any], unit: str) -> Rows:
    study = settings["study_errors"]
    rows = [
        (
            "In the study",
            f"with n = {study['n_source']:,} computed and m = {study['n_target']:,} measured "
            f"values, mean of {study['replicates']} replicates (without computed ones): "
            + ", ".join(_errors(study["errors"], unit)),
        )
    ]
    for policy, one in settings["calibrations"].items():
        whom = _CANDIDATES[policy]
        rows += [
            (
                "Held out",
                f"{one['rows']:,} measured materials, {whom}, each predicted with all other data "
                f"in one of {one['folds']} folds: RMSE {one['rmse']:.3g}{unit}, "
                f"MAE {one['mae']:.3g}{unit}",
            ),
            ("90 % intervals", _coverage(one, unit)),
        ]
    if settings["noise_floor"] is not None:
        floor = f"{settings['noise_floor']:.3g}{unit}"
        rows.append(("Noise floor", f"{floor}, the scatter of repeated measurements"))
    return rows


def _errors(errors: Mapping[str, Any], unit: str) -> list[str]:
    return [
        f"{_METRICS.get(metric, metric)} {error['mean']:.3g}{'' if metric == 'r2' else unit} "
        f"({error['scratch']:.3g})"
        for metric, error in errors.items()
        if error["mean"] is not None and error["scratch"] is not None
    ]


def _coverage(calibration: Mapping[str, Any], unit: str) -> str:
    row = next(row for row in calibration["levels"] if row["level"] == 0.9)
    text = f"hold {100 * row['coverage']:.1f} % of those, {row['width']:.3g}{unit} wide on average"
    if row["raw_coverage"] is not None:
        text += (
            f" (the learner's own: {100 * row['raw_coverage']:.1f} %, "
            f"{row['raw_width']:.3g}{unit} wide)"
        )
    if calibration["rows"] < 30:
        text += f"; known from {calibration['rows']} values only, so do not lean on it"
    return text


def _domain(settings: Mapping[str, Any], unit: str) -> Rows:
    low, high = settings["values"]["lowest"], settings["values"]["highest"]
    kind, _, column = settings["split"].partition(":")
    like = _SPLITS.get(kind, f"of groups ({column}) that no measured value of training is from")
    simulated = (
        "The intervals of a candidate with a computed value among the sources are calibrated "
        "for such ones."
        if "allow" in settings["calibrations"]
        else "The intervals are those of a material that was not simulated, for all candidates."
    )
    return [
        ("Measured values", f"{low:.4g} to {high:.4g}{unit}"),
        ("Calibrated for", f"materials {like}. {simulated}"),
        (
            "Flag “outside”",
            f"distance above {settings['domain']['threshold']:.3g}, which one in twenty of the "
            "measured materials exceeds; distance 1 is the median of two computed materials",
        ),
        (
            "Do not use",
            "for materials flagged outside without a check, for other kinds of material or "
            "other conditions than those of the measured data, or to tell apart materials "
            "whose intervals overlap",
        ),
    ]


def _origin(settings: Mapping[str, Any]) -> Rows:
    rows = []
    for role, side, size in (
        ("Computed", settings["sources"], settings["n_source"]),
        ("Measured", settings["target"], settings["n_target"]),
    ):
        names = " + ".join(record["dataset"] for record in side["datasets"]) or "not named"
        rows.append((f"{role} values", f"{size:,} materials: {names}"))
        for record in side["datasets"]:
            licence = record["licence"] or "licence not stated"
            reference = f"; {record['reference']}" if record["reference"] else ""
            rows.append((str(record["dataset"]), f"{licence}{reference}"))
    rows.append(("Materials on both sides", f"{settings['overlap_materials']:,}"))
    rows.append(("Seed", str(settings["seed"])))
    rows.append(("Made by", f"forescale {settings['forescale']}"))
    return rows
