"""One tree of errors: each says what was got, what was expected and what to do.

The command line turns any of them into one message and an exit code; a traceback
means a defect of forescale itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class ForescaleError(Exception):
    """Base of every error raised on purpose. The work failed (exit code 1)."""

    exit_code = 1


class RequestError(ForescaleError):
    """What was asked for cannot be done as asked (exit code 2)."""

    exit_code = 2


class ConfigError(RequestError):
    """A study, campaign or command-line option is invalid."""


class DataError(RequestError):
    """A table or a row of it is unusable; the message names file, row and reason."""


class MaterialError(RequestError, ValueError):
    """A string does not describe a material of the kind expected."""


class LawError(RequestError, ValueError):
    """Learning-curve points from which no law can be fitted."""


class RunFolderError(RequestError):
    """A run folder belongs to another study, is damaged or cannot be written."""


class ModelError(RequestError):
    """A saved model is absent, damaged, or of other versions than those installed."""


class EngineError(ForescaleError):
    """An engine cannot be started, or its results cannot be stored."""


class IntegrityError(ForescaleError):
    """A downloaded or cached file is not the one its hash names."""


class MissingDependencyError(ForescaleError, ImportError):
    """An optional package or program is needed; the message says how to install it."""


def did_you_mean(got: str, known: Iterable[str]) -> str:
    """Return a question that names what is closest to what was got; nothing where none is.

    >>> did_you_mean("refractive-indx-measured", ["refractive-index-measured", "chi-measured"])
    "; did you mean 'refractive-index-measured'?"
    >>> did_you_mean("density", ["chi"])
    ''
    """
    names = {name.lower(): name for name in known}
    plain = got.strip().lower()
    close = get_close_matches(plain, names, n=1, cutoff=0.6)
    close = close or [name for name in names if plain and (plain in name or name in plain)][:1]
    return f"; did you mean {names[close[0]]!r}?" if close else ""
