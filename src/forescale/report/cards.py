"""Cards: what was studied, the data, the model, the versions; rows of (name, value)."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pandas as pd
from markupsafe import Markup, escape

from forescale.metrics import label_of
from forescale.report.contents import Contents, in_words
from forescale.study.manifest import TableCard
from forescale.words import count, listed, pretty_unit

Rows = list[tuple[str, str]]
_DOI = re.compile(r"\b(10\.\d{4,9}/[^\s,;\"'<>]*[^\s,;.\"'<>)])")
_ARXIV = re.compile(r"\barXiv[: ](\d{4}\.\d{4,5})")


def linked(text: str) -> Markup:
    """Return text, escaped, with its DOI and arXiv numbers as links.

    >>> linked("A & B, doi 10.1000/182")
    Markup('A &amp; B, doi <a href="https://doi.org/10.1000/182">10.1000/182</a>')
    """
    html = str(escape(text))
    html = _DOI.sub(r'<a href="https://doi.org/\1">\1</a>', html)
    return Markup(_ARXIV.sub(r'<a href="https://arxiv.org/abs/\1">arXiv \1</a>', html))  # noqa: S704


def setting(contents: Contents) -> Rows:
    """What was studied: overlap, split, grid, replicates."""
    manifest = contents.manifest
    study, evaluation = manifest.study, manifest.study.evaluation
    tests = contents.predictions.groupby("replicate").size()
    asked = study.replicates
    done = count(contents.replicates)
    rows = [
        ("Split of the measured data", evaluation.split.words),
        ("Test materials in a replicate", _range(int(tests.min()), int(tests.max()))),
        ("Materials on both sides", count(manifest.overlap_materials)),
        ("Overlap policy", f"{evaluation.overlap}: {evaluation.overlap.description}"),
        ("Computed values, n", _sizes(contents.n_source)),
        ("Measured values, m", listed([count(m) for m in contents.n_target])),
        ("Replicates", done if asked == contents.replicates else f"{done} of {asked} (unfinished)"),
        ("Metrics", listed([label_of(m) for m in contents.metrics])),
    ]
    if sources := manifest.tables.sources:
        told = [f"{one.name}: {count(one.materials)} values" for one in sources]
        rows.insert(4, ("Sources, kept apart", listed(told)))
    return rows


def _range(low: int, high: int) -> str:
    return count(low) if low == high else f"{count(low)} to {count(high)}"


def _sizes(sizes: list[int]) -> str:
    if len(sizes) <= 6:
        return listed([count(n) for n in sizes])
    return f"{count(sizes[0])} to {count(sizes[-1])}, {len(sizes)} sizes"


def sides(contents: Contents) -> list[tuple[str, str, str]]:
    """Rows of the comparison of source and target: name, source, target."""
    source, target = contents.manifest.tables.source, contents.manifest.tables.target
    rows = [("Datasets", _datasets(source), _datasets(target))]
    rows.append(("Property", in_words(source.property), in_words(target.property)))
    rows.append(("Kind", source.kind, target.kind))
    rows.append(("Material", source.material_kind, target.material_kind))
    rows.append(("Method", _methods(source), _methods(target)))
    source_unit, target_unit = (pretty_unit(side.unit) for side in (source, target))
    rows.append(("Unit", source_unit or "none", target_unit or "none"))
    rows.append(("Materials", count(source.materials), count(target.materials)))
    rows.append(("Rejected rows", count(source.rejected_rows), count(target.rejected_rows)))
    return rows


def _datasets(side: TableCard) -> str:
    return " + ".join(record.dataset for record in side.datasets) or "not named"


def _methods(side: TableCard) -> str:
    methods = dict.fromkeys(record.method for record in side.datasets if record.method)
    return "; ".join(methods) or "not stated"


def data_cards(contents: Contents) -> list[tuple[str, list[tuple[str, Markup]]]]:
    """One card per dataset: title, then rows of (name, value)."""
    cards = []
    tables = contents.manifest.tables
    for side, table in (("source", tables.source), ("target", tables.target)):
        for record in table.datasets:
            rows = [("Side", escape(f"{side} ({table.kind})"))]
            for name, text in (
                ("Version", record.version),
                ("Method", record.method),
                ("Licence", record.licence),
                ("Citation", record.reference),
                ("SHA-256", record.sha256),
            ):
                if text:
                    rows.append((name, linked(text)))
            cards.append((record.dataset, rows))
    return cards


def rejects(contents: Contents) -> list[tuple[str, str]]:
    """Reasons for rejected rows with their counts, from ``rejects.csv``; empty without any."""
    path = contents.path / "rejects.csv"
    if not path.is_file():
        return []
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    if not {"file", "reason"} <= set(frame.columns):
        return []
    reasons = frame["reason"].map(_without_values)
    kinds = (f"{file}: {reason}" for file, reason in zip(frame["file"], reasons, strict=True))
    return [(kind, count(rows)) for kind, rows in Counter(kinds).most_common(8)]


def _without_values(reason: str) -> str:
    """Return a reason without the value or text it names, so that like ones count together."""
    reason = re.sub(r"^value [-+.\deE]+", "value", reason)
    return re.sub(r"'[^']*'", "'…'", reason)


def model_card(contents: Contents) -> Rows:
    """Learner, descriptor, seeds, and what the numbers hold for."""
    manifest = contents.manifest
    learner, dropped = manifest.study.learner, manifest.features_dropped
    return [
        ("Learner", learner.name),
        ("Options", _options(learner.options) or "defaults"),
        ("Descriptor", manifest.descriptor),
        ("Features", count(manifest.features)),
        (
            "Features dropped",
            f"{len(dropped)}: {', '.join(dropped)}" if dropped else "none",
        ),
        ("Seed", str(manifest.seed)),
        (
            "Predicts",
            f"{contents.property_name} of a {manifest.tables.target.material_kind}",
        ),
        (
            "Holds for",
            "materials like those of the measured data, split as above; not a statement about "
            "other kinds of material",
        ),
    ]


def _options(options: dict[str, Any]) -> str:
    return ", ".join(f"{key} = {value}" for key, value in options.items())


def versions(contents: Contents) -> Rows:
    """Versions of the software and the kind of machine."""
    manifest = contents.manifest
    rows = [("forescale", manifest.forescale)]
    rows += manifest.versions.items()
    rows += manifest.machine.items()
    return [*rows, *((f"{k} data, SHA-256", v) for k, v in manifest.data.items())]
