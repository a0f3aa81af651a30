"""TOML files as validated objects: one reader, and one way to say what is wrong with them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeAlias, TypeVar, get_args

from pydantic import AllowInfNan, BaseModel, Strict, Tag, ValidationError

from forescale.errors import ConfigError, did_you_mean

M = TypeVar("M", bound=BaseModel)

LARGEST = 2**63 - 1
Int: TypeAlias = Annotated[int, Strict()]
"""A whole number: no boolean, no text, no 2.0. Fields say their bounds."""
Float: TypeAlias = Annotated[float, Strict(), AllowInfNan(False)]
"""A finite number: no boolean, no text."""
Flag: TypeAlias = Annotated[bool, Strict()]
"""true or false: no number, no text."""

Words: TypeAlias = Mapping[tuple[str, str], str]
"""What is expected, by pydantic's name of the error and the key (or "" for any key)."""

_MOST_BYTES = 2**20
_DEEPEST = 16
_LONGEST_TEXT = 4_000
_SHOWN = 20
_EXPECTED = {
    "missing": "is required",
    "int_type": "expected an integer",
    "int_from_float": "expected an integer",
    "float_type": "expected a number",
    "finite_number": "expected a finite number",
    "bool_type": "expected true or false",
    "string_type": "expected text",
    "path_type": "expected text: a path",
    "tuple_type": "expected a list",
    "list_type": "expected a list",
    "dict_type": "expected a table",
    "model_type": "expected a table",
    "model_attributes_type": "expected a table",
    "too_short": "expected at least one item",
}


def read_toml(path: Path, what: str) -> dict[str, Any]:
    """The raw contents of a TOML file, within the bounds of what a person writes.

    Parameters
    ----------
    what
        What the file is, for messages: ``"study file"``.

    Raises
    ------
    ConfigError
        If there is none, it cannot be read, or something in it is beyond all bounds.
    """
    try:
        if not path.is_file():
            raise ConfigError(f"{path}: no such {what}")
        size = path.stat().st_size
        if size > _MOST_BYTES:
            raise ConfigError(f"{path}: got {size:,} bytes, expected at most {_MOST_BYTES:,}")
        raw = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror or error})") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: not text in UTF-8 ({error.reason})") from None
    except RecursionError:
        raise ConfigError(f"{path}: nested too deep, expected at most {_DEEPEST} levels") from None
    except ValueError as error:  # TOML's own, and numbers of thousands of digits
        raise ConfigError(f"{path}: not valid TOML: {error}") from None
    wrong = [f"  {line}" for line in _beyond_bounds(raw)]
    if wrong:
        raise ConfigError("\n".join([_title(path, len(wrong)), *wrong[:_SHOWN]]))
    return raw


def validated(
    model: type[M],
    raw: Mapping[str, Any],
    path: Path,
    *,
    words: Words | None = None,
    context: Any = None,
) -> M:
    """The object that raw contents describe.

    Raises
    ------
    ConfigError
        One line per wrong key: the key, what was got, what is allowed.
    """
    try:
        return model.model_validate(raw, context=context)
    except ValidationError as error:
        lines = [f"  {line}" for line in explained(error, model, words=words)]
        raise ConfigError("\n".join([_title(path, len(lines)), *lines[:_SHOWN]])) from None


def explained(
    error: ValidationError,
    model: type[BaseModel],
    *,
    root: str = "",
    words: Words | None = None,
) -> list[str]:
    """One line for every wrong key: the key, what was got, what is allowed.

    Parameters
    ----------
    root
        Key that the model's own keys are under, in the user's file.
    words
        What is expected, where pydantic's own words do not say it to a user.
    """
    told = words or {}
    lines = []
    for one in error.errors():
        if one["type"] == "too_short" and one["input"]:
            continue  # pydantic repeats so that an item, named already, is wrong
        unknown = one["type"] == "extra_forbidden"
        parts, allowed = _place(model, one["loc"], unknown)
        key = ".".join([root, *parts] if root else parts) or model.__name__.lower()
        got = "" if one["type"] == "missing" else f"got {short(one['input'])}; "
        expected = told.get((one["type"], ".".join(parts))) or told.get((one["type"], ""))
        expected = expected or _EXPECTED.get(one["type"]) or _said(one["msg"])
        if unknown:
            expected = f"expected one of {', '.join(allowed) or 'none'}"
            expected += did_you_mean(parts[-1], allowed)
            expected = expected if root else f"there is no such key, {expected}"
        lines.append(f"{key}: {got}{expected}")
    return lines


def _said(message: str) -> str:
    message = message.removeprefix("Value error, ").replace("Input should be", "expected")
    return message[:1].lower() + message[1:]


def short(value: Any) -> str:
    """A value in at most 80 characters."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # integers of thousands of digits, for one
        text = f"a {type(value).__name__} too long to show"
    return text if len(text) <= 80 else text[:77] + "…"


def _place(
    model: type[BaseModel], location: tuple[int | str, ...], unknown: bool
) -> tuple[list[str], list[str]]:
    """The keys that lead to an error, without the branches of unions that pydantic names too.

    Also the keys that are allowed beside the last one, where it is unknown.
    """
    models, parts = [model], list[str]()
    branches: list[tuple[str, type[BaseModel]]] = []
    for place, part in enumerate(location):
        new = unknown and place == len(location) - 1
        fields = [
            field
            for inner in models
            for name, field in inner.model_fields.items()
            if part in (name, field.alias) and not new
        ]
        if isinstance(part, int) or fields or new:
            parts.append(str(part))
        if fields:
            branches = [pair for field in fields for pair in _models(field.annotation)]
            models = [inner for _, inner in branches]
        elif not new:
            models = [inner for tag, inner in branches if part in (tag, inner.__name__)] or models
    allowed = [
        field.alias or name
        for inner in models
        for name, field in inner.model_fields.items()
        if not field.exclude
    ]
    return parts, list(dict.fromkeys(allowed))


def _models(annotation: Any, tag: str = "") -> Iterator[tuple[str, type[BaseModel]]]:
    """Models that an annotation holds, however deep, each with its tag in a union."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield tag, annotation
    inner = get_args(annotation)
    tags = [one.tag for one in inner if isinstance(one, Tag)]
    for one in inner:
        yield from _models(one, tags[0] if tags else tag)


def _beyond_bounds(raw: Mapping[str, Any]) -> Iterator[str]:
    waiting: list[tuple[tuple[str, ...], Any]] = [((), raw)]
    while waiting:
        place, value = waiting.pop()
        key = ".".join(place)
        if len(place) > _DEEPEST:
            yield f"{key[:80]}: nested too deep, expected at most {_DEEPEST} levels"
        elif isinstance(value, dict):
            waiting += [((*place, name), inner) for name, inner in reversed(value.items())]
        elif isinstance(value, list):
            waiting += [((*place, str(i)), inner) for i, inner in reversed([*enumerate(value)])]
        elif isinstance(value, int) and abs(value) > LARGEST:
            yield f"{key}: got an integer beyond 64 bits, {short(value)}"
        elif isinstance(value, str) and len(value) > _LONGEST_TEXT:
            yield f"{key}: got {len(value):,} characters, expected at most {_LONGEST_TEXT:,}"
        elif isinstance(value, str) and "\0" in value:
            yield f"{key}: got {short(value)}, which holds a NUL character"


def _title(path: Path, wrong: int) -> str:
    return f"{path}: {wrong} wrong key{'s' if wrong > 1 else ''}"
