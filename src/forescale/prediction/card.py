"""The model's card: what it is for, how good it is, and when not to use it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from forescale.metrics import Metric, label_of
from forescale.prediction.calibration import Calibration
from forescale.prediction.manifest import Error, ModelManifest
from forescale.splits import Overlap, SplitRule
from forescale.words import count, number, percent

Rows = list[tuple[str, str]]


def card_text(manifest: ModelManifest) -> str:
    """The card as Markdown."""
    lines = [f"# Model card: {manifest.name}", ""]
    for title, rows in card_sections(manifest):
        lines += [f"## {title}", "", *(f"- **{name}**: {value}" for name, value in rows), ""]
    lines += _kinds(manifest)
    lines += ["## How to predict", "", f"    {COMMAND}", ""]
    return "\n".join(lines)


COMMAND = "forescale predict RUN CANDIDATES.csv --out predictions.csv"
"""What a reader of the card types; RUN is the run folder, or the folder of the model."""


def card_sections(
    manifest: ModelManifest, pretty: Callable[[str], str] = str
) -> list[tuple[str, Rows]]:
    """Sections of (name, value).

    Parameters
    ----------
    manifest
        Contents of ``model.json``.
    pretty
        How to write a unit.
    """
    unit = pretty(manifest.target.unit)
    return [
        ("What it predicts", _purpose(manifest, unit)),
        ("How good it is", _quality(manifest, f" {unit}" if unit else "")),
        ("Where it holds", _domain(manifest, f" {unit}" if unit else "")),
        ("What it was learnt from", _origin(manifest)),
    ]


def _purpose(manifest: ModelManifest, unit: str) -> Rows:
    name = manifest.target.property.replace("_", " ")
    return [
        ("Property", f"{name}, as measured, in {unit}" if unit else f"{name}, as measured"),
        ("Material", f"a {manifest.material_kind}"),
        ("Descriptor", "; ".join(block.version for block in manifest.blocks)),
        (
            "Learner",
            f"{manifest.learner.name}, on n = {count(manifest.n_source)} computed and "
            f"m = {count(manifest.n_target)} measured values",
        ),
    ]


def _quality(manifest: ModelManifest, unit: str) -> Rows:
    rows = []
    study = manifest.study_errors
    if study is not None:
        rows.append(
            (
                "In the study",
                f"with n = {count(study.n_source)} computed and m = "
                f"{count(study.n_target)} measured "
                f"values, mean of {study.replicates} replicates (without computed ones): "
                + ", ".join(_errors(study.errors, unit)),
            )
        )
    few = manifest.calibrated_on
    of = "all other data" if few is None or few >= manifest.n_source else (
        f"all other measured and {count(few)} computed values"
    )  # fmt: skip
    for policy, one in manifest.calibrations.items():
        whom = Overlap(policy).candidates
        rows += [
            (
                "Held out",
                f"{count(one.rows)} measured materials, {whom}, each predicted with {of} "
                f"in one of {one.folds} folds: RMSE {number(one.rmse)}{unit}, "
                f"MAE {number(one.mae)}{unit}",
            ),
            ("90 % intervals", _coverage(one, unit)),
        ]
        kinds = [kind for kind in one.kinds if kind.by == "distance"]
        if len(kinds) > 1:
            low = min(kinds, key=lambda kind: kind.coverage)
            high = max(kinds, key=lambda kind: kind.coverage)
            rows.append(
                (
                    "By distance",
                    f"from {percent(low.coverage)} to {percent(high.coverage)} of the values "
                    f"in each of {len(kinds)} parts by distance to training",
                )
            )
    if manifest.noise_floor is not None:
        floor = f"{number(manifest.noise_floor)}{unit}"
        rows.append(("Noise floor", f"{floor}, the scatter of repeated measurements"))
    return rows


def _errors(errors: Mapping[str, Error], unit: str) -> list[str]:
    return [
        f"{label_of(metric)} {number(error.mean)}{unit if Metric(metric).is_error else ''} "
        f"({number(error.scratch)})"
        for metric, error in errors.items()
        if error.mean is not None and error.scratch is not None
    ]


def _coverage(calibration: Calibration, unit: str) -> str:
    row = next(row for row in calibration.levels if row.level == 0.9)
    text = f"hold {percent(row.coverage)} of those, {number(row.width)}{unit} wide on average"
    if row.raw_coverage is not None:
        text += (
            f" (the learner's own: {percent(row.raw_coverage)}, {number(row.raw_width)}{unit} wide)"
        )
    if calibration.rows < 30:
        text += f"; known from {calibration.rows} values only, so do not lean on it"
    return text


def _domain(manifest: ModelManifest, unit: str) -> Rows:
    like = SplitRule.parse(manifest.split).candidates
    simulated = (
        "The intervals of a candidate with a computed value among the sources are calibrated "
        "for such ones."
        if "allow" in manifest.calibrations
        else "The intervals are those of a material that was not simulated, for all candidates."
    )
    rows = []
    if manifest.values is not None:
        low, high = manifest.values.lowest, manifest.values.highest
        rows.append(("Measured values", f"{number(low, 4)} to {number(high, 4)}{unit}"))
    rows += [
        ("Calibrated for", f"materials {like}. {simulated}"),
        ("Flag “outside”", _flag(manifest)),
        (
            "Do not use",
            "for materials flagged outside without a check, for other kinds of material or "
            "other conditions than those of the measured data, or to tell apart materials "
            "whose intervals overlap",
        ),
    ]
    return rows


def _flag(manifest: ModelManifest) -> str:
    text = (
        f"distance above {number(manifest.domain.threshold)}, which one in twenty of the "
        "measured materials exceeds; distance 1 is the median of two computed materials"
    )
    makeup = manifest.domain.makeup
    if makeup is None:
        return text
    rare = [name for name, one in makeup.elements.items() if one.materials < makeup.few]
    what = "elements" if manifest.material_kind == "composition" else "heavy atoms"
    such = f" (such as {', '.join(rare[:12])})" if rare else ""
    text += (
        f"; or an element that fewer than {makeup.few} measured materials have{such}; or fewer "
        f"than {makeup.smallest} or more than {makeup.largest} {what}"
    )
    return text


def _kinds(manifest: ModelManifest) -> list[str]:
    """A table of coverage by kind of material; nothing in models of the first format."""
    rows = [
        f"| {Overlap(policy).candidates} | {kind.by} | {kind.name} | {count(kind.rows)} "
        f"| {percent(kind.coverage)} | {number(kind.width)} | {number(kind.rmse)} |"
        for policy, one in manifest.calibrations.items()
        for kind in one.kinds
    ]
    if not rows:
        return []
    head = "| candidates | by | which | held out | in the 90 % interval | mean width | RMSE |"
    return ["## Intervals by kind of material", "", head, "|" + " --- |" * 7, *rows, ""]


def _origin(manifest: ModelManifest) -> Rows:
    rows = []
    for role, side, size in (
        ("Computed", manifest.sources, manifest.n_source),
        ("Measured", manifest.target, manifest.n_target),
    ):
        names = " + ".join(record.dataset for record in side.datasets) or "not named"
        rows.append((f"{role} values", f"{count(size)} materials: {names}"))
        for record in side.datasets:
            licence = record.licence or "licence not stated"
            reference = f"; {record.reference}" if record.reference else ""
            rows.append((record.dataset, f"{licence}{reference}"))
    if manifest.overlap_materials is not None:
        rows.append(("Materials on both sides", count(manifest.overlap_materials)))
    rows.append(("Seed", str(manifest.seed)))
    rows.append(("Made by", f"forescale {manifest.forescale}"))
    return rows
