"""The run folder: a study's whole state, readable by a person, whole after any crash."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import tomli_w
from numpy.typing import NDArray

from forescale._machine.files import cannot_write, locked, replace_file, write_text
from forescale._machine.spreadsheets import write_csv
from forescale.errors import RunFolderError
from forescale.learners import Grid
from forescale.study.config import Study
from forescale.study.data import StudyData
from forescale.study.design import Design
from forescale.study.manifest import Manifest
from forescale.study.sources import HeldTable

_PARTS = "part-" + 5 * "[0-9]" + ".parquet"


@dataclass(frozen=True)
class RunFolder:
    """Paths and parts of one run."""

    path: Path

    @classmethod
    def open(
        cls, path: Path, study: Study, data: StudyData, design: Design | None = None
    ) -> RunFolder:
        """Create the folder, or resume one of the same study.

        Parameters
        ----------
        design
            The study's, if it is resolved already.

        Raises
        ------
        RunFolderError
            If the folder holds another study (the differing keys are named), something
            else, or cannot be written.
        """
        folder = cls(path)
        manifest = Manifest.of(study, data, design or Design.of(study, data))
        # Whatever cannot be written down is found before the folder remembers anything of it.
        texts = {"study.toml": tomli_w.dumps(study.to_plain()), "manifest.json": manifest.to_text()}
        folder._refuse_foreign()
        try:
            path.mkdir(parents=True, exist_ok=True)
            if folder.manifest_path.exists():
                folder._refuse_other(manifest)
            for sub in ("errors", "predictions", "figures"):
                (path / sub).mkdir(exist_ok=True)
            _keep_tables(path, study)
            for name, text in texts.items():
                write_text(path / name, text)
            rejected = pd.concat([data.source.rejected, data.target.rejected], ignore_index=True)
            if len(rejected):
                write_csv(path / "rejects.csv", rejected)
        except OSError as error:
            raise RunFolderError(cannot_write(path, error)) from None
        return folder

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder against another process that would write to it.

        Raises
        ------
        RunFolderError
            If another process holds it (which one is told), it is no run folder, or it cannot
            be written.
        """
        self._refuse_foreign()
        with locked(self.path / ".lock", "another run"):
            yield

    def _refuse_foreign(self) -> None:
        """Refuse a folder with something else in it."""
        try:
            ours = self.manifest_path.exists() or not self.path.is_dir()
            if not ours and any(not e.name.startswith(".") for e in self.path.iterdir()):
                raise RunFolderError(
                    f"{self.path}: not empty and not a run folder (no manifest.json); "
                    "choose another"
                )
        except OSError as error:
            raise RunFolderError(f"{self.path}: cannot be read ({error.strerror})") from None

    @property
    def manifest_path(self) -> Path:
        """Where the manifest is."""
        return self.path / "manifest.json"

    @property
    def manifest(self) -> Manifest:
        """The manifest of an existing run."""
        return Manifest.read(self.manifest_path)

    @property
    def identity(self) -> str:
        """Hash of what the run's numbers depend on: study, data, descriptor, release."""
        return self.manifest.identity

    def _refuse_other(self, wanted: Manifest) -> None:
        if differing := self.manifest.differences(wanted):
            shown = "\n".join(f"  {line}" for line in differing[:10])
            raise RunFolderError(
                f"{self.path}: holds the run of another study; choose another folder or delete it. "
                f"It differs in:\n{shown}"
            )

    def done(self) -> tuple[set[int], list[Path]]:
        """Replicates whose parts are whole, and parts that are not."""
        whole: set[int] = set()
        damaged: list[Path] = []
        for part in self._parts("errors"):
            replicate = int(part.stem.removeprefix("part-"))
            try:
                _read_part(part, "errors")
                _read_part(self._prediction_part(replicate), "predictions")
            except RunFolderError:
                damaged.append(part)
            else:
                whole.add(replicate)
        return whole, damaged

    def cells(self, replicate: int) -> set[tuple[int, int]]:
        """Cells (n, m) that a finished replicate has, scratch and zero-shot included."""
        return self._places(replicate).get("", set())

    def source_cells(self, replicate: int) -> dict[str, set[tuple[int, int]]]:
        """Cells of the own curve of each of several sources that a finished replicate has."""
        return {name: cells for name, cells in self._places(replicate).items() if name}

    def _places(self, replicate: int) -> dict[str, set[tuple[int, int]]]:
        part = _with_source(_read_part(self._error_part(replicate), "errors"))
        return {
            str(name): set(zip(own["n_source"].tolist(), own["n_target"].tolist(), strict=True))
            for name, own in part.groupby("source")
        }

    def grid_of(self, study: Study) -> Grid | None:
        """The grid that is here, where the same one is asked for; else None."""
        if not self.manifest_path.is_file():
            return None
        known = self.manifest
        if known.design is None or known.study.grid != study.grid:
            return None
        own: tuple[NDArray[np.int64], ...] = ()
        asked = [spec.n_source for spec in study.apart]
        if asked == [spec.n_source for spec in known.study.apart]:
            own = tuple(np.array(sizes, dtype=np.int64) for sizes in known.design.of_source)
        return Grid(np.array(known.design.n_source), np.array(known.design.n_target), own)

    def grow(self, replicate: int, errors: pd.DataFrame, predictions: pd.DataFrame) -> None:
        """Add cells to a finished replicate; what is there stays as it is.

        Parameters
        ----------
        errors, predictions
            As for :meth:`add`, of a grid that has the new cells, and perhaps old ones.
        """
        old = _read_part(self._error_part(replicate), "errors")
        here, new = self._places(replicate), _with_source(errors)
        places = zip(new["source"], new["n_source"], new["n_target"], strict=True)
        errors = errors[[(n, m) not in here.get(name, set()) for name, n, m in places]]
        whole = pd.concat([old, errors], ignore_index=True)
        errors = _of_all(errors)
        last = _of_all(whole)["n_source"].max()
        if "half_capacity" in whole:  # it is halved at the largest size alone
            half = whole["half_capacity"].fillna(False).astype(bool)
            whole = whole.assign(half_capacity=half)[~half | (whole["n_source"] == last)]
        at_the_corner = len(errors) and (
            errors["n_source"].max() == last and errors["n_target"].max() == whole["n_target"].max()
        )
        if not at_the_corner:
            predictions = pd.read_parquet(self._prediction_part(replicate))
        self.add(replicate, whole.reset_index(drop=True), predictions)

    def unfinished(self) -> str:
        """Which replicates the study asked for are not there, in a sentence; empty if all are."""
        asked = range(self.manifest.study.replicates)
        there = {int(path.stem.removeprefix("part-")) for path in self._parts("errors")}
        missing = sorted({*asked} - there - {*self.lost_replicates()})
        if not missing:
            return ""
        shown = ", ".join(map(str, missing[:5])) + (", …" if len(missing) > 5 else "")
        return (
            f"{len(there)} of {len(asked)} replicates are finished (missing: {shown}): everything "
            "here is of these alone, and will change. The same forescale run goes on with the rest."
        )

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
                f"{cannot_write(self.path, error)}; what is finished is kept"
            ) from None

    def errors(self) -> pd.DataFrame:
        """All errors: columns replicate, n_source, n_target, metric, value."""
        return self._errors(half_capacity=False)

    def source_errors(self) -> pd.DataFrame:
        """Errors of the own curves of several sources: columns source and as `errors`.

        ``n_source`` counts the values of that source; all of the others are there. Empty
        where there is one source.
        """
        errors = _with_source(self._read_parts("errors")).drop(columns="lost", errors="ignore")
        found = errors[errors["source"] != ""]
        return found.drop(columns="half_capacity", errors="ignore").reset_index(drop=True)

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
            return {int(replicate): str(one["reason"]) for replicate, one in noted.items()}
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return {}

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
        errors = _of_all(self._read_parts("errors")).drop(columns="lost", errors="ignore")
        if "half_capacity" not in errors:  # a run made before they were kept
            return errors.iloc[:0] if half_capacity else _shared_cells(errors)
        wanted = errors[errors["half_capacity"] == half_capacity]
        return _shared_cells(wanted.drop(columns="half_capacity").reset_index(drop=True))

    def predictions(self) -> pd.DataFrame:
        """Test predictions at the largest n and m: key, measured, predicted, std, scratch."""
        return self._read_parts("predictions")

    def _read_parts(self, kind: str) -> pd.DataFrame:
        parts = self._parts(kind)
        if not parts:
            raise RunFolderError(f"{self.path}: no finished replicate; run the study first")
        return pd.concat([_read_part(part, kind) for part in parts], ignore_index=True)

    def _parts(self, kind: str) -> list[Path]:
        return sorted((self.path / kind).glob(_PARTS))

    def _error_part(self, replicate: int) -> Path:
        return self.path / "errors" / f"part-{replicate:05d}.parquet"

    def _prediction_part(self, replicate: int) -> Path:
        return self.path / "predictions" / f"part-{replicate:05d}.parquet"


