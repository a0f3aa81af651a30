"""Putting something wrong in valid inputs, and judging what a command makes of it."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import random
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

WRONG: tuple[Any, ...] = (
    True, "2", -1, 1e20, 10**19 - 1, 2.5, [], {}, [[[]]], "", "../x", "os:system", "\x00", "\u202e",
    float("nan"), float("inf"), float("-inf"), -(2**63), "a" * 5000, {"a": {"b": {"c": 1}}},
)  # fmt: skip
NUMBERS = ("nan", "inf", "-1", "1e400", "0", "x", "", "1e20", "-1e308", "9" * 400, "٣", "1_0")


@dataclass
class Told:
    """What became of one input."""

    kind: str
    code: int | str
    faults: list[str] = field(default_factory=list)


def call(arguments: list[str]) -> tuple[int | str, str, str]:
    """Run a command in this process: exit code (or the exception's name), output, errors."""
    from forescale.cli.main import main

    out, err = io.StringIO(), io.StringIO()
    before = sys.argv
    sys.argv = ["forescale", *arguments]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main()
        code: int | str = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0
    except BaseException as error:
        code = f"{type(error).__name__}: {error}"[:150]
        err.write(traceback.format_exc())
    finally:
        sys.argv = before
    return code, out.getvalue(), err.getvalue()


def judged(kind: str, arguments: list[str], kept: Callable[[], Any], must: int | None) -> Told:
    """Run a command and name its faults; ``must``: the exit code of what is certainly wrong."""
    was = kept()
    code, out, err = call(arguments)
    told = Told(kind, code)
    if isinstance(code, str) or "Traceback" in err:
        told.faults.append(f"traceback: {code}")
    if must is not None and code == 0:
        told.faults.append("silent")
    if any(word in out for word in ("NaN", "Infinity")):
        told.faults.append("NaN")
    if kept() != was:
        told.faults.append("lost work")
    if isinstance(code, int) and code == 2 and len(err.splitlines()) > 60:
        told.faults.append("not a line")
    return told


def hashes(*paths: Path) -> Callable[[], dict[str, str]]:
    """The state of files that no command may change."""
    return lambda: {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths if path.is_file()
    }


def leaves(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Places of all values in a nested table."""
    if place:
        yield place
    items = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, inner in items:
        yield from leaves(inner, (*place, key))


def changed(table: dict[str, Any], place: tuple[Any, ...], new: Any) -> dict[str, Any]:
    """A copy with another value at a place."""
    copy: Any = json.loads(json.dumps(table))
    inner = copy
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = new
    return dict(copy)


def of_another_type(old: Any, new: Any) -> bool:
    """Whether a value is certainly wrong in the place of another."""
    number = (int, float)
    if isinstance(old, bool) or isinstance(new, bool):
        return isinstance(old, bool) != isinstance(new, bool)
    if isinstance(old, number) and isinstance(new, number):
        return not np.isfinite(new) or (isinstance(old, int) and isinstance(new, float))
    return not isinstance(new, type(old))


def mutated(rng: random.Random, text: bytes) -> bytes:
    """Bytes with something cut, doubled, flipped or put in between."""
    data = bytearray(text)
    for _ in range(rng.randint(1, 3)):
        start = rng.randrange(len(data) + 1)
        end = min(len(data), start + rng.randint(1, 30))
        what = rng.randrange(5)
        if what == 0:
            del data[start:end]
        elif what == 1:
            data[start:start] = data[start:end]
        elif what == 2 and data:
            data[min(start, len(data) - 1)] ^= 1 << rng.randrange(8)
        elif what == 3:
            data[start:start] = rng.choice([b"\x00", b"\xff\xfe", b"[" * 400, b"=1+1", b'"', b"\r"])
        else:
            data = data[: start + 1]
    return bytes(data)


def damage(rng: random.Random, path: Path) -> None:
    """Bytes that are certainly not those that were there."""
    before = path.read_bytes()
    while path.read_bytes() == before:
        path.write_bytes(mutated(rng, before)[: rng.randint(1, len(before))])


def edit_json(rng: random.Random, path: Path, *, hashed: bool) -> None:
    """One value of a JSON file replaced, with the file's own hash made anew."""
    content = json.loads(path.read_text())
    places = [place for place in leaves(content) if place[0] not in ("sha256", "format")]
    content = changed(content, rng.choice(places), rng.choice(WRONG))
    if hashed:
        content.pop("sha256", None)
        text = json.dumps(content, sort_keys=True).encode()
        content["sha256"] = hashlib.sha256(text).hexdigest()
    path.write_text(json.dumps(content))
