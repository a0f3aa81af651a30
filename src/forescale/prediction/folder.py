"""The folder of a saved model: ``model.json``, two files of arrays, one of known materials.

``model.json`` is written last and names the hash of every other file, so that a model is
whole or not there. Nothing in the folder is executed when it is read.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from forescale._machine.files import replace_file, write_text
from forescale.catalog.locating import sha256_of
from forescale.errors import ModelError, RunFolderError
from forescale.prediction.manifest import ModelManifest

SETTINGS, CARD = "model.json", "card.md"
_ARRAYS = ("learner.npz", "domain.npz")
_KNOWN = "known.parquet"
_LONGEST = 64 * 2**20  # bytes of model.json; the largest of ours has some 100 kB
_LARGEST = 32 * 2**30  # bytes of arrays: what a zip bomb may not pass

Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class ModelFolder:
    """Where a model is kept."""

    path: Path

    @classmethod
    def find(cls, run: Path) -> ModelFolder:
        """The model's folder given itself, or the folder of its run."""
        return cls(run if (run / SETTINGS).is_file() else run / "model")

    def exists(self) -> bool:
        """Whether there is a finished model, whole or damaged later."""
        return (self.path / SETTINGS).is_file()

    def write(
        self,
        manifest: ModelManifest,
        learner: Arrays,
        domain: Arrays,
        known: pd.DataFrame,
        card: str,
    ) -> None:
        """Write a model; while this lasts there is none.

        Parameters
        ----------
        manifest
            Contents of ``model.json``; the hashes of files are entered here.
        learner, domain
            Arrays by name.
        known
            Columns key, computed, measured: the materials learnt from; and their values, see
            :mod:`~forescale.prediction.nearest`.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            (self.path / SETTINGS).unlink(missing_ok=True)
            for name, arrays in zip(_ARRAYS, (learner, domain), strict=True):
                assert not any(array.dtype.hasobject for array in arrays.values()), "no pickles"
                with replace_file(self.path / name) as temporary, temporary.open("wb") as file:
                    np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
            with replace_file(self.path / _KNOWN) as temporary:
                known.to_parquet(temporary, index=False, compression="zstd")
            write_text(self.path / CARD, card)
            files = {name: sha256_of(self.path / name) for name in (*_ARRAYS, _KNOWN)}
            whole = manifest.model_copy(update={"files": files})
            write_text(self.path / SETTINGS, whole.to_text())
        except OSError as error:
            raise RunFolderError(
                f"{self.path}: cannot be written ({error}); the same command continues there "
                "once this is mended"
            ) from None

    def manifest(self) -> ModelManifest:
        """Contents of ``model.json``.

        Raises
        ------
        ModelError
            If it is absent, no such file, of an unknown format, or holds a wrong value.
        """
        path = self.path / SETTINGS
        try:
            if path.stat().st_size > _LONGEST:
                raise ModelError(f"{path}: damaged (it is longer than any model's); {_REMEDY}")
            text = path.read_text(encoding="utf-8")
        except (FileNotFoundError, NotADirectoryError):
            raise ModelError(
                f"{self.path}: holds no model ({SETTINGS} is missing); expected a run folder, or "
                "the folder 'model' of one"
            ) from None
        except (OSError, ValueError) as error:
            raise ModelError(f"{path}: damaged ({error}); {_REMEDY}") from None
        return ModelManifest.from_text(text, str(path), _REMEDY)

    def check(self, manifest: ModelManifest) -> None:
        """Refuse files other than those that ``model.json`` names."""
        for name in (*_ARRAYS, _KNOWN):
            path, expected = self.path / name, manifest.files.get(name)
            if not path.is_file():
                raise ModelError(f"{path}: is missing; {_REMEDY}")
            found = sha256_of(path)
            if found != expected:
                raise ModelError(
                    f"{path}: damaged (got sha256 {found}, expected {expected}); {_REMEDY}"
                )

    def arrays(self) -> tuple[dict[str, NDArray[Any]], dict[str, NDArray[Any]]]:
        """Arrays of the learner and of the domain: finite numbers. Nothing is unpickled."""
        learner, domain = (self._load(name) for name in _ARRAYS)
        return learner, domain

    def known(self) -> pd.DataFrame:
        """The materials learnt from: columns key, computed, measured."""
        path = self.path / _KNOWN
        try:
            table = pd.read_parquet(path, columns=["key", "computed", "measured"])
        except (OSError, ValueError, KeyError, pa.ArrowException) as error:
            raise ModelError(f"{path}: damaged ({_first_line(error)}); {_REMEDY}") from None
        wrong = [name for name in ("computed", "measured") if table[name].dtype != bool]
        if wrong or not table["key"].map(lambda key: isinstance(key, str)).all():
            raise ModelError(
                f"{path}: damaged (expected keys as text, and whether each is computed and "
                f"measured); {_REMEDY}"
            )
        return table

    def known_values(self) -> pd.DataFrame | None:
        """Columns key, computed_value, measured_value, side_0, …; None of earlier releases.

        Raises
        ------
        ModelError
            If the file is damaged.
        """
        path = self.path / _KNOWN
        try:
            table = pd.read_parquet(path).drop(columns=["computed", "measured"])
        except (OSError, ValueError, KeyError, pa.ArrowException) as error:
            raise ModelError(f"{path}: damaged ({_first_line(error)}); {_REMEDY}") from None
        if "side_0" not in table:
            return None
        rest = table.drop(columns=["key"])
        values = rest.reindex(columns=["computed_value", "measured_value"])
        sides = rest.drop(columns=values.columns, errors="ignore")
        if any(t.kind != "f" for t in values.dtypes) or any(t.kind != "i" for t in sides.dtypes):
            raise ModelError(f"{path}: damaged (expected values and places of sides); {_REMEDY}")
        return table

    def _load(self, name: str) -> dict[str, NDArray[Any]]:
        path = self.path / name
        try:
            with zipfile.ZipFile(path) as archive:
                size = sum(one.file_size for one in archive.infolist())
            if size > _LARGEST:
                raise ValueError(f"it holds {size:,} bytes of arrays")
            with np.load(path, allow_pickle=False) as arrays:
                found = {key: np.asarray(arrays[key]) for key in arrays.files}
        except (OSError, ValueError, EOFError, KeyError, SyntaxError, TypeError, MemoryError,
                RecursionError, OverflowError, NotImplementedError, zlib.error,
                zipfile.BadZipFile) as error:  # fmt: skip
            raise ModelError(f"{path}: damaged ({_first_line(error)}); {_REMEDY}") from None
        for key, array in found.items():
            if array.dtype.kind not in "biuf":
                raise ModelError(
                    f"{path}: damaged (array {key!r} is of {array.dtype}, expected numbers); "
                    f"{_REMEDY}"
                )
            if array.dtype.kind == "f" and not np.isfinite(array).all():
                raise ModelError(
                    f"{path}: damaged (array {key!r} has numbers that are not finite); {_REMEDY}"
                )
        return found


def _first_line(error: BaseException) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 300 else text[:299] + "…"


_REMEDY = "delete the folder of the model and make it again with forescale run"
