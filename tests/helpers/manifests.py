"""A typed manifest of a study that nobody ran, for tests of what reads run folders."""

from pathlib import Path
from typing import Any

import pandas as pd

from forescale.study.manifest import Manifest


def made_up(**changes: Any) -> Manifest:
    """A small study's manifest; ``study`` updates the study's keys."""

    def side(kind: str) -> dict[str, Any]:
        record = {
            "dataset": f"{name} {kind}",
            "version": "1",
            "method": f"{name} method",
            "reference": "Someone et al. (2020), doi 10.1000/xyz-1",
            "licence": "CC0",
            "sha256": "ab" * 32,
        }
        return {
            "property": name, "unit": unit, "kind": kind, "material_kind": "polymer",
            "materials": 1234, "rejected_rows": 1, "datasets": [record],
        }  # fmt: skip

    name, unit = changes.pop("property", "density"), changes.get("metric_unit", "g/cm^3")
    study = {
        "name": "small study",
        "source": [{"dataset": "computed"}],
        "target": {"dataset": "measured"},
        "learner": {"name": "gp", "kernel": "laplace"},
        **changes.pop("study", {}),
    }
    plain = {
        "name": study["name"],
        "forescale": "0.1.0",
        "study": study,
        "data": {"source": "cd" * 32, "target": "ef" * 32},
        "descriptor": "structure 1",
        "seed": 7,
        "metric_unit": unit,
        "noise_floor": None,
        "tables": {"source": side("computed"), "target": side("measured")},
        "overlap_materials": 99,
        "features": 50,
        "versions": {"numpy": "2.0"},
        "machine": {"python": "3.11"},
    }
    return Manifest.model_validate(plain | changes)


def write(folder: Path, **changes: Any) -> Path:
    """Write ``manifest.json`` of a made-up study."""
    (folder / "manifest.json").write_text(made_up(**changes).to_text())
    return folder


def write_errors(folder: Path, errors: pd.DataFrame) -> Path:
    """Write the parts of a made-up run, one a replicate."""
    (folder / "errors").mkdir(parents=True, exist_ok=True)
    for replicate, part in errors.groupby("replicate"):
        part.to_parquet(folder / "errors" / f"part-{replicate:05d}.parquet")
    return folder