_COLUMNS = {
    "errors": {"replicate": "iu", "n_source": "iu", "n_target": "iu", "metric": "OT", "value": "f"},
    "predictions": {"replicate": "iu", "row": "iu", "key": "OT", "measured": "f", "predicted": "f"},
}
"""Columns that parts have, whatever the release that wrote them, and kinds of their types."""


def _read_part(path: Path, kind: str) -> pd.DataFrame:
    """One part, checked to be what its name says.

    Raises
    ------
    RunFolderError
        If it is damaged or something else.
    """
    try:
        frame = pd.read_parquet(path)
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
        raise RunFolderError(_damaged(path, " ".join(str(error).split())[:200])) from None
    wanted = _COLUMNS[kind]
    wrong = [
        name for name, kinds in wanted.items() if name not in frame or not _of(frame[name], kinds)
    ]
    if wrong:
        raise RunFolderError(_damaged(path, f"its {', '.join(wrong)} cannot be read"))
    if set(frame["replicate"]) != {int(path.stem.removeprefix("part-"))}:
        raise RunFolderError(_damaged(path, "it holds another replicate than its name says"))
    return frame


def _with_source(errors: pd.DataFrame) -> pd.DataFrame:
    """Errors with the source whose values ``n_source`` counts; empty: it counts all."""
    named = errors.get("source", pd.Series("", index=errors.index, dtype=object))
    return errors.assign(source=named.fillna("").astype(str))


