"""The file of a catalog entry on this machine: mirror, cache or download, checked by hash."""

from __future__ import annotations

import hashlib
import os
from importlib.util import find_spec
from pathlib import Path

from forescale._paths import cache_folder
from forescale.catalog.entry import CatalogEntry, PackageFile, RemoteFile
from forescale.errors import ForescaleError, IntegrityError, MissingDependencyError


def locate(entry: CatalogEntry) -> Path:
    """Path of an entry's file; downloads it once if need be.

    With ``FORESCALE_MIRROR`` set to a folder laid out as ``OWNER/REPO/COMMIT/PATH``, files
    are read there and nothing is downloaded.

    Raises
    ------
    IntegrityError
        If the file's hash is not the entry's.
    ForescaleError
        If the file cannot be had.
    """
    if entry.package is not None:
        return _in_package(entry.package)
    assert entry.file is not None
    mirror = os.environ.get("FORESCALE_MIRROR")
    path = _in_mirror(Path(mirror), entry.file) if mirror else _download(entry)
    digest = sha256_of(path)
    if digest != entry.file.sha256:
        raise IntegrityError(
            f"{path}: got sha256 {digest}, expected {entry.file.sha256} for dataset "
            f"{entry.name!r}; the file is damaged or not the one of the catalog, delete it"
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


def _download(entry: CatalogEntry) -> Path:
    import pooch

    assert entry.file is not None
    folder = cache_folder() / "datasets" / entry.name
    pooch.get_logger().setLevel("WARNING")
    fetcher = pooch.create(
        path=folder,
        base_url="",
        registry={entry.file.path: f"sha256:{entry.file.sha256}"},
        urls={entry.file.path: entry.file.url},
        retry_if_failed=2,
    )
    try:
        return Path(fetcher.fetch(entry.file.path))
    except ValueError as error:  # what pooch raises for a wrong hash
        raise IntegrityError(f"dataset {entry.name!r} from {entry.file.url}: {error}") from None
    except OSError as error:
        raise ForescaleError(
            f"dataset {entry.name!r} cannot be downloaded from {entry.file.url} ({error}); "
            "check the network, or set FORESCALE_MIRROR to a folder that has the file as "
            f"{entry.file.repository}/{entry.file.commit}/{entry.file.path}"
        ) from None
