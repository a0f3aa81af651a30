"""The run folder: a study's whole state, readable by a person, whole after any crash."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import tomli_w

from forescale import __version__
from forescale._files import replace_file, write_text
from forescale.errors import RunFolderError
from forescale.study.config import Study
from forescale.study.data import StudyData
from forescale.tables import measurement_scatter
from forescale.tables.property_table import PropertyTable

_IDENTITY = ("study", "data", "descriptor", "forescale")
_PARTS = "part-" + 5 * "[0-9]" + ".parquet"
MIN_REPEATED = 10
"""Materials with repeats below which their scatter is no noise floor: too few to be typical."""
_PACKAGES = ("numpy", "scipy", "pandas", "rdkit", "chemicals")


@dataclass(frozen=True)
class RunFolder:
    """Paths and parts of one run."""

    path: Path

    @classmethod
    def open(cls, path: Path, study: Study, data: StudyData) -> RunFolder:
        """Create the folder, or resume one of the same study.

        Raises
        ------
        RunFolderError
            If the folder holds another study (the differing keys are named), something
            else, or cannot be written.
        """
        folder = cls(path)
        manifest = _manifest(study, data)
        try:
            path.mkdir(parents=True, exist_ok=True)
            if folder.manifest_path.exists():
                folder._refuse_other(manifest)
            elif any(entry for entry in path.iterdir() if not entry.name.startswith(".")):
                raise RunFolderError(
                    f"{path}: not empty and not a run folder (no manifest.json); choose another"
                )
            for sub in ("errors", "predictions", "figures"):
                (path / sub).mkdir(exist_ok=True)
            write_text(path / "study.toml", tomli_w.dumps(study.to_plain()))
            write_text(folder.manifest_path, json.dumps(manifest, indent=2, allow_nan=False))
            rejected = pd.concat([data.source.rejected, data.target.rejected], ignore_index=True)
            if len(rejected):
                write_text(path / "rejects.csv", rejected.to_csv(index=False))
        except OSError as error:
            raise RunFolderError(
                f"{path}: cannot be written ({error}); choose another folder"
            ) from None
        return folder

    @property
    def manifest_path(self) -> Path:
        return self.path / "manifest.json"

    @property
    def manifest(self) -> dict[str, Any]:
        """The manifest of an existing run."""
        try:
            return dict(json.loads(self.manifest_path.read_text(encoding="utf-8")))
        except (OSError, ValueError) as error:
            raise RunFolderError(
                f"{self.path}: not a readable run folder ({error}); "
                "expected one made by forescale run"
            ) from None

    @property
    def identity(self) -> str:
        """Hash of what the run's numbers depend on: study, data, descriptor, release."""
        found = {key: _placeless(self.manifest.get(key)) for key in _IDENTITY}
        return hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()

    def _refuse_other(self, wanted: Mapping[str, Any]) -> None:
        found = self.manifest
        differing = [
            line
            for key in _IDENTITY
            for line in _differences(_placeless(found.get(key)), _placeless(wanted[key]), key)
        ]
        if differing:
            shown = "\n".join(f"  {line}" for line in differing[:10])
            raise RunFolderError(
                f"{self.path}: holds the run of another study; choose another folder or delete it. "
                f"It differs in:\n{shown}"
            )

    def done(self) -> tuple[set[int], list[Path]]:
        """Replicates whose parts are whole, and parts that are not."""
        whole: set[int] = set()
        damaged: list[Path] = []
        for part in sorted((self.path / "errors").glob(_PARTS)):
            replicate = int(part.stem.removeprefix("part-"))
            try:
                frame = pd.read_parquet(part)
                predictions = pd.read_parquet(self._prediction_part(replicate))
                found = {*frame["replicate"], *predictions["replicate"]}
            except (OSError, ValueError, KeyError, pa.ArrowException):
                damaged.append(part)
                continue
            if found != {replicate}:
                damaged.append(part)
            else:
                whole.add(replicate)
        return whole, damaged

    def add(self, replicate: int, errors: pd.DataFrame, predictions: pd.DataFrame) -> None:
        """Keep one finished replicate. The errors part comes last: it says that all is there."""
        with self.writing():
            _write_part(self._prediction_part(replicate), predictions)
            _write_part(self._error_part(replicate), errors)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Say what to do where the folder cannot be written any more."""
        try:
            yield
        except OSError as error:
            raise RunFolderError(
                f"{self.path}: cannot be written ({error}); what is finished is kept, and the "
                "same command continues there once this is mended"
            ) from None

    def errors(self) -> pd.DataFrame:
        """All errors: columns replicate, n_source, n_target, metric, value."""
        return self._errors(half_capacity=False)

    def half_capacity_errors(self) -> pd.DataFrame:
        """Errors at the largest n with half the learner's capacity; empty if it has no limit."""
        return self._errors(half_capacity=True)

    def lost_cells(self) -> pd.DataFrame:
        """Cells that failed: columns replicate, n_source, n_target, reason."""
        errors = self._read_parts("errors")
        where = ["replicate", "n_source", "n_target"]
        if "lost" not in errors:  # a run made before they were kept
            return pd.DataFrame(columns=[*where, "reason"])
        found = errors[errors["lost"].notna()].rename(columns={"lost": "reason"})
        return found[[*where, "reason"]].drop_duplicates(where, ignore_index=True)

    def lost_replicates(self) -> dict[int, str]:
        """Replicates whose learner failed when they were last tried, and why."""
        try:
            noted = json.loads(self._lost_path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return {int(replicate): str(one["reason"]) for replicate, one in noted.items()}

    def note_lost(self, lost: Mapping[int, tuple[str, str]]) -> None:
        """Keep the reason and details of each lost replicate, instead of those noted before."""
        with self.writing():
            if lost:
                noted = {str(r): {"reason": a, "details": b} for r, (a, b) in lost.items()}
                write_text(self._lost_path, json.dumps(noted, indent=2) + "\n")
            else:
                self._lost_path.unlink(missing_ok=True)

    @property
    def _lost_path(self) -> Path:
        return self.path / "lost.json"

    def _errors(self, *, half_capacity: bool) -> pd.DataFrame:
        errors = self._read_parts("errors").drop(columns="lost", errors="ignore")
        if "half_capacity" not in errors:  # a run made before they were kept
            return errors.iloc[:0] if half_capacity else errors
        wanted = errors[errors["half_capacity"] == half_capacity]
        return wanted.drop(columns="half_capacity").reset_index(drop=True)

    def predictions(self) -> pd.DataFrame:
        """Test predictions at the largest n and m: key, measured, predicted, std, scratch."""
        return self._read_parts("predictions")

    def _read_parts(self, kind: str) -> pd.DataFrame:
        parts = sorted((self.path / kind).glob(_PARTS))
        if not parts:
            raise RunFolderError(f"{self.path}: no finished replicate; run the study first")
        return pd.concat([pd.read_parquet(part) for part in parts], ignore_index=True)

    def _error_part(self, replicate: int) -> Path:
        return self.path / "errors" / f"part-{replicate:05d}.parquet"

    def _prediction_part(self, replicate: int) -> Path:
        return self.path / "predictions" / f"part-{replicate:05d}.parquet"


def _write_part(path: Path, frame: pd.DataFrame) -> None:
    with replace_file(path) as temporary:
        frame.to_parquet(temporary, index=False)


def _manifest(study: Study, data: StudyData) -> dict[str, Any]:
    floor, repeated = measurement_scatter(data.target)
    return {
        "name": study.name,
        "forescale": __version__,
        "study": study.to_plain(),
        "data": data.digest(),
        "descriptor": "; ".join(dict.fromkeys(block.version for block in data.blocks)),
        "seed": study.seed,
        "metric_unit": data.target.unit,
        "noise_floor": floor if repeated >= MIN_REPEATED else None,
        "noise_floor_materials": repeated,
        "tables": {"source": _card(data.source), "target": _card(data.target)},
        "overlap_materials": len(set(data.source.keys) & set(data.target.keys)),
        "features": sum(len(block.features.columns) for block in data.blocks),
        "features_dropped": [name for block in data.blocks for name in block.features.dropped],
        "versions": {package: version(package) for package in _PACKAGES},
        "machine": {
            "python": platform.python_version(),
            "system": platform.system(),
            "cpu": platform.machine(),
        },
    }


def _card(table: PropertyTable) -> dict[str, Any]:
    return {
        "property": table.name,
        "unit": table.unit,
        "kind": table.kind,
        "material_kind": table.material_kind,
        "materials": len(table),
        "rejected_rows": len(table.rejected),
        "datasets": [asdict(record) for record in table.provenance],
    }


def _placeless(value: Any) -> Any:
    """Without paths of files: where a file lies does not matter, what it holds is hashed."""
    if isinstance(value, dict):
        return {key: _placeless(inner) for key, inner in value.items() if key != "file"}
    return [_placeless(inner) for inner in value] if isinstance(value, list) else value


def _differences(found: Any, wanted: Any, key: str) -> list[str]:
    if isinstance(found, dict) and isinstance(wanted, dict):
        keys = sorted({*found, *wanted})
        return [
            line for k in keys for line in _differences(found.get(k), wanted.get(k), f"{key}.{k}")
        ]
    return [] if found == wanted else [f"{key}: the folder has {found!r}, asked for {wanted!r}"]
