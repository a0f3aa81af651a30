"""Featurising in parallel, with every finished chunk kept on disk.

The cache is a folder per descriptor and version, holding Parquet parts of (key, row). A
part is written under a temporary name and renamed, so an interrupted run leaves whole
parts only; unreadable parts are computed again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from forescale._machine.executors import Workers, run_jobs
from forescale._machine.files import replace_file
from forescale._machine.paths import cache_folder
from forescale._machine.progress import progress
from forescale.descriptors.contract import Descriptor, Features
from forescale.errors import DataError
from forescale.materials import KEY_VERSION

_CHUNK = 250
_QUICK_CHUNK = 2_000
_SHOWN = 5
_MIN_PARALLEL = 500  # starting workers costs about two seconds


def featurize(
    descriptor: Descriptor,
    keys: Sequence[str],
    *,
    workers: Workers = 1,
    cache: Path | None = None,
    show_progress: bool = True,
) -> Features:
    """Features of materials, from the cache where it has them.

    Parameters
    ----------
    descriptor
        What to compute.
    keys
        Canonical keys, one row of the result each.
    workers
        Processes to use; the numbers do not depend on it.
    cache
        Folder of the cache; by default the user's cache folder.
    """
    if getattr(descriptor, "quick", False):
        return _at_once(descriptor, keys)
    folder = _folder(descriptor, cache or cache_folder() / "descriptors")
    known = _load(folder, len(descriptor.columns), set(keys))
    missing = [key for key in dict.fromkeys(keys) if key not in known]
    chunks = [missing[start : start + _CHUNK] for start in range(0, len(missing), _CHUNK)]
    title = f"Featurising ({descriptor.name})"
    with progress(title, len(missing), shown=show_progress and bool(missing)) as advance:
        for chunk, rows in _compute(
            descriptor, chunks, workers if len(missing) > _MIN_PARALLEL else 1
        ):
            known.update(zip(chunk, rows, strict=True))
            _save(folder, chunk, rows)
            advance(len(chunk))
    return _finished(descriptor, keys, np.stack([known[key] for key in keys]))


def _finished(descriptor: Descriptor, keys: Sequence[str], values: NDArray[np.float32]) -> Features:
    _refuse_undescribed(descriptor, keys, values)
    return Features.finite(values, descriptor.columns)


def _refuse_undescribed(
    descriptor: Descriptor, keys: Sequence[str], values: NDArray[np.float32]
) -> None:
    """Dropping columns does not help a material that has none: name it."""
    empty = ~np.isfinite(values).any(axis=1)
    if empty.any():
        undescribed = list(dict.fromkeys(np.asarray(keys, dtype=object)[empty]))
        shown = ", ".join(undescribed[:_SHOWN]) + (", …" if len(undescribed) > _SHOWN else "")
        raise DataError(
            f"descriptor {descriptor.name!r} does not describe {len(undescribed)} of the "
            f"{len(set(keys))} materials: {shown}; leave them out, or use another descriptor"
        )


def _at_once(descriptor: Descriptor, keys: Sequence[str]) -> Features:
    """Without the cache, which would be slower to read than the features are to compute."""
    values = np.empty((len(keys), len(descriptor.columns)), dtype=np.float32)
    for start in range(0, len(keys), _QUICK_CHUNK):
        values[start : start + _QUICK_CHUNK] = descriptor.rows(keys[start : start + _QUICK_CHUNK])
    return _finished(descriptor, keys, values)


def compute(
    descriptor: Descriptor, keys: Sequence[str], workers: Workers = 1
) -> NDArray[np.float32]:
    """Features of materials without the cache, shape (keys, all columns); NaN where undefined."""
    chunks = [list(keys[start : start + _CHUNK]) for start in range(0, len(keys), _CHUNK)]
    out = np.empty((len(keys), len(descriptor.columns)), dtype=np.float32)
    place = {id(chunk): number * _CHUNK for number, chunk in enumerate(chunks)}
    for chunk, rows in _compute(descriptor, chunks, workers if len(keys) > _MIN_PARALLEL else 1):
        start = place[id(chunk)]
        out[start : start + len(chunk)] = rows
    return out


def _compute(
    descriptor: Descriptor, chunks: list[list[str]], workers: Workers
) -> Iterable[tuple[list[str], NDArray[np.float32]]]:
    jobs = {place: (chunk,) for place, chunk in enumerate(chunks)}
    for place, rows in run_jobs(descriptor.rows, jobs, workers, "blocks of materials"):
        yield chunks[place], rows


def _folder(descriptor: Descriptor, cache: Path) -> Path:
    layout = "\n".join(
        [f"{KEY_VERSION} {descriptor.version}", *(column.name for column in descriptor.columns)]
    )
    return cache / f"{descriptor.name}-{hashlib.sha256(layout.encode()).hexdigest()[:12]}"


def _load(folder: Path, width: int, wanted: set[str]) -> dict[str, NDArray[np.float32]]:
    known: dict[str, NDArray[np.float32]] = {}
    parts: list[Path] = []
    with suppress(OSError):
        parts = sorted(folder.glob("*.parquet"))
    for part in parts:
        with suppress(OSError, pa.ArrowException, KeyError, ValueError):
            keys = pq.read_table(part, columns=["key"])["key"].to_pylist()
            places = [index for index, key in enumerate(keys) if key in wanted]
            if not places:
                continue
            raw = pq.read_table(part, columns=["row"])["row"].take(places).to_pylist()
            rows = np.frombuffer(b"".join(raw), dtype="<f4").reshape(len(places), width)
            known.update((keys[place], row) for place, row in zip(places, rows, strict=True))
    return known


def _save(folder: Path, keys: list[str], rows: NDArray[np.float32]) -> None:
    """Keep a chunk; a cache that cannot be written costs time, not the run."""
    raw = np.ascontiguousarray(rows, dtype="<f4")
    table = pa.table(
        {
            "key": pa.array(keys, pa.string()),
            "row": pa.array([row.tobytes() for row in raw], pa.binary(4 * raw.shape[1])),
        }
    )
    name = hashlib.sha256("\n".join(keys).encode()).hexdigest()[:16]
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        with replace_file(folder / f"{name}.parquet") as temporary:
            pq.write_table(table, temporary, compression="zstd")
