"""Cards: what was studied, the data, the model, the versions; rows of (name, value)."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pandas as pd
from markupsafe import Markup, escape

from forescale.report.contents import METRIC_NAMES, Contents, in_words
from forescale.report.text import count, listed, pretty_unit

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
    study, manifest = contents.manifest["study"], contents.manifest
    evaluation = study.get("evaluation", {})
    tests = contents.predictions.groupby("replicate").size()
    asked = int(study.get("replicates", contents.replicates))
    done = count(contents.replicates)
    rows = [
        ("Split of the measured data", _split(str(evaluation.get("split", "random")))),
        ("Test materials in a replicate", _range(int(tests.min()), int(tests.max()))),
        ("Materials on both sides", count(manifest.get("overlap_materials"))),
        ("Overlap policy", _overlap(str(evaluation.get("overlap", "exclude")))),
        ("Computed values, n", _sizes(contents.n_source)),
        ("Measured values, m", listed([count(m) for m in contents.n_target])),
        ("Replicates", done if asked == contents.replicates else f"{done} of {asked} (unfinished)"),
        ("Metrics", listed([METRIC_NAMES.get(m, m) for m in contents.metrics])),
    ]
    return rows


def _split(split: str) -> str:
    kind, _, column = split.partition(":")
    return {
        "random": "random, anew in each replicate",
        "cluster": "by clusters of similar materials, whole clusters on one side",
        "group": f"by the groups of column “{column}”, whole groups on one side",
    }.get(kind, split)


def _overlap(policy: str) -> str:
    return {
        "exclude": "exclude: computed values of test materials are left out of pre-training",
        "exclude-group": "exclude-group: computed values of the tested groups are left out",
        "disjoint": "disjoint: computed values of measured materials are left out",
        "allow": "allow: test materials may have computed values (the setting of screening)",
    }.get(policy, policy)


def _range(low: int, high: int) -> str:
    return count(low) if low == high else f"{count(low)} to {count(high)}"


def _sizes(sizes: list[int]) -> str:
    if len(sizes) <= 6:
        return listed([count(n) for n in sizes])
    return f"{count(sizes[0])} to {count(sizes[-1])}, {len(sizes)} sizes"


def sides(contents: Contents) -> list[tuple[str, str, str]]:
    """Rows of the comparison of source and target: name, source, target."""
    source, target = (contents.manifest["tables"][side] for side in ("source", "target"))
    rows = [("Datasets", _datasets(source), _datasets(target))]
    for name, key in (("Property", "property"), ("Kind", "kind"), ("Material", "material_kind")):
        rows.append((name, in_words(str(source.get(key))), in_words(str(target.get(key)))))
    rows.append(("Method", _methods(source), _methods(target)))
    source_unit, target_unit = (pretty_unit(side.get("unit")) for side in (source, target))
    rows.append(("Unit", source_unit or "none", target_unit or "none"))
    for name, key in (("Materials", "materials"), ("Rejected rows", "rejected_rows")):
        rows.append((name, count(source.get(key)), count(target.get(key))))
    return rows


def _datasets(side: dict[str, Any]) -> str:
    return " + ".join(str(record["dataset"]) for record in side["datasets"]) or "not named"


def _methods(side: dict[str, Any]) -> str:
    methods = dict.fromkeys(str(r["method"]) for r in side["datasets"] if r.get("method"))
    return "; ".join(methods) or "not stated"


def data_cards(contents: Contents) -> list[tuple[str, list[tuple[str, Markup]]]]:
    """One card per dataset: title, then rows of (name, value)."""
    cards = []
    for side in ("source", "target"):
        table = contents.manifest["tables"][side]
        for record in table["datasets"]:
            rows = [("Side", escape(f"{side} ({table['kind']})"))]
            for name, key in (
                ("Version", "version"),
                ("Method", "method"),
                ("Licence", "licence"),
                ("Citation", "reference"),
                ("SHA-256", "sha256"),
            ):
                if record.get(key):
                    rows.append((name, linked(str(record[key]))))
            cards.append((str(record["dataset"]), rows))
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
    learner = dict(manifest["study"].get("learner", {}))
    name = str(learner.pop("name", "not named"))
    dropped = manifest.get("features_dropped", [])
    target = manifest["tables"]["target"]
    return [
        ("Learner", name),
        ("Options", _options(learner) or "defaults"),
        ("Descriptor", str(manifest.get("descriptor", "not named"))),
        ("Features", count(manifest.get("features"))),
        (
            "Features dropped",
            f"{len(dropped)}: {', '.join(map(str, dropped))}" if dropped else "none",
        ),
        ("Seed", str(manifest["seed"])),
        ("Predicts", f"{contents.property_name} of a {target.get('material_kind', 'material')}"),
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
    rows = [("forescale", str(manifest.get("forescale", "")))]
    rows += [(str(k), str(v)) for k, v in manifest["versions"].items()]
    rows += [(str(k), str(v)) for k, v in manifest.get("machine", {}).items()]
    return [*rows, *((f"{k} data, SHA-256", str(v)) for k, v in manifest.get("data", {}).items())]
