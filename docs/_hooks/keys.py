"""Tables of the keys of files: ``::keys package.module:Model`` in a page becomes one.

Keys, what is optional and its default come from the pydantic model that reads the file, what a
key means from the model's docstring, so that the page cannot say anything else than the program.
"""

from __future__ import annotations

import enum
import importlib
import inspect
import re
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from forescale.splits import SplitRule

_MARK = re.compile(r"^::keys ([\w.]+):(\w+)$", re.MULTILINE)
_ITEM = re.compile(r"^(\w+(?:, \w+)*)$")


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Put a table in the place of each mark."""
    return _MARK.sub(lambda found: table(_model(found[1], found[2])), markdown)


def table(model: type[BaseModel]) -> str:
    """The keys of a model as Markdown."""
    said = meanings(model)
    rows = [
        f"| `{field.alias or name}` | {_default(field)} | {said.get(name, '')} |"
        for name, field in model.model_fields.items()
        if not field.exclude
    ]
    return "\n".join(["| key | default | what it says |", "| --- | --- | --- |", *rows])


def meanings(model: type[BaseModel]) -> dict[str, str]:
    """What the docstrings of a model and of those it builds on say of each key."""
    said: dict[str, str] = {}
    for base in reversed(model.__mro__):
        names: list[str] = []
        text: list[str] = []
        told = inspect.cleandoc(base.__doc__ or "") if issubclass(base, BaseModel) else ""
        for line in told.splitlines():
            if found := _ITEM.match(line):
                names, text = found[1].split(", "), []
            elif names and line.startswith("    "):
                text.append(line.strip())
                words = " ".join(text).replace("|", "\\|").replace("``", "`")
                said |= dict.fromkeys(names, words)
            elif line.strip():
                names = []
    return said


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "**required**"
    value = field.get_default(call_default_factory=True, validated_data={})
    return "–" if value is PydanticUndefined or value is None else f"`{_plain(value)}`"


def _plain(value: Any) -> str:
    if isinstance(value, BaseModel):
        given = value.model_dump(mode="json", by_alias=True, exclude_none=True)
        if len(given) > 2:  # it has a table of its own
            return "{}"
        return "{" + ", ".join(f"{key} = {_plain(one)}" for key, one in given.items()) + "}"
    if isinstance(value, tuple | list):
        return "[" + ", ".join(map(_plain, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | enum.Enum):
        return f'"{value}"'
    return f'"{value}"' if isinstance(value, SplitRule) else str(value)


def _model(module: str, name: str) -> type[BaseModel]:
    found = getattr(importlib.import_module(module), name)
    assert issubclass(found, BaseModel), f"{module}:{name} reads no file"
    return found