def _shared_cells(errors: pd.DataFrame) -> pd.DataFrame:
    """Without sizes that fewer than half of the replicates have.

    A range of sizes ends at the smallest source of all replicates, so that further replicates may
    move its sizes by one: the first ones keep their old cells and get the new ones too.
    """
    if errors.empty:
        return errors
    have = errors.groupby(["n_source", "n_target"])["replicate"].transform("nunique")
    kept = 2 * have >= have.max()
    return errors if kept.all() else errors[kept].reset_index(drop=True)


def _of_all(errors: pd.DataFrame) -> pd.DataFrame:
    """Errors of cells whose n counts all computed values, whatever their source."""
    if "source" not in errors:
        return errors
    own = _with_source(errors)
    return errors[own["source"] == ""].drop(columns="source").reset_index(drop=True)


def _of(column: pd.Series, kinds: str) -> bool:
    if kinds == "OT":
        return all(isinstance(value, str) for value in column)
    return isinstance(column.dtype, np.dtype) and column.dtype.kind in kinds


def _damaged(path: Path, why: str) -> str:
    return f"{path}: damaged ({why}); run the study again in its folder to compute it anew"


def _keep_tables(path: Path, study: Study) -> None:
    """Keep the tables that a study holds in memory, where its file says they are."""
    for source in (*study.source, study.target):
        if isinstance(source, HeldTable):
            (path / source.file).parent.mkdir(exist_ok=True)
            with replace_file(path / source.file) as temporary:
                source.table.to_parquet(temporary)


def _write_part(path: Path, frame: pd.DataFrame) -> None:
    with replace_file(path) as temporary:
        frame.to_parquet(temporary, index=False)


def as_begun(study: Study, path: Path) -> Study:
    """Return a study with the test sets and cells of the run it resumes, where it does not say.

    Runs of releases that only knew random test sets, merged all sources, or had no cell of
    all measured values, are resumed as they were; sizes that were fitted to small data stay.
    """
    folder = RunFolder(path)
    if not folder.manifest_path.is_file():
        return study
    begun = folder.manifest.study
    change: dict[str, object] = {}
    if "merge" not in study.model_fields_set and len(study.of_property) > 1:
        change["merge"] = begun.merge
    open_keys = {"evaluation": ("test",), "grid": ("all_measured", "n_source", "n_target")}
    for part, keys in open_keys.items():
        said, there = getattr(study, part), getattr(begun, part)
        unsaid = {key: getattr(there, key) for key in keys if key not in said.model_fields_set}
        if unsaid:
            change[part] = said.model_copy(update=unsaid)
    return study.model_copy(update=change)
