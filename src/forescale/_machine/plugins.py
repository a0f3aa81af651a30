"""Objects from elsewhere: the one loader of learners, descriptors, engines and generators.

What may be loaded, and when:

- by a bare name: our own, and what installed packages announce by an entry point;
- as ``module:Class``, or ``file.py:Class`` where a kind allows it: only where the user asks
  for it by name, in Python, on the command line or in a file of their own. Anything received
  (a run folder, a model, a manifest) resolves bare names only, unless the user consents to
  that very name (:data:`RECEIVED`).

Before anything of an object is called or given options it is checked to be of its kind: a class
with the methods of the contract. Modules of Python's standard library are not even imported.
``docs/trust.md`` tells users the same.
"""

from __future__ import annotations

import hashlib
import importlib.util
import inspect
import os
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from traceback import extract_tb
from types import ModuleType
from typing import Any, NoReturn, TypeAlias

from pydantic import BaseModel, ValidationError

from forescale._machine.toml import explained
from forescale.errors import ConfigError, ForescaleError, did_you_mean

Trust: TypeAlias = Collection[str] | None
"""Names of the form ``module:Class`` that may be loaded; ``None`` for all: the user asks."""

RECEIVED: Trust = frozenset()
"""The trust in what was received: none of its names of that form is loaded."""


@dataclass(frozen=True)
class PluginKind:
    """What is loaded: a learner, a descriptor, an engine or a generator.

    Parameters
    ----------
    what
        The kind, for messages.
    key
        Key of the user's file that holds the name, for messages.
    group
        Entry-point group by which installed packages announce theirs.
    own
        Our own names, each with its ``module:Object``.
    lacks
        Given the object, what it lacks to be of this kind ("" if nothing). It only looks.
    files
        Whether ``file.py:Object`` may be named, too.
    """

    what: str
    key: str
    group: str
    own: Mapping[str, str]
    lacks: Callable[[Any], str]
    files: bool = False

    def names(self) -> tuple[str, ...]:
        """Our own names, then those that installed packages announce."""
        return (*self.own, *sorted(set(self._announced()) - set(self.own)))

    def _announced(self) -> dict[str, str]:
        return {point.name: point.value for point in entry_points(group=self.group)}

    def resolve(self, name: str, *, trust: Trust = None, folder: Path | None = None) -> str:
        """The full ``origin:object`` form of a name, a file's with its absolute path.

        Parameters
        ----------
        trust
            Which names of that form may be loaded.
        folder
            Folder that files are relative to.

        Raises
        ------
        ConfigError
            If there is nothing of that name, or it is not trusted.
        """
        known = {**self._announced(), **self.own}
        if name in known:
            return known[name]
        origin, separator, attribute = name.rpartition(":")
        form = f"'module:{self._form}'" + (f" or 'file.py:{self._form}'" if self.files else "")
        expected = f"expected one of {', '.join(self.names())}"
        if not separator or not origin or not attribute:
            hint = did_you_mean(name, self.names())
            raise ConfigError(f"{self.key}: got {name!r}, {expected}, or {form} of your own{hint}")
        if trust is not None and name not in trust:
            raise ConfigError(
                f"{self.key}: got {name!r} in something received, {expected}: what is received "
                "loads no code of its author's choosing. If you know that code and want it "
                f"to run, say --trust {name}"
            )
        if not origin.endswith(".py"):
            return name
        if not self.files:
            raise ConfigError(
                f"{self.key}: got {name!r}, {expected}, or {form} of a module that Python can "
                "import: put the file's folder on PYTHONPATH and leave out .py"
            )
        return f"{((folder or Path()) / origin).resolve()}:{attribute}"

    @property
    def _form(self) -> str:
        return "function" if self.what == "generator" else "Class"

    def load(self, spec: str) -> Any:
        """Import the object of a resolved name and check that it is of this kind.

        Raises
        ------
        ConfigError
            If it cannot be imported or is not of this kind. Nothing of it was called.
        """
        found = load_object(self.key, spec)
        lacks = self.lacks(found)
        if lacks:
            raise ConfigError(f"{self.key}: {spec} is no {self.what}: {lacks}")
        return found

    def find(self, name: str, *, trust: Trust = None, folder: Path | None = None) -> Any:
        """Resolve and load."""
        return self.load(self.resolve(name, trust=trust, folder=folder))


def load_object(key: str, spec: str) -> Any:
    """Import the object at ``module:object`` or ``/path/file.py:object``; nothing is called.

    Raises
    ------
    ConfigError
        If it is of the standard library, is not there, or its module fails.
    """
    origin, _, attribute = spec.rpartition(":")
    if origin.partition(".")[0] in {*sys.stdlib_module_names, "__main__"} and not _is_file(origin):
        raise ConfigError(f"{key}: {spec} is of Python's standard library: nothing is loaded")
    try:
        with said(f"{key}: {spec} fails when imported", through=(ImportError,)):
            found: Any = _from_file(Path(origin)) if _is_file(origin) else import_module(origin)
        for part in attribute.split("."):
            found = getattr(found, part)
    except ForescaleError:
        raise
    except (ImportError, AttributeError, ValueError) as error:
        where = "" if _is_file(origin) else ", or put the module's folder on PYTHONPATH"
        raise ConfigError(
            f"{key}: {spec} cannot be imported ({error}); install its package{where}"
        ) from None
    return found


