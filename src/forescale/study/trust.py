"""Whose code a study file may name."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from forescale._machine.plugins import Trust
from forescale.descriptors.registry import check_name
from forescale.learners.registry import LEARNERS
from forescale.study.config import Study, read_study

_MADE_HERE = ("manifest.json", "model.json", "errors")


def load_study(path: str | Path, *, trust: Collection[str] = ()) -> Study:
    """Read and check a study file.

    Parameters
    ----------
    trust
        Learners and descriptors of the form ``module:Class`` that a file in a run folder, which
        may have come from anybody, may name. A file of the user's own may name any.

    Raises
    ------
    ConfigError
        One line per wrong key: the key, what was got, what is allowed.
    """
    path = Path(path)
    study = read_study(path)
    check_names(study, trust if is_received(path) else None)
    return study


def is_received(path: Path) -> bool:
    """Whether a study file lies in a run folder: it may have come from anybody then."""
    return any((path.parent / name).exists() for name in _MADE_HERE)


def check_names(study: Study, trust: Trust) -> None:
    """Refuse a learner or a descriptor of neither ours, nor announced, nor trusted.

    Nothing is imported.

    Raises
    ------
    ConfigError
        If there is one; it says how to consent.
    """
    LEARNERS.resolve(study.learner.name, trust=trust)
    if study.descriptor.file is None:
        for name in (study.descriptor.name, study.descriptor.solvent):
            if name is not None:
                check_name(name, trust=trust)
