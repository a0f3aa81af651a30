"""The files of a catalog entry on this machine: mirror, cache or download, checked by hash."""

from __future__ import annotations

import hashlib
import os
from importlib.util import find_spec
from pathlib import Path

from forescale._machine.paths import cache_folder
from forescale.catalog.entry import CatalogEntry, PackageFile, RemoteFile
from forescale.errors import ForescaleError, IntegrityError, MissingDependencyError


def locate(entry: CatalogEntry) -> tuple[Path, ...]:
    """Paths of an entry's files, in its order; downloads each once if need be.

    With ``FORESCALE_MIRROR`` set to a folder laid out as ``OWNER/REPO/COMMIT/PATH``, files
    are read there and nothing is downloaded.

    Raises
    ------
    IntegrityError
        If a file's hash is not the entry's.
    ForescaleError
        If a file cannot be had.
    """
    if entry.package is not None:
        return (_in_package(entry.package),)
    return tuple(_checked(entry.name, file) for file in entry.remote_files)


def here(entry: CatalogEntry) -> tuple[Path, ...] | None:
    """Paths of an entry's files if all are on this machine; None where some have to be fetched.

    Nothing is downloaded, and hashes are not checked.
    """
    if entry.package is not None:
        return (_in_package(entry.package),)
    mirror = os.environ.get("FORESCALE_MIRROR")
    found = tuple(
        Path(mirror) / file.repository / file.commit / file.path
        if mirror
        else cache_folder() / "datasets" / entry.name / file.path
        for file in entry.remote_files
    )
    return found if all(path.is_file() for path in found) else None


def locate_lookup(entry: CatalogEntry) -> Path | None:
    """Path of the file that an entry looks its materials up in, if it has one."""
    pair = entry.columns.pair
    if pair is None or pair.lookup is None:
        return None
    return _checked(entry.name, pair.lookup.file)


def _checked(dataset: str, file: RemoteFile) -> Path:
    mirror = os.environ.get("FORESCALE_MIRROR")
    path = _in_mirror(Path(mirror), file) if mirror else _download(dataset, file)
    digest = sha256_of(path)
    if digest != file.sha256:
        raise IntegrityError(
            f"{path}: got sha256 {digest}, expected {file.sha256} for dataset "
            f"{dataset!r}; the file is damaged or not the one of the catalog, delete it"
        )
    return path


def sha256_of(path: Path) -> str:
    """Hash of a file's bytes, in hexadecimal."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _in_package(package: PackageFile) -> Path:
    spec = find_spec(package.name)
    if spec is None or not spec.submodule_search_locations:
        raise MissingDependencyError(
            f"the package {package.name} is not installed; pip install {package.name}"
        )
    path = Path(spec.submodule_search_locations[0]) / package.path
    if not path.is_file():
        raise ForescaleError(
            f"the installed {package.name} has no {package.path}; another version of it may"
        )
    return path


def _in_mirror(mirror: Path, file: RemoteFile) -> Path:
    path = mirror / file.repository / file.commit / file.path
    if not path.is_file():
        raise ForescaleError(
            f"{path}: not in the mirror; unset FORESCALE_MIRROR to download {file.url}"
        )
    return path


def _download(dataset: str, file: RemoteFile) -> Path:
    import pooch

    folder = cache_folder() / "datasets" / dataset
    pooch.get_logger().setLevel("WARNING")
    fetcher = pooch.create(
        path=folder,
        base_url="",
        registry={file.path: f"sha256:{file.sha256}"},
        urls={file.path: file.url},
        retry_if_failed=2,
    )
    try:
        return Path(fetcher.fetch(file.path))
    except ValueError as error:  # what pooch raises for a wrong hash
        raise IntegrityError(f"dataset {dataset!r} from {file.url}: {error}") from None
    except OSError as error:
        raise ForescaleError(
            f"dataset {dataset!r} cannot be downloaded from {file.url} ({_reason(error)}); "
            "check the network, or set FORESCALE_MIRROR to a folder that has the file as "
            f"{file.repository}/{file.commit}/{file.path}"
        ) from None


def _reason(error: BaseException) -> str:
    """Why there was no answer, in a few words: the innermost reason of a chain."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 120 else f"{text[:119]}…"