def _is_file(origin: str) -> bool:
    return origin.endswith(".py")


def _from_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise ConfigError(f"{path}: no such file")
    name = f"forescale_file_{path.stem}_{hashlib.sha256(str(path).encode()).hexdigest()[:12]}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def lacks_of_class(found: Any, methods: Mapping[str, int], attributes: Collection[str] = ()) -> str:
    """What an object lacks to be a class with these methods and attributes; it only looks.

    Parameters
    ----------
    methods
        Names of methods, each with the number of arguments it is called with.
    """
    every = _listed([*attributes, *methods])
    if not inspect.isclass(found):
        return f"got a {type(found).__name__}, expected a class with {every}"
    names = [name for name in (*attributes, *methods) if _static(found, name) is None]
    if names:
        return f"expected a class with {_listed(names)}"
    wrong = [name for name, count in methods.items() if not _takes(_static(found, name), count)]
    return f"its {_listed(wrong)} cannot be called as the contract says" if wrong else ""


def _static(found: type, name: str) -> Any:
    """An attribute of a class as it stands there: properties and the like do not run."""
    return inspect.getattr_static(found, name, None)


def _takes(method: Any, count: int) -> bool:
    if isinstance(method, staticmethod | classmethod):
        method, count = method.__func__, count - isinstance(method, staticmethod)
    if not callable(method):
        return False
    try:
        inspect.signature(method).bind(*[None] * (count + 1))
    except (TypeError, ValueError):  # ValueError: built in C, its arguments cannot be told
        return False
    return True


def _listed(names: list[str]) -> str:
    return ", ".join(repr(name) for name in names)


def build(key: str, made: Any, options: Mapping[str, Any]) -> Any:
    """Call a class that was checked with options, after naming those it does not have.

    A class with a pydantic model ``Options`` gets one; any other gets keyword arguments.

    Raises
    ------
    ConfigError
        If an option is unknown, missing or refused.
    """
    model = getattr(made, "Options", None)
    with said(f"{key}: got {dict(options)}"):
        if isinstance(model, type) and issubclass(model, BaseModel):
            return made(_validated(key, model, options))
        _check_names(key, made, options)
        return made(**options)


def _validated(key: str, model: type[BaseModel], options: Mapping[str, Any]) -> BaseModel:
    try:
        return model(**options)
    except ValidationError as error:
        raise ConfigError("; ".join(explained(error, model, root=key))) from None


def _check_names(key: str, made: Any, options: Mapping[str, Any]) -> None:
    try:
        parameters = inspect.signature(made).parameters.values()
    except (TypeError, ValueError):  # built in C: the call itself will tell
        return
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    named = {p.name: p for p in parameters if p.kind not in variadic}
    if any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters):
        return
    allowed = ", ".join(named) or "no option"
    for option, value in options.items():
        if option not in named:
            hint = did_you_mean(option, named)
            raise ConfigError(f"{key}.{option}: got {value!r}; expected one of {allowed}{hint}")
    for name, parameter in named.items():
        if parameter.default is inspect.Parameter.empty and name not in options:
            raise ConfigError(f"{key}.{name}: is required")


@contextmanager
def said(what: str, *, through: tuple[type[BaseException], ...] = ()) -> Iterator[None]:
    """Turn whatever somebody's code raises, ``exit`` included, into one line with its place.

    Errors of ours, and those named in ``through``, pass as they are. ``os._exit`` counts as
    ``exit`` meanwhile.
    """
    try:
        with _no_forced_end():
            yield
    except (Exception, SystemExit) as error:
        if isinstance(error, (ForescaleError, *through)):
            raise
        raise ConfigError(f"{what}: {told(error)}") from error


@contextmanager
def _no_forced_end() -> Iterator[None]:
    """Let ``os._exit`` of this process, not of its forks, be an exit that can be told."""
    forced, here = os._exit, os.getpid()

    def held(status: int) -> NoReturn:
        if os.getpid() != here:
            forced(status)
        raise SystemExit(status)

    vars(os)["_exit"] = held
    try:
        yield
    finally:
        vars(os)["_exit"] = forced


def told(error: BaseException) -> str:
    """One line that tells an error of somebody's code: its type, its words, its place.

    >>> told(ValueError("no such tree"))
    'ValueError: no such tree'
    """
    words = " ".join(str(error).split())
    text = f"{type(error).__name__}: {words}" if words else type(error).__name__
    text = text if len(text) <= 300 else text[:299] + "…"
    if isinstance(error, SystemExit):
        text = f"it calls exit({error.code!r})"
    if isinstance(error, SyntaxError):  # tells its place itself
        return text
    ours = ("_sitebuiltins", __file__)
    every = extract_tb(error.__traceback__)
    frames = [frame for frame in every if not any(name in frame.filename for name in ours)]
    place = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    return text + place
