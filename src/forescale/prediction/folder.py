"""The folder of a saved model: ``model.json``, two files of arrays, one of known materials.

``model.json`` is written last and names the hash of every other file, so that a model is
whole or not there. Nothing in the folder is executed when it is read.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from forescale._files import replace_file, write_text
from forescale.catalog.locating import sha256_of
from forescale.errors import ModelError, RunFolderError

FORMAT = 1
"""Version of the folder's layout; one that this release does not know is refused."""

SETTINGS, CARD = "model.json", "card.md"
_ARRAYS = ("learner.npz", "domain.npz")
_KNOWN = "known.parquet"
_NEEDED = (
    "learner", "target", "descriptor", "blocks", "columns", "sources", "n_source", "n_target",
    "seed", "censoring", "temperature", "settings", "domain", "calibrations", "files", "identity",
)  # fmt: skip

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
        settings: Mapping[str, Any],
        learner: Arrays,
        domain: Arrays,
        known: pd.DataFrame,
        card: str,
    ) -> None:
        """Write a model; while this lasts there is none.

        Parameters
        ----------
        settings
            Contents of ``model.json`` but its format and the hashes of files.
        learner, domain
            Arrays by name.
        known
            Columns key, computed, measured: the materials learnt from.
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
            whole = {"format": FORMAT, **settings, "files": files}
            whole["sha256"] = _hash(whole)
            write_text(self.path / SETTINGS, json.dumps(whole, indent=2, allow_nan=False) + "\n")
        except OSError as error:
            raise RunFolderError(
                f"{self.path}: cannot be written ({error}); the same command continues there "
                "once this is mended"
            ) from None

    def settings(self) -> dict[str, Any]:
        """Contents of ``model.json``.

        Raises
        ------
        ModelError
            If it is absent, no such file, or of an unknown format.
        """
        path = self.path / SETTINGS
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise ModelError(
                f"{self.path}: holds no model ({SETTINGS} is missing); expected a run folder, or "
                "the folder 'model' of one"
            ) from None
        except (OSError, ValueError) as error:
            raise ModelError(f"{path}: damaged ({error}); {_REMEDY}") from None
        if not isinstance(found, dict) or "format" not in found:
            raise ModelError(f"{path}: damaged (it names no format); {_REMEDY}")
        if found["format"] != FORMAT:
            raise ModelError(
                f"{path}: got a model of format {found['format']!r}, expected {FORMAT}; use the "
                f"release that made it (forescale {found.get('forescale', 'unknown')})"
            )
        missing = [key for key in _NEEDED if key not in found]
        if missing:
            raise ModelError(f"{path}: damaged (it lacks {', '.join(missing)}); {_REMEDY}")
        if found.get("sha256") != _hash({k: v for k, v in found.items() if k != "sha256"}):
            raise ModelError(f"{path}: was changed after it was written; {_REMEDY}")
        return found

    def check(self, settings: Mapping[str, Any]) -> None:
        """Refuse files other than those that ``model.json`` names."""
        for name in (*_ARRAYS, _KNOWN):
            path, expected = self.path / name, settings["files"].get(name)
            if not path.is_file():
                raise ModelError(f"{path}: is missing; {_REMEDY}")
            found = sha256_of(path)
            if found != expected:
                raise ModelError(
                    f"{path}: damaged (got sha256 {found}, expected {expected}); {_REMEDY}"
                )

    def arrays(self) -> tuple[dict[str, NDArray[Any]], dict[str, NDArray[Any]]]:
        """Arrays of the learner and of the domain. Nothing is unpickled."""
        learner, domain = (self._load(name) for name in _ARRAYS)
        return learner, domain

    def known(self) -> pd.DataFrame:
        """The materials learnt from: columns key, computed, measured."""
        try:
            return pd.read_parquet(self.path / _KNOWN)
        except (OSError, ValueError, pa.ArrowException) as error:
            raise ModelError(f"{self.path / _KNOWN}: damaged ({error}); {_REMEDY}") from None

    def _load(self, name: str) -> dict[str, NDArray[Any]]:
        try:
            with np.load(self.path / name, allow_pickle=False) as arrays:
                return dict(arrays)
        except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
            raise ModelError(f"{self.path / name}: damaged ({error}); {_REMEDY}") from None


def _hash(settings: Mapping[str, Any]) -> str:
    return sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()


_REMEDY = "delete the folder of the model and make it again with forescale run"
